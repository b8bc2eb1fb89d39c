"""Moves due outbox rows to the transport: delete, publish with confirms, commit.

A crash after the publish and before the commit publishes twice; a crash before it publishes later. Several relays may
run at once: each skips the rows another one holds.
"""

import asyncio

import asyncpg

from adreel_kit.bus.transport import Transport, TransportUnavailable, WireMessage
from adreel_kit.db import Connection, Database, Listener, wait_for
from adreel_kit.logging import get_logger
from adreel_kit.outbox import CHANNEL

log = get_logger(__name__)

_BATCH = 100
# A row whose due time lies ahead wakes nobody, so the relay looks this often; it bounds how late a delay can be.
_POLL_SECONDS = 0.5
_INBOX_KEPT = "3 days"

_TAKE = """
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE due_at <= now() ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING id, message_id, dest, direct, attempt, body
"""


class Relay:
    """The publishing side of one service."""

    def __init__(self, *, database: Database, transport: Transport, listener: Listener) -> None:
        self._database = database
        self._transport = transport
        self._listener = listener

    async def run(self) -> None:
        """Publish what is due until cancelled; a broker or database that is away is waited for."""
        async with self._listener.subscription(CHANNEL) as woken:
            delay = 0.0
            rounds = 0
            while True:
                try:
                    while await self.publish_due() == _BATCH:
                        pass
                    delay = 0.0
                    rounds += 1
                    if rounds % 2_000 == 0:
                        await self._forget_old_messages()
                except (
                    TransportUnavailable,
                    OSError,
                    asyncpg.PostgresError,
                    asyncpg.InterfaceError,
                    TimeoutError,
                ) as error:
                    log.warning("relay.waiting", error=str(error) or type(error).__name__)
                    delay = min(max(delay * 2, 0.2), 5.0)
                    await asyncio.sleep(delay)
                    continue
                await wait_for(woken, _POLL_SECONDS)

    async def publish_due(self) -> int:
        """Publish one batch; returns how many rows it held."""
        async with self._database.transaction() as conn:
            rows = await conn.fetch(_TAKE, _BATCH)
            if rows:
                rows = sorted(rows, key=lambda row: row["id"])
                await self._transport.publish(
                    [
                        WireMessage(
                            message_id=str(row["message_id"]),
                            dest=row["dest"],
                            body=row["body"],
                            direct=row["direct"],
                            attempt=row["attempt"],
                        )
                        for row in rows
                    ]
                )
        return len(rows)

    async def _forget_old_messages(self) -> None:
        # Redeliveries come within minutes; three days leave room for a queue that was stopped over a weekend.
        async with self._database.transaction() as conn:
            await _forget(conn)


async def _forget(conn: Connection) -> None:
    await conn.execute(
        "DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox "
        f"WHERE received_at < now() - interval '{_INBOX_KEPT}' LIMIT 5000)"
    )
