"""Asks scenes for the scenes of an approved storyboard when their event has not come; locking twice is harmless."""

from uuid import UUID

from adreel_kit.db import Database
from adreel_kit.errors import AppError, ErrorKind
from adreel_kit.ids import new_id
from adreel_kit.logging import get_logger

from adreel_jobs.domain.job_parts import ErrorInfo
from adreel_jobs.domain.ports import ScenesPort, Stores
from adreel_jobs.domain.status import JobStatus, Step
from adreel_jobs.usecases.commit_job import JobCommitter

log = get_logger(__name__)

_PASSING = frozenset({ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT, ErrorKind.EXHAUSTED, ErrorKind.INTERNAL})


class LockFetcher:
    """Moves a job that is `in_progress` on to rendering with the scenes that the lock returns."""

    def __init__(self, database: Database, stores: Stores, committer: JobCommitter, scenes: ScenesPort) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._scenes = scenes

    async def try_to_fetch(self, job_id: UUID) -> None:
        """Try once. A neighbour that is away is left to the watchdog, a refusal fails the job with its reason."""
        async with self._database.connection() as conn:
            job = await self._stores.jobs.load(conn, job_id)
        if job is None or job.status is not JobStatus.IN_PROGRESS:
            return
        try:
            locked = await self._scenes.lock(job_id, job.storyboard.version)
        except AppError as error:
            log.warning("lock.not_fetched", job_id=str(job_id), code=error.code)
            if error.kind not in _PASSING:
                facts = error.facts()
                await self._give_up(job_id, ErrorInfo(facts.code, facts.message, facts.details, facts.kind.value))
            return
        async with self._database.transaction() as conn:
            job = await self._stores.jobs.load(conn, job_id, for_update=True)
            if job is not None and job.storyboard_locked(locked.version, locked.scenes, new_id()):
                await self._committer.commit(conn, job)

    async def _give_up(self, job_id: UUID, error: ErrorInfo) -> None:
        async with self._database.transaction() as conn:
            job = await self._stores.jobs.load(conn, job_id, for_update=True)
            if job is not None and job.give_up(Step.LOCK, error, "storyboard not locked"):
                await self._committer.commit(conn, job)
