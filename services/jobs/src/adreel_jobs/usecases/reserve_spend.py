"""Spending caps: approving reserves the estimate, each bill of the render settles its part of it.

What counts against a cap is what was spent and what is reserved but not spent yet. The client's row is locked while a
reservation is made, so two approvals at once cannot both take the last of a client's budget.
"""

from uuid import UUID

from adreel_kit.db import Connection

from adreel_jobs.domain.errors import SpendingCapReached
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import Stores


class SpendGuard:
    """The caps of a deployment in micros; None is no cap."""

    def __init__(self, stores: Stores, *, per_job_micros: int | None, per_client_micros: int | None) -> None:
        self._stores = stores
        self._per_job_micros = per_job_micros
        self._per_client_micros = per_client_micros

    @property
    def has_caps(self) -> bool:
        return self._per_job_micros is not None or self._per_client_micros is not None

    async def reserve(self, conn: Connection, job: Job, needed: int) -> None:
        """Set aside what the render is going to buy, in millionths, in the caller's transaction.

        What a render before it has bought is spent, and not needed again. Raises SpendingCapReached.
        """
        await self._stores.jobs.reserve(conn, job.id, 0)
        if self._per_client_micros is not None:
            await self._stores.clients.find(conn, str(job.client_id), for_update=True)
        for name, cap, client_id, job_id in (
            ("job", self._per_job_micros, None, job.id),
            ("client", self._per_client_micros, job.client_id, None),
        ):
            if cap is None:
                continue
            committed = await self._stores.queries.committed_micros(conn, client_id=client_id, job_id=job_id)
            if needed and committed + needed > cap:
                raise SpendingCapReached(cap=name, cap_micros=cap, committed_micros=committed, needed_micros=needed)
        await self._stores.jobs.reserve(conn, job.id, needed)

    async def release(self, conn: Connection, job_id: UUID) -> None:
        """What was reserved is free again."""
        await self._stores.jobs.reserve(conn, job_id, 0)
