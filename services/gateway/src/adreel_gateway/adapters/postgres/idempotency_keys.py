"""Idempotency keys: who runs the request, and its answer once there is one.

A key is claimed with a lease. Whoever holds it prolongs the lease while it works; if it dies, the lease runs out and
another request with the key takes the row over, under the same id, from which everything is named that must not be
made twice. An answered key stays for 24 h.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from adreel_kit.db import Connection, Database, Row
from adreel_kit.ids import new_id

CHANNEL = "idempotency"
LEASE = timedelta(seconds=12)
_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The request is ours to run."""

    id: uuid.UUID
    token: uuid.UUID


@dataclass(frozen=True, slots=True)
class Running:
    """Another one runs it."""

    id: uuid.UUID
    target: str
    fingerprint: bytes | None


@dataclass(frozen=True, slots=True)
class Answered:
    """It was answered."""

    id: uuid.UUID
    target: str
    fingerprint: bytes | None
    status: int
    headers: Mapping[str, str]
    body: bytes


class IdempotencyKeys:
    """The table `idempotency_keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, scope: str, key: str, *, target: str, fingerprint: bytes | None
    ) -> Claimed | Running | Answered:
        """Take the key, or say what became of it. An abandoned one is taken over only by the same request."""
        token = uuid.uuid4()
        async with self._database.transaction() as conn:
            await conn.execute(
                "DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND expires_at < now()", scope, key
            )
            made = await conn.fetchval(
                "INSERT INTO idempotency_keys (id, scope, key, target, fingerprint, token, lease_until, expires_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, now() + $7, now() + $8) "
                "ON CONFLICT (scope, key) DO NOTHING RETURNING id",
                new_id(),
                scope,
                key,
                target,
                fingerprint,
                token,
                LEASE,
                _KEPT,
            )
            if made is not None:
                return Claimed(made, token)
            return await _existing(conn, scope, key, token=token, target=target, fingerprint=fingerprint)

    async def keep(self, claimed: Claimed) -> bool:
        """Prolong the lease; False when the key was taken over."""
        async with self._database.transaction() as conn:
            kept = await conn.fetchval(
                "UPDATE idempotency_keys SET lease_until = now() + $3 WHERE id = $1 AND token = $2 RETURNING 1",
                claimed.id,
                claimed.token,
                LEASE,
            )
        return kept is not None

    async def answer(
        self, claimed: Claimed, *, fingerprint: bytes, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep the answer and wake those who wait for it; nothing where the key was taken over."""
        async with self._database.transaction() as conn:
            await conn.execute(
                "UPDATE idempotency_keys SET state = 'done', token = NULL, lease_until = NULL, fingerprint = $3, "
                "status = $4, headers = $5, body = $6 WHERE id = $1 AND token = $2",
                claimed.id,
                claimed.token,
                fingerprint,
                status,
                dict(headers),
                body,
            )
            await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(claimed.id))

    async def release(self, claimed: Claimed) -> None:
        """Forget a request that came to nothing, so that repeating it runs it anew."""
        async with self._database.transaction() as conn:
            await conn.execute("DELETE FROM idempotency_keys WHERE id = $1 AND token = $2", claimed.id, claimed.token)
            await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(claimed.id))

    async def leave(self, claimed: Claimed) -> None:
        """Stop holding a request whose work goes on: the same request takes it over at once, under the same id."""
        async with self._database.transaction() as conn:
            await conn.execute(
                "UPDATE idempotency_keys SET lease_until = now() - interval '1 ms' WHERE id = $1 AND token = $2",
                claimed.id,
                claimed.token,
            )
            await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(claimed.id))

    async def sweep(self) -> int:
        """Delete a batch of expired keys; returns how many."""
        async with self._database.transaction() as conn:
            rows = await conn.fetch(
                "DELETE FROM idempotency_keys WHERE ctid IN "
                "(SELECT ctid FROM idempotency_keys WHERE expires_at < now() LIMIT 1000) RETURNING 1"
            )
        return len(rows)


async def _existing(
    conn: Connection, scope: str, key: str, *, token: uuid.UUID, target: str, fingerprint: bytes | None
) -> Claimed | Running | Answered:
    row = await conn.fetchrow(
        "SELECT *, lease_until < now() AS is_abandoned FROM idempotency_keys WHERE scope = $1 AND key = $2 FOR UPDATE",
        scope,
        key,
    )
    if row is None:
        # Released between the insert and this look: whoever asks again will claim it.
        return Running(uuid.UUID(int=0), target, fingerprint)
    if row["state"] == "done":
        return _answered(row)
    is_same = row["target"] == target and row["fingerprint"] in (None, fingerprint)
    if not row["is_abandoned"] or not is_same:
        return Running(row["id"], row["target"], row["fingerprint"])
    await conn.execute(
        "UPDATE idempotency_keys SET token = $2, lease_until = now() + $3 WHERE id = $1", row["id"], token, LEASE
    )
    return Claimed(row["id"], token)


def _answered(row: Row) -> Answered:
    return Answered(
        id=row["id"],
        target=row["target"],
        fingerprint=row["fingerprint"],
        status=row["status"],
        headers=row["headers"],
        body=row["body"],
    )
