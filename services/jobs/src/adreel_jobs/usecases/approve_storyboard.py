"""Approves a storyboard: claims the approval, has scenes lock the version, then moves the job on.

The claim is a short lease on the job, so of two approvals at once one is refused before anything happens. Between the
lock and the move this process may die: the event `storyboard.locked` then counts as the approval, and if that event
comes first, the caller who holds the claim is told of success all the same.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from adreel_kit.db import Database

from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import LockedStoryboard, ScenesPort, Stores
from adreel_jobs.domain.status import JobStatus
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.price_film import FilmPricer
from adreel_jobs.usecases.request_keys import token_of
from adreel_jobs.usecases.reserve_spend import SpendGuard
from adreel_jobs.usecases.scope import visible_job

# Longer than locking may take, short enough that a claim left by a crash is no nuisance.
_CLAIM = timedelta(seconds=15)

_APPROVED = frozenset({JobStatus.IN_PROGRESS, JobStatus.RENDERING, JobStatus.COMPLETED, JobStatus.FAILED})


@dataclass(frozen=True, slots=True)
class ApproveStoryboard:
    """The command; version zero is the latest."""

    job_id: str
    storyboard_version: int
    scope: str
    request_key: str = ""


class StoryboardApprover:
    """Runs ApproveStoryboard; returns the id of the job."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        committer: JobCommitter,
        scenes: ScenesPort,
        pricer: FilmPricer,
        spend: SpendGuard,
    ) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._scenes = scenes
        self._pricer = pricer
        self._spend = spend

    async def run(self, command: ApproveStoryboard) -> UUID:
        """Raises ActionNotAllowed, StoryboardVersionStale, SpendingCapReached, Unavailable."""
        token = token_of(command.request_key)
        job = await self._claim(command, token)
        if job.status in _APPROVED:
            return job.id
        try:
            locked = await self._scenes.lock(job.id, command.storyboard_version)
        except Exception:
            await self._release(job.id, token)
            raise
        await self._settle(job.id, token, locked, command.request_key)
        return job.id

    async def _claim(self, command: ApproveStoryboard, token: UUID) -> Job:
        async with self._database.connection() as conn:
            job = await visible_job(conn, self._stores, command.job_id, command.scope)
            is_repeated = await self._stores.jobs.holds_approval(conn, job.id, token)
        if is_repeated:
            # Whoever made this request first died on the way: before the lock it goes on here, after it the event of
            # the lock has approved.
            if job.status in _APPROVED:
                return job
            job.is_being_approved = False
        job.require_approvable(command.storyboard_version)
        # Only a cap needs to know the price beforehand.
        price = await self._pricer.price(job) if self._spend.has_caps else None
        async with self._database.transaction() as conn:
            job = await visible_job(conn, self._stores, command.job_id, command.scope, for_update=True)
            job.is_being_approved = job.is_being_approved and not is_repeated
            job.require_approvable(command.storyboard_version)
            if price is not None:
                await self._spend.reserve(conn, job, price.open_micros)
            await self._stores.jobs.claim_approval(conn, job.id, token, _CLAIM)
        return job

    async def _release(self, job_id: UUID, token: UUID) -> None:
        async with self._database.transaction() as conn:
            job = await self._stores.jobs.load(conn, job_id, for_update=True)
            await self._stores.jobs.release_approval(conn, job_id, token)
            # A lock whose answer was lost may have been made: then its event has approved, and the money stays aside.
            if job is not None and job.status is JobStatus.STORYBOARD_REVIEW:
                await self._spend.release(conn, job_id)

    async def _settle(self, job_id: UUID, token: UUID, locked: LockedStoryboard, request_key: str) -> None:
        async with self._database.transaction() as conn:
            job = await self._stores.jobs.load(conn, job_id, for_update=True)
            if job is None:
                raise RuntimeError(f"job {job_id} vanished")
            if request_key and await self._stores.requests.remember(conn, request_key, job_id) is not None:
                return
            is_ours = await self._stores.jobs.holds_approval(conn, job_id, token)
            await self._stores.jobs.release_approval(conn, job_id, token)
            if is_ours and job.status in _APPROVED:
                return
            job.is_being_approved = job.is_being_approved and not is_ours
            job.approve(locked.version)
            await self._committer.commit(conn, job)
