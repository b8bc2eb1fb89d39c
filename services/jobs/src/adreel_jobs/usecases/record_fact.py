"""Records another service's fact on its job, in the transaction of the message that brought it.

Bills are remembered whatever the job's state: what was paid was paid, also for a job that was cancelled meanwhile.
"""

from collections.abc import Callable
from uuid import UUID

from adreel_kit.db import Connection
from adreel_kit.logging import get_logger

from adreel_jobs.domain.cost import Bill
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.commit_job import JobCommitter

log = get_logger(__name__)


class FactRecorder:
    """Runs the verb of a fact; one per process, without state of its own."""

    def __init__(self, stores: Stores, committer: JobCommitter) -> None:
        self._stores = stores
        self._committer = committer

    async def record(
        self, conn: Connection, job_id: UUID, fact: str, verb: Callable[[Job], bool], *, bill: Bill | None = None
    ) -> None:
        """Apply `verb` to the job, which says whether the fact was news; `fact` names it in the log."""
        job = await self._stores.jobs.load(conn, job_id, for_update=True)
        if job is None:
            log.warning("fact.of_unknown_job", job_id=str(job_id), fact=fact)
            return
        if bill is not None and bill.lines:
            await self._stores.jobs.record_bill(conn, job_id, bill)
        if verb(job):
            await self._committer.commit(conn, job)
        else:
            log.info("fact.dropped", job_id=str(job_id), fact=fact, status=job.status.value)
