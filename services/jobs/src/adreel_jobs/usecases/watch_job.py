"""Reports a job's changes: those already made after a version, then each as it is made, until the job's end.

A notification only wakes the reader, who then looks what is new; a notification that was lost delays a change by the
safety poll and loses nothing.
"""

from collections.abc import AsyncIterator

from adreel_kit.db import Database, Listener, wait_for

from adreel_jobs.domain.job_parts import Change, ChangeKind
from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.scope import visible_job

_SAFETY_POLL_SECONDS = 10.0
_BATCH = 200


class JobWatcher:
    """Streams changes; `channel` is the one that the store notifies with the job's id."""

    def __init__(self, database: Database, listener: Listener, stores: Stores, channel: str) -> None:
        self._database = database
        self._listener = listener
        self._stores = stores
        self._channel = channel

    async def run(self, job_id: str, after_version: int, scope: str) -> AsyncIterator[Change]:
        """Raises JobNotFound before the first change."""
        async with self._database.connection() as conn:
            job = await visible_job(conn, self._stores, job_id, scope)
        seen = after_version
        async with self._listener.subscription(self._channel, str(job.id)) as woken:
            while True:
                async with self._database.connection() as conn:
                    watched = await self._stores.queries.watch(conn, job.id, seen, limit=_BATCH)
                if watched is None:
                    return
                for change in watched.changes:
                    seen = change.version
                    # An end that a retry or a reopening went beyond is no end any more.
                    if change.kind is not ChangeKind.END or change.version == watched.version:
                        yield change
                if watched.has_ended and seen >= watched.version:
                    return
                if len(watched.changes) < _BATCH:
                    await wait_for(woken, _SAFETY_POLL_SECONDS)
