"""The watchdog: a step that nobody answers is asked again, and in the end given up, so that no job is stuck.

Each step has its own patience, measured on the database's clock since the last fact. A nudge sends the same request
with the same ids, which its consumer knows if it still has it, and starts the patience anew; after the last nudge the
job fails with JOB_STALLED, or, where only a rewrite is missing, goes back to review with it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
from adreel_kit.db import Connection, Database
from adreel_kit.logging import get_logger

from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import ErrorInfo, Order
from adreel_jobs.domain.ports import Stores
from adreel_jobs.domain.status import Step
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.fetch_lock import LockFetcher

log = get_logger(__name__)

_BATCH = 20
_ORDER_OF = {Step.INGEST: Order.INGEST, Step.WRITE: Order.WRITE, Step.RENDER: Order.RENDER}
_WHO = {
    Step.INGEST: "The assets were not fetched",
    Step.WRITE: "The storyboard was not written",
    Step.LOCK: "The approved scenes were not handed over",
    Step.RENDER: "The video was not rendered",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may be silent, how often it is asked again, and how often the watchdog looks."""

    silence: Mapping[Step, timedelta]
    nudges: int
    interval_seconds: float


class Watchdog:
    """One loop; several may run at once, each takes jobs that no other one holds."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        committer: JobCommitter,
        lock_fetcher: LockFetcher,
        patience: Patience,
    ) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._lock_fetcher = lock_fetcher
        self._patience = patience

    async def run(self) -> None:
        """Look again and again until cancelled; a database that is away is waited for."""
        while True:
            try:
                while await self.look() == _BATCH:
                    pass
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("watchdog.waiting", error=str(error) or type(error).__name__)
            await asyncio.sleep(self._patience.interval_seconds)

    async def look(self) -> int:
        """Deal with one batch of silent jobs; returns how many there were."""
        unlocked: list[UUID] = []
        async with self._database.transaction() as conn:
            job_ids = await self._stores.jobs.take_silent(conn, self._patience.silence, limit=_BATCH)
            for job_id in job_ids:
                job = await self._stores.jobs.load(conn, job_id, for_update=True)
                step = None if job is None else job.current_step
                if job is None or step is None:
                    continue
                if await self._stores.jobs.nudges(conn, job_id) >= self._patience.nudges:
                    await self._give_up(conn, job, step)
                    continue
                log.warning("job.nudged", job_id=str(job_id), step=step.value)
                await self._stores.jobs.count_nudge(conn, job_id)
                if step is Step.LOCK:
                    unlocked.append(job_id)
                else:
                    await self._committer.send(conn, job, _ORDER_OF[step])
        for job_id in unlocked:
            await self._lock_fetcher.try_to_fetch(job_id)
        return len(job_ids)

    async def _give_up(self, conn: Connection, job: Job, step: Step) -> None:
        log.error("job.stalled", job_id=str(job.id), step=step.value)
        error = ErrorInfo(
            "JOB_STALLED", f"{_WHO[step]}: nobody answered in time. Try again.", {"step": step.value}, "timeout"
        )
        if job.give_up(step, error, "stalled"):
            await self._committer.commit(conn, job)
