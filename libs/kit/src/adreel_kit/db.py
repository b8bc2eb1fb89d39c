"""PostgreSQL: one small pool per process, transactions, and one LISTEN connection that wakes waiters.

SQL is written in each service's `adapters/postgres`; this module only hands out connections. A transaction is opened
by a use case through `Database.transaction()` and committed by leaving the block: nothing below the use case commits.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import asyncpg

from adreel_kit.errors import Unavailable
from adreel_kit.logging import get_logger
from adreel_kit.tasks import end_task

log = get_logger(__name__)

# A row as asyncpg gives it: values by column name. The values are whatever the column's type maps to.
Row = Mapping[str, Any]


class Connection(Protocol):
    """The part of an asyncpg connection that adapters use; arguments are positional (`$1`), of the column.s type."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str: ...
    async def executemany(
        self, command: str, args: Sequence[Sequence[Any]], *, timeout: float | None = None
    ) -> None: ...
    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Row | None: ...
    async def fetchval(self, query: str, *args: Any, column: int = 0, timeout: float | None = None) -> Any: ...


class DatabaseUnavailable(Unavailable):
    """The database did not answer."""

    code = "DATABASE_UNAVAILABLE"


async def _set_up(connection: Any) -> None:
    # JSON columns come and go as Python values; ensure_ascii keeps lone surrogates from reaching the server as bytes.
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


class Database:
    """A pool of connections to one service's own database."""

    def __init__(self, url: str, *, min_size: int = 1, max_size: int = 8) -> None:
        self.url = url
        self._min_size = min_size
        self._max_size = max_size
        self._pool: Any = None

    async def start(self, *, wait_seconds: float | None = None) -> None:
        """Open the pool, waiting for the server; None waits for ever (a service starts without its neighbours).

        Raises DatabaseUnavailable once `wait_seconds` are over.
        """
        loop = asyncio.get_running_loop()
        deadline = None if wait_seconds is None else loop.time() + wait_seconds
        delay = 0.1
        while True:
            try:
                self._pool = await asyncpg.create_pool(
                    self.url, min_size=self._min_size, max_size=self._max_size, init=_set_up, command_timeout=60
                )
                return
            except (
                OSError,
                asyncpg.PostgresConnectionError,
                asyncpg.CannotConnectNowError,
                TimeoutError,
                asyncpg.InvalidCatalogNameError,
                asyncpg.TooManyConnectionsError,
            ) as error:
                if deadline is not None and loop.time() + delay > deadline:
                    raise DatabaseUnavailable("The database cannot be reached.") from error
                log.warning("database.waiting", error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    async def aclose(self) -> None:
        """Close the pool; connections still busy after five seconds are cut."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), timeout=5)
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One connection in one transaction: committed when the block is left, rolled back when it raises."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection without a transaction, for reads."""
        async with self._pool.acquire() as connection:
            yield connection

    def acquire(self) -> Any:
        """A connection as asyncpg's own pool hands it out, for adapters that manage their own transactions."""
        return self._pool.acquire()

    async def ping(self) -> None:
        """Raise unless the database answers within two seconds."""
        async with asyncio.timeout(2), self.connection() as connection:
            await connection.fetchval("SELECT 1")


class Listener:
    """One LISTEN connection per process that wakes any number of waiters by channel.

    A notification may be lost when the connection is cut, so every waiter also polls: `wait` returns on its time-out
    as it does on a notification, and the caller looks again either way.
    """

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        self._url = url
        self._channels = tuple(channels)
        self._waiters: dict[tuple[str, str | None], set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin listening in the background; a cut connection is opened again."""
        self._task = asyncio.create_task(self._run(), name="listener")

    async def aclose(self) -> None:
        if self._task is not None:
            await end_task(self._task)

    @asynccontextmanager
    async def subscription(self, channel: str, payload: str | None = None) -> AsyncIterator[asyncio.Event]:
        """An event that is set on each notification of `channel` (with this payload, or any when None)."""
        event = asyncio.Event()
        key = (channel, payload)
        self._waiters.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            waiters = self._waiters[key]
            waiters.discard(event)
            if not waiters:
                del self._waiters[key]

    def _wake(self, channel: str, payload: str) -> None:
        for key in ((channel, payload), (channel, None)):
            for event in self._waiters.get(key, ()):
                event.set()

    def _wake_all(self) -> None:
        for events in self._waiters.values():
            for event in events:
                event.set()

    async def _run(self) -> None:
        while True:
            lost = asyncio.Event()
            connection: Any = None
            try:
                connection = await asyncpg.connect(self._url)
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                for channel in self._channels:
                    await connection.add_listener(channel, lambda _c, _p, name, payload: self._wake(name, payload))
                # Whatever was notified while nobody listened is found by looking once now.
                self._wake_all()
                await lost.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("listener.reconnecting", error=str(error))
            finally:
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            await asyncio.sleep(0.5)


async def wait_for(event: asyncio.Event, timeout_seconds: float) -> None:
    """Wait until `event` is set or the time is over, then clear it."""
    # Not asyncio.wait_for: until Python 3.12 it drops a cancellation that meets the event being set, and then
    # nothing ends the waiter any more.
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            await event.wait()
    event.clear()
