"""API keys: made once, shown once, kept as hashes.

A key is `adk_` and 43 random characters. Since it is random through and through, a plain SHA-256 keeps it as safe as
a slow hash would: there is nothing to guess from.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adreel_kit.db import Database, Row
from adreel_kit.ids import new_id

PREFIX = "adk_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is known after it was made: without its secret."""

    id: str
    prefix: str
    name: str
    scopes: tuple[str, ...]
    client_id: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


_COLUMNS = "id, prefix, name, scopes, client_id, created_at, expires_at, revoked_at"


class ApiKeys:
    """The table `api_keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, *, name: str, scopes: Sequence[str], client_id: str | None = None, lifetime: timedelta | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; the second value is the secret, which cannot be had again."""
        secret = PREFIX + secrets.token_urlsafe(32)
        async with self._database.transaction() as conn:
            row = await conn.fetchrow(
                "INSERT INTO api_keys (id, prefix, secret_sha256, name, scopes, client_id, expires_at) "
                f"VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval) RETURNING {_COLUMNS}",
                new_id(),
                secret[:12],
                _hash(secret),
                name,
                list(scopes),
                uuid.UUID(client_id) if client_id else None,
                lifetime,
            )
        assert row is not None
        return _key(row), secret

    async def find(self, secret: str) -> ApiKey | None:
        """The key with this secret, if it may be used now."""
        if not secret.startswith(PREFIX):
            return None
        async with self._database.connection() as conn:
            row = await conn.fetchrow(
                f"SELECT {_COLUMNS} FROM api_keys WHERE secret_sha256 = $1 AND revoked_at IS NULL "
                "AND (expires_at IS NULL OR expires_at > now())",
                _hash(secret),
            )
        return None if row is None else _key(row)

    async def list_all(self) -> list[ApiKey]:
        async with self._database.connection() as conn:
            rows = await conn.fetch(f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at")
        return [_key(row) for row in rows]

    async def revoke(self, reference: str) -> list[ApiKey]:
        """Revoke the keys with this id or prefix; safe to repeat."""
        async with self._database.transaction() as conn:
            rows = await conn.fetch(
                "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now()) "
                f"WHERE id::text = $1 OR prefix = $1 RETURNING {_COLUMNS}",
                reference,
            )
        return [_key(row) for row in rows]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=str(row["id"]),
        prefix=row["prefix"],
        name=row["name"],
        scopes=tuple(row["scopes"]),
        client_id=str(row["client_id"]) if row["client_id"] else "",
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
