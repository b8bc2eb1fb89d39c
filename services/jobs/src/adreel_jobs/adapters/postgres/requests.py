"""Requests as rows, kept for longer than the gateway keeps its idempotency keys (24 h)."""

from datetime import timedelta
from uuid import UUID

from adreel_kit.db import Connection

_KEPT = timedelta(hours=48)


class PostgresRequests:
    """The RequestStore over PostgreSQL."""

    async def find(self, conn: Connection, key: str) -> UUID | None:
        subject: UUID | None = await conn.fetchval("SELECT subject FROM requests WHERE key = $1", key)
        return subject

    async def remember(self, conn: Connection, key: str, subject: UUID) -> UUID | None:
        await conn.execute(
            "DELETE FROM requests WHERE key IN "
            "(SELECT key FROM requests WHERE at < now() - $1::interval LIMIT 100 FOR UPDATE SKIP LOCKED)",
            _KEPT,
        )
        # Waits for a twin under way: once that one has committed, its row is found; if it failed, ours goes in.
        written = await conn.fetchval(
            "INSERT INTO requests (key, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key", key, subject
        )
        return None if written is not None else await self.find(conn, key)
