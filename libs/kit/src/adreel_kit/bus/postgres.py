"""The embedded transport: queues as rows of a database named `bus`, for stacks without a broker.

One row per bound queue is inserted in one transaction, so a message reaches all its queues or none. A consumer claims
rows with a lease and a heartbeat; a killed consumer's rows come back when the lease runs out.
"""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import asyncpg

from adreel_kit.bus.transport import MAX_DELIVERIES, Manifest, Receiver, TransportUnavailable, WireMessage
from adreel_kit.db import Database, Listener, Row, wait_for
from adreel_kit.logging import get_logger
from adreel_kit.tasks import end_task

log = get_logger(__name__)

_CHANNEL = "bus"
_LEASE = timedelta(seconds=12)
_POLL_SECONDS = 2.0

_TABLES = """
CREATE TABLE IF NOT EXISTS bus_bindings (
    routing_key text NOT NULL, queue text NOT NULL, PRIMARY KEY (routing_key, queue)
);
CREATE TABLE IF NOT EXISTS bus_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    message_id text NOT NULL,
    dest text NOT NULL,
    attempt integer NOT NULL,
    body text NOT NULL,
    deliveries integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    token uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ix_bus_messages_queue ON bus_messages (queue, id);
CREATE TABLE IF NOT EXISTS bus_dead (
    id bigint PRIMARY KEY, queue text NOT NULL, message_id text NOT NULL, dest text NOT NULL, body text NOT NULL,
    deliveries integer NOT NULL, died_at timestamptz NOT NULL DEFAULT now()
);
"""

_PUBLISH = """
INSERT INTO bus_messages (queue, message_id, dest, attempt, body)
SELECT queue, $2, $1, $3, $4 FROM bus_bindings WHERE routing_key = $1
"""

_CLAIM = """
UPDATE bus_messages SET deliveries = deliveries + 1, lease_until = now() + $3, token = $4
WHERE id IN (
    SELECT id FROM bus_messages
    WHERE queue = $1 AND (lease_until IS NULL OR lease_until < now())
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id, message_id, dest, attempt, body, deliveries
"""

# The consumer records a message as dead one delivery earlier; this catches one whose database was away each time.
_BURY = """
WITH dead AS (
    DELETE FROM bus_messages WHERE queue = $1 AND deliveries > $2 AND lease_until < now() RETURNING *
)
INSERT INTO bus_dead (id, queue, message_id, dest, body, deliveries)
SELECT id, queue, message_id, dest, body, deliveries FROM dead
"""


class PostgresTransport:
    """Messages in PostgreSQL; see `transport.Transport` for the contract."""

    def __init__(self, url: str, manifest: Manifest) -> None:
        self._database = Database(url, max_size=4)
        self._listener = Listener(url, [_CHANNEL])
        self._manifest = manifest

    async def start(self) -> None:
        await self._database.start()
        async with self._database.transaction() as conn:
            # Services start side by side, and CREATE TABLE IF NOT EXISTS alone is not safe against that.
            await conn.execute("SELECT pg_advisory_xact_lock(7205559832)")
            await conn.execute(_TABLES)
            await conn.executemany(
                "INSERT INTO bus_bindings (routing_key, queue) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                self._manifest.bindings(),
            )
        await self._listener.start()

    async def aclose(self) -> None:
        await self._listener.aclose()
        await self._database.aclose()

    async def ping(self) -> None:
        try:
            await self._database.ping()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise TransportUnavailable("The event bus does not answer.") from error

    async def publish(self, messages: Sequence[WireMessage]) -> None:
        try:
            async with self._database.transaction() as conn:
                for message in messages:
                    if message.direct:
                        await conn.execute(
                            "INSERT INTO bus_messages (queue, message_id, dest, attempt, body) VALUES ($1,$2,$1,$3,$4)",
                            message.dest,
                            message.message_id,
                            message.attempt,
                            message.body,
                        )
                        continue
                    done = await conn.execute(_PUBLISH, message.dest, message.message_id, message.attempt, message.body)
                    if done.endswith(" 0") and self._manifest.consumers.get(message.dest):
                        log.warning("message.unroutable", dest=message.dest, message_id=message.message_id)
                await conn.execute("SELECT pg_notify($1, '')", _CHANNEL)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise TransportUnavailable("The event bus did not take a message.") from error

    async def consume(self, queue: str, receiver: Receiver, *, prefetch: int) -> None:
        running: set[asyncio.Task[None]] = set()
        try:
            async with self._listener.subscription(_CHANNEL) as woken:
                while True:
                    rows = await self._claim(queue, prefetch - len(running))
                    for row in rows:
                        task = asyncio.create_task(self._deliver(row, receiver))
                        running.add(task)
                        task.add_done_callback(running.discard)
                        # A finished delivery makes room, so the loop looks again.
                        task.add_done_callback(lambda _: woken.set())
                    if not rows:
                        await wait_for(woken, _POLL_SECONDS)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _claim(self, queue: str, room: int) -> list[Row]:
        if room <= 0:
            return []
        try:
            async with self._database.transaction() as conn:
                await conn.execute(_BURY, queue, MAX_DELIVERIES)
                return await conn.fetch(_CLAIM, queue, room, _LEASE, uuid.uuid4())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("bus.waiting", queue=queue, error=str(error) or type(error).__name__)
            await asyncio.sleep(1)
            return []

    async def _deliver(self, row: Row, receiver: Receiver) -> None:
        heartbeat = asyncio.create_task(self._heartbeat(row["id"]))
        message = WireMessage(
            message_id=row["message_id"],
            dest=row["dest"],
            body=row["body"],
            attempt=row["attempt"],
            deliveries=row["deliveries"],
        )
        try:
            await receiver(message)
            async with self._database.connection() as conn:
                await conn.execute("DELETE FROM bus_messages WHERE id = $1", row["id"])
        except Exception as error:  # the row stays; its lease brings it back
            log.warning("bus.delivery_failed", message_id=message.message_id, error=repr(error))
            await self._release(row["id"])
        finally:
            await end_task(heartbeat)

    async def _heartbeat(self, row_id: int) -> None:
        while True:
            await asyncio.sleep(_LEASE.total_seconds() / 3)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                async with self._database.connection() as conn:
                    await conn.execute("UPDATE bus_messages SET lease_until = now() + $2 WHERE id = $1", row_id, _LEASE)

    async def _release(self, row_id: int) -> None:
        # A second's rest, so that a database that is away does not use the deliveries up at once.
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            async with self._database.connection() as conn:
                await conn.execute(
                    "UPDATE bus_messages SET lease_until = now() + interval '1 second' WHERE id = $1", row_id
                )
