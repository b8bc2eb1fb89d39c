"""Share links: a token that shows one job's film until it expires or is revoked."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from adreel_kit.db import Database, Row


@dataclass(frozen=True, slots=True)
class ShareLink:
    """One link. `is_open` is what the database's clock said when it was read."""

    token: str
    job_id: str
    created_at: datetime
    expires_at: datetime
    is_open: bool


_COLUMNS = "token, job_id, created_at, expires_at, revoked_at IS NULL AND expires_at > now() AS is_open"


class ShareLinks:
    """The table `share_links`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, job_id: str, *, lifetime: timedelta, created_by: str) -> ShareLink:
        # 192 random bits: the token is all that protects the film.
        token = secrets.token_urlsafe(24)
        async with self._database.transaction() as conn:
            row = await conn.fetchrow(
                "INSERT INTO share_links (token, job_id, created_by, expires_at) VALUES ($1, $2, $3, now() + $4) "
                f"RETURNING {_COLUMNS}",
                token,
                uuid.UUID(job_id),
                created_by,
                lifetime,
            )
        assert row is not None
        return _link(row)

    async def of_job(self, job_id: str) -> list[ShareLink]:
        """The links of a job that still are open, oldest first."""
        async with self._database.connection() as conn:
            rows = await conn.fetch(
                f"SELECT {_COLUMNS} FROM share_links "
                "WHERE job_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at LIMIT 500",
                uuid.UUID(job_id),
            )
        return [_link(row) for row in rows]

    async def find(self, token: str) -> ShareLink | None:
        """The link, open or not; None where there never was one."""
        async with self._database.connection() as conn:
            row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM share_links WHERE token = $1", token)
        return None if row is None else _link(row)

    async def revoke(self, job_id: str, token: str) -> bool:
        """Close a link; False where the job has none such. Safe to repeat."""
        async with self._database.transaction() as conn:
            revoked = await conn.fetchval(
                "UPDATE share_links SET revoked_at = COALESCE(revoked_at, now()) "
                "WHERE job_id = $1 AND token = $2 RETURNING token",
                uuid.UUID(job_id),
                token,
            )
        return revoked is not None


def _link(row: Row) -> ShareLink:
    return ShareLink(
        token=row["token"],
        job_id=str(row["job_id"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        is_open=row["is_open"],
    )
