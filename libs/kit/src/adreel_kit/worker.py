"""Runs work items: claims, heartbeats, cancels, retries with back-off, and records the end in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import asyncpg

from adreel_kit import work_items
from adreel_kit.bus.bus import backoff
from adreel_kit.db import Connection, Database, Listener, wait_for
from adreel_kit.envelope import Story, enter_story
from adreel_kit.errors import AppError, ErrorFacts, ErrorKind
from adreel_kit.logging import get_logger
from adreel_kit.tasks import end_task
from adreel_kit.work_items import WorkItem, WorkState

log = get_logger(__name__)

# Writes a work item's result; runs in the transaction that closes the item, only if the lease was kept.
Finish = Callable[[Connection], Awaitable[None]]

_FINAL = frozenset({ErrorKind.INVALID, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.DENIED})
_POLL_SECONDS = 1.0


class NotYet(Exception):
    """Raised by a handler to be called again after `delay` without counting an attempt (a poll that found nothing)."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(f"again in {delay.total_seconds()} s")
        self.delay = delay


class GiveUp(Exception):
    """Raised by a handler to end its item at once with this error, whatever attempts are left."""

    def __init__(self, error: AppError) -> None:
        super().__init__(error.message)
        self.error = error


class WorkHandler(Protocol):
    """One kind of work."""

    async def run(self, item: WorkItem) -> Finish:
        """Do the work outside any transaction and return what records it.

        May run more than once for one item, never twice at once while leases hold. A cancelled task means the lease
        is gone: clean up and let the cancellation through. An `AppError` of kind invalid, not_found, conflict or
        denied is final; any other error is tried again until the item's attempts are used up.
        """

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        """Record that the item was given up, in the transaction that closes it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds of work that share a limit on how many run at once in this process."""

    kinds: tuple[str, ...]
    concurrency: int


class Worker:
    """Serves the work items of one database."""

    def __init__(
        self,
        *,
        database: Database,
        listener: Listener,
        handlers: Mapping[str, WorkHandler],
        lanes: tuple[Lane, ...],
        lease: timedelta = timedelta(seconds=12),
    ) -> None:
        served = {kind for lane in lanes for kind in lane.kinds}
        if served != set(handlers):
            raise ValueError(f"lanes and handlers differ: {sorted(served ^ set(handlers))}")
        self._database = database
        self._listener = listener
        self._handlers = dict(handlers)
        self._lanes = lanes
        self._lease = lease

    async def run(self) -> None:
        """Work until cancelled; then what is unfinished goes back to the queue at once, uncounted."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                for number in range(lane.concurrency):
                    group.create_task(self._serve(lane), name=f"worker {lane.kinds[0]} {number}")

    async def _serve(self, lane: Lane) -> None:
        async with self._listener.subscription(work_items.QUEUED_CHANNEL) as woken:
            while True:
                try:
                    async with self._database.transaction() as conn:
                        item = await work_items.claim(conn, kinds=lane.kinds, lease=self._lease)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                    log.warning("worker.waiting", error=str(error) or type(error).__name__)
                    await asyncio.sleep(1)
                    continue
                if item is None:
                    await wait_for(woken, _POLL_SECONDS)
                else:
                    await self._work(item)

    async def _work(self, item: WorkItem) -> None:
        work = asyncio.create_task(self._attempt(item), name=f"{item.kind} {item.key}")
        guard = asyncio.create_task(self._guard(item, work))
        try:
            await asyncio.wait({work})
            if work.cancelled():
                log.info("lease.lost", kind=item.kind, key=item.key)
            elif (error := work.exception()) is not None:
                # Even the recording failed, so the database is away: the lease runs out and the item comes back.
                log.warning("work.unrecorded", kind=item.kind, key=item.key, error=repr(error))
                await asyncio.sleep(1)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work})
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                async with asyncio.timeout(2), self._database.transaction() as conn:
                    await work_items.put_back(conn, item, delay=timedelta(0), counts=False)
            raise
        finally:
            await end_task(guard)

    async def _guard(self, item: WorkItem, work: asyncio.Task[None]) -> None:
        """Keep the lease alive; cancel the work once it is gone."""
        loop = asyncio.get_running_loop()
        valid_until = loop.time() + self._lease.total_seconds()
        async with self._listener.subscription(work_items.CANCELLED_CHANNEL, item.subject) as cancelled:
            while not work.done():
                await wait_for(cancelled, self._lease.total_seconds() / 3)
                try:
                    async with asyncio.timeout(3), self._database.connection() as conn:
                        kept = await work_items.heartbeat(conn, item, self._lease)
                    if kept:
                        valid_until = loop.time() + self._lease.total_seconds()
                    elif not work.done():
                        work.cancel()
                        return
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                    log.warning("lease.heartbeat_failed", kind=item.kind, error=str(error) or type(error).__name__)
                    if loop.time() > valid_until:
                        # Another worker may have it by now.
                        work.cancel()
                        return

    async def _attempt(self, item: WorkItem) -> None:
        enter_story(Story(correlation_id=item.subject, causation_id=str(item.id)))
        handler = self._handlers[item.kind]
        if item.attempt > item.max_attempts:
            # Its last worker died with it, and so did those before.
            facts = ErrorFacts(
                kind=ErrorKind.INTERNAL, code="WORK_ABANDONED", message="The work was interrupted too often."
            )
            await self._give_up(item, handler, facts)
            return
        try:
            finish = await handler.run(item)
            async with self._database.transaction() as conn:
                if await work_items.finish(conn, item, WorkState.DONE):
                    await finish(conn)
                else:
                    log.info("lease.lost", kind=item.kind, key=item.key)
        except NotYet as later:
            async with self._database.transaction() as conn:
                await work_items.put_back(conn, item, delay=later.delay, counts=False)
        except GiveUp as verdict:
            log.warning("work.given_up", kind=item.kind, key=item.key, code=verdict.error.code)
            await self._give_up(item, handler, ErrorFacts.of(verdict.error))
        except Exception as error:  # every failure is recorded on the item and decided here
            await self._failed(item, handler, error)

    async def _failed(self, item: WorkItem, handler: WorkHandler, error: Exception) -> None:
        facts = ErrorFacts.of(error)
        final = facts.kind in _FINAL or item.attempt >= item.max_attempts
        log.warning(
            "work.failed",
            kind=item.kind,
            key=item.key,
            attempt=item.attempt,
            code=facts.code,
            final=final,
            exc_info=error if facts.kind is ErrorKind.INTERNAL else None,
            detail=str(error),
        )
        if final:
            await self._give_up(item, handler, facts)
            return
        async with self._database.transaction() as conn:
            await work_items.put_back(
                conn, item, delay=backoff(item.attempt + 1, facts.retry_after_seconds), error=facts
            )

    async def _give_up(self, item: WorkItem, handler: WorkHandler, facts: ErrorFacts) -> None:
        async with self._database.transaction() as conn:
            if await work_items.finish(conn, item, WorkState.FAILED, facts):
                await handler.failed(item, facts, conn)
