"""Webhook deliveries: what is to be told to whom, how far that is, and the secrets that sign it."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adreel_kit import work_items
from adreel_kit.db import Connection, Database, Row
from adreel_kit.ids import new_id

WORK_KIND = "webhook"
# With the delays of the sender, about a day.
MAX_ATTEMPTS = 9
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that is told to one address. `attempts` and what follows speak of the latest round."""

    id: str
    event_type: str
    job_id: str
    client_id: str
    url: str
    body: str
    state: str
    attempts: int
    last_status: int | None
    last_error: Mapping[str, Any] | None  # ErrorFacts as JSON
    created_at: datetime
    last_attempt_at: datetime | None
    delivered_at: datetime | None


_COLUMNS = (
    "id, event_type, job_id, client_id, url, body, state, attempts, last_status, last_error, created_at, "
    "last_attempt_at, delivered_at"
)
_FILTER = (
    "FROM webhook_deliveries WHERE ($1::uuid IS NULL OR client_id = $1) AND ($2::uuid IS NULL OR job_id = $2) "
    "AND ($3::text IS NULL OR state = $3)"
)


class WebhookDeliveries:
    """The tables `webhook_deliveries` and `webhook_secrets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        conn: Connection,
        *,
        event_id: str,
        event_type: str,
        job_id: str,
        client_id: str,
        url: str,
        body: str,
    ) -> None:
        """Order a delivery in the caller's transaction; the same event orders it once."""
        added = await conn.fetchval(
            "INSERT INTO webhook_deliveries (id, event_id, event_type, job_id, client_id, url, body) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO NOTHING RETURNING id",
            new_id(),
            event_id,
            event_type,
            uuid.UUID(job_id),
            uuid.UUID(client_id),
            url,
            body,
        )
        if added is not None:
            await _enqueue(conn, added, 1, job_id)

    async def find(self, delivery_id: str) -> Delivery | None:
        async with self._database.connection() as conn:
            row = await conn.fetchrow(
                f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE id = $1", uuid.UUID(delivery_id)
            )
        return None if row is None else _delivery(row)

    async def page(
        self, *, client_id: str | None, job_id: str | None, state: str | None, limit: int, offset: int
    ) -> tuple[list[Delivery], int]:
        """Newest first, and how many there are in all."""
        filters = (uuid.UUID(client_id) if client_id else None, uuid.UUID(job_id) if job_id else None, state)
        async with self._database.connection() as conn:
            total = await conn.fetchval(f"SELECT count(*) {_FILTER}", *filters)
            rows = await conn.fetch(
                f"SELECT {_COLUMNS} {_FILTER} ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5",
                *filters,
                limit,
                offset,
            )
        return [_delivery(row) for row in rows], int(total)

    async def replay(self, delivery_id: str) -> Delivery | None:
        """Begin a new round of attempts with the same id and body; one under way is left to go on."""
        async with self._database.transaction() as conn:
            row = await conn.fetchrow(
                f"SELECT {_COLUMNS}, rounds FROM webhook_deliveries WHERE id = $1 FOR UPDATE", uuid.UUID(delivery_id)
            )
            if row is None:
                return None
            if row["state"] == "pending":
                return _delivery(row)
            begun = await conn.fetchrow(
                "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, rounds = rounds + 1 "
                f"WHERE id = $1 RETURNING {_COLUMNS}",
                row["id"],
            )
            assert begun is not None
            await _enqueue(conn, row["id"], row["rounds"] + 1, str(row["job_id"]))
            return _delivery(begun)

    async def attempted(self, delivery_id: str, *, status: int | None, error: Mapping[str, Any] | None) -> None:
        """Note an attempt, whatever came of it."""
        async with self._database.transaction() as conn:
            await conn.execute(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, last_status = $2, last_error = $3, "
                "last_attempt_at = now() WHERE id = $1",
                uuid.UUID(delivery_id),
                status,
                error,
            )

    async def close(self, conn: Connection, delivery_id: str, *, delivered: bool) -> None:
        """End a round in the caller's transaction."""
        await conn.execute(
            "UPDATE webhook_deliveries SET state = $2, delivered_at = CASE WHEN $3 THEN now() ELSE delivered_at END "
            "WHERE id = $1",
            uuid.UUID(delivery_id),
            "delivered" if delivered else "failed",
            delivered,
        )

    async def secret(self, client_id: str, *, renew: bool = False) -> bytes:
        """The secret that signs what is told of this client; made on first use."""
        keep = "webhook_secrets.secret" if not renew else "excluded.secret"
        async with self._database.transaction() as conn:
            secret = await conn.fetchval(
                "INSERT INTO webhook_secrets (client_id, secret) VALUES ($1, $2) "
                f"ON CONFLICT (client_id) DO UPDATE SET secret = {keep} RETURNING secret",
                uuid.UUID(client_id),
                secrets.token_bytes(_SECRET_BYTES),
            )
        return bytes(secret)


async def _enqueue(conn: Connection, delivery_id: uuid.UUID, number: int, job_id: str) -> None:
    await work_items.enqueue(
        conn,
        kind=WORK_KIND,
        key=f"{delivery_id}#{number}",
        subject=job_id,
        payload={"delivery_id": str(delivery_id)},
        max_attempts=MAX_ATTEMPTS,
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=str(row["id"]),
        event_type=row["event_type"],
        job_id=str(row["job_id"]),
        client_id=str(row["client_id"]),
        url=row["url"],
        body=row["body"],
        state=row["state"],
        attempts=row["attempts"],
        last_status=row["last_status"],
        last_error=row["last_error"],
        created_at=row["created_at"],
        last_attempt_at=row["last_attempt_at"],
        delivered_at=row["delivered_at"],
    )
