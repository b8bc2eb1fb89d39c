"""Cancels all live jobs of a client or campaign, each in a transaction of its own: no two locks are held at once."""

from uuid import UUID

from adreel_kit.db import Database

from adreel_jobs.domain.actions import Action
from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.commit_job import JobCommitter


class JobCanceller:
    """Cancels jobs in bulk."""

    def __init__(self, database: Database, stores: Stores, committer: JobCommitter) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer

    async def cancel_all(self, *, client_id: UUID | None = None, campaign_id: UUID | None = None, reason: str) -> None:
        """Jobs that end meanwhile by themselves are left as they are."""
        async with self._database.connection() as conn:
            job_ids = await self._stores.jobs.live_ids(conn, client_id=client_id, campaign_id=campaign_id)
        for job_id in job_ids:
            async with self._database.transaction() as conn:
                job = await self._stores.jobs.load(conn, job_id, for_update=True)
                if job is not None and Action.CANCEL in job.open_actions:
                    job.cancel(reason)
                    await self._committer.commit(conn, job)
