"""Spending caps: approving reserves the estimate, each bill of the render settles its part of it.

What counts against a cap is what was spent and what is reserved but not spent yet. The client's row is locked while a
reservation is made, so two approvals at once cannot both take the last of a client's budget.
"""

from collections.abc import Sequence
from uuid import UUID

from adreel_kit.db import Connection

from adreel_jobs.domain.cost import CostLine, total_micros
from adreel_jobs.domain.errors import SpendingCapReached
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import Stores

# What the storyboard cost is spent by the time of an approval.
_WRITING = "storyboard"


class SpendGuard:
    """The caps of a deployment in micros; None is no cap."""

    def __init__(self, stores: Stores, *, per_job_micros: int | None, per_client_micros: int | None) -> None:
        self._stores = stores
        self._per_job_micros = per_job_micros
        self._per_client_micros = per_client_micros

    @property
    def has_caps(self) -> bool:
        return self._per_job_micros is not None or self._per_client_micros is not None

    async def reserve(self, conn: Connection, job: Job, estimate: Sequence[CostLine]) -> None:
        """Set the estimate of the render aside, in the caller's transaction. Raises SpendingCapReached."""
        needed = total_micros([line for line in estimate if line.kind != _WRITING], state="estimated")
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
