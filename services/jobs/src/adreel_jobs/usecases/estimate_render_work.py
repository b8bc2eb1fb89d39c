"""The work item that prices a job's render once its scenes are known, and fills in an estimate that was missing."""

from uuid import UUID

from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.price_film import FilmPricer

_WRITING = "storyboard"


class EstimateWork:
    """The WorkHandler; an estimate that cannot be had at all leaves the job without one."""

    def __init__(self, database: Database, stores: Stores, pricer: FilmPricer) -> None:
        self._database = database
        self._stores = stores
        self._pricer = pricer

    async def run(self, item: WorkItem) -> Finish:
        job_id = UUID(item.payload["job_id"])
        async with self._database.connection() as conn:
            job = await self._stores.jobs.load(conn, job_id)
            known = await self._stores.jobs.estimate(conn, job_id)
        if job is None:
            return _nothing
        lines = (await self._pricer.price(job)).lines
        writing = [line for line in known or () if line.kind == _WRITING]

        async def record(conn: Connection) -> None:
            await self._stores.jobs.set_estimate(conn, job_id, [*writing, *lines])

        return record

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        return None


async def _nothing(_: Connection) -> None:
    return None
