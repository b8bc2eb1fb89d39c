"""SQL over uploads that come in steps. Every function works in the caller's transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adreel_kit.db import Connection, Row

from adreel_assets.domain.asset import AssetFields, StoredBytes
from adreel_assets.domain.media_types import AssetType

_COLUMNS = (
    "id, client_id, fields, announced_bytes, announced_sha256, is_staged, stored_sha256, stored_bytes, asset_id, "
    "expires_at"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: what was announced, where its bytes are (`stored`, once put through us), what came of it."""

    id: uuid.UUID
    fields: AssetFields
    file_name: str
    announced_bytes: int
    announced_sha256: str | None
    is_staged: bool
    stored: StoredBytes | None
    asset_id: uuid.UUID | None
    expires_at: datetime


async def insert(
    conn: Connection,
    upload_id: uuid.UUID,
    fields: AssetFields,
    file_name: str,
    *,
    announced_bytes: int,
    announced_sha256: str | None,
    is_staged: bool,
    lasts: timedelta,
) -> datetime:
    """Begin an upload; returns when it expires."""
    expires_at: datetime = await conn.fetchval(
        "INSERT INTO uploads (id, client_id, fields, announced_bytes, announced_sha256, is_staged, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval) RETURNING expires_at",
        upload_id,
        fields.client_id,
        _fields_json(fields, file_name),
        announced_bytes,
        announced_sha256,
        is_staged,
        lasts,
    )
    return expires_at


async def find(conn: Connection, upload_id: uuid.UUID, *, lock: bool = False) -> Upload | None:
    """The upload, unless it has expired without an asset; with `lock` its row is held for the transaction."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM uploads WHERE id = $1 AND (expires_at > now() OR asset_id IS NOT NULL)"
        + (" FOR UPDATE" if lock else ""),
        upload_id,
    )
    return None if row is None else _upload(row)


async def mark_stored(conn: Connection, upload_id: uuid.UUID, stored: StoredBytes) -> None:
    """Its bytes are in the blob store."""
    await conn.execute(
        "UPDATE uploads SET stored_sha256 = $2, stored_bytes = $3 WHERE id = $1",
        upload_id,
        stored.sha256,
        stored.size_bytes,
    )


async def mark_completed(conn: Connection, upload_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    """It became this asset; False where it became another one already."""
    won = await conn.fetchval(
        "UPDATE uploads SET asset_id = $2 WHERE id = $1 AND asset_id IS NULL RETURNING 1", upload_id, asset_id
    )
    return won is not None


async def take_old(conn: Connection, older_than: timedelta, limit: int) -> list[tuple[uuid.UUID, bool]]:
    """Remove uploads that began so long ago, and have expired; id, and whether staged bytes are to be removed."""
    rows = await conn.fetch(
        "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE created_at < now() - $1::interval "
        "AND expires_at < now() - interval '1 hour' ORDER BY created_at LIMIT $2) RETURNING id, is_staged",
        older_than,
        limit,
    )
    return [(row["id"], row["is_staged"]) for row in rows]


def _fields_json(fields: AssetFields, file_name: str) -> dict[str, Any]:
    return {
        "file_name": file_name,
        "name": fields.name,
        "asked_type": fields.asked_type.value if fields.asked_type else None,
        "campaign_id": str(fields.campaign_id) if fields.campaign_id else None,
        "user_id": fields.user_id,
        "tags": list(fields.tags),
        "role": fields.role,
    }


def _upload(row: Row) -> Upload:
    given = row["fields"]
    fields = AssetFields(
        name=given["name"],
        asked_type=AssetType(given["asked_type"]) if given["asked_type"] else None,
        client_id=row["client_id"],
        campaign_id=uuid.UUID(given["campaign_id"]) if given["campaign_id"] else None,
        user_id=given["user_id"],
        tags=tuple(given["tags"]),
        role=given["role"],
    )
    return Upload(
        id=row["id"],
        fields=fields,
        file_name=given["file_name"],
        announced_bytes=row["announced_bytes"],
        announced_sha256=row["announced_sha256"],
        is_staged=row["is_staged"],
        stored=StoredBytes(row["stored_sha256"], row["stored_bytes"]) if row["stored_sha256"] else None,
        asset_id=row["asset_id"],
        expires_at=row["expires_at"],
    )
