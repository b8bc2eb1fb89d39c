"""SQL over assets and their uses. Every function works in the caller's transaction."""

import uuid
from dataclasses import dataclass
from typing import Any

from adreel_kit.db import Connection, Row
from adreel_kit.pages import Page, PageRequest, fetch_page, like

from adreel_assets.domain.asset import Asset, AssetFields, AssetStatus, StoredBytes
from adreel_assets.domain.inspection import Inspection
from adreel_assets.domain.media_types import AssetType

_COLUMNS = (
    "id, name, type, format, content_type, source_url, size_bytes, sha256, width_px, height_px, duration_seconds, fps, "
    "has_audio, page_count, is_inline_safe, thumbnail_sha256, thumbnail_size_bytes, thumbnail_content_type, tags, "
    "role, user_id, client_id, campaign_id, status, error, created_at"
)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail in the blob store."""

    stored: StoredBytes
    content_type: str


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """What a list is narrowed to; None leaves it wide. `scope_client_id` is the only client the caller may see."""

    client_id: uuid.UUID | None = None
    campaign_id: uuid.UUID | None = None
    type: AssetType | None = None
    tag: str | None = None
    status: AssetStatus | None = None
    query: str | None = None
    scope_client_id: uuid.UUID | None = None


async def insert_pending(conn: Connection, asset_id: uuid.UUID, fields: AssetFields, source_url: str | None) -> bool:
    """Make an asset whose bytes are to come; False where there is one of this id."""
    inserted = await conn.fetchval(
        "INSERT INTO assets (id, name, asked_type, source_url, tags, role, user_id, client_id, campaign_id, status) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending') ON CONFLICT (id) DO NOTHING RETURNING 1",
        asset_id,
        fields.name,
        fields.asked_type.value if fields.asked_type else None,
        source_url,
        list(fields.tags),
        fields.role,
        fields.user_id,
        fields.client_id,
        fields.campaign_id,
    )
    return inserted is not None


async def renew(conn: Connection, asset_id: uuid.UUID) -> bool:
    """Have a failed asset fetched again; False where it is not a failed one."""
    renewed = await conn.fetchval(
        "UPDATE assets SET status = 'pending', error = NULL, updated_at = now() "
        "WHERE id = $1 AND status = 'failed' AND source_url IS NOT NULL RETURNING 1",
        asset_id,
    )
    return renewed is not None


async def mark_ready(
    conn: Connection,
    asset_id: uuid.UUID,
    *,
    name: str,
    stored: StoredBytes,
    inspection: Inspection,
    thumbnail: Thumbnail | None,
) -> Asset | None:
    """Write what was found; None where the asset is gone or not pending any more."""
    row = await conn.fetchrow(
        "UPDATE assets SET status = 'ready', error = NULL, name = coalesce(nullif(name, ''), $2), type = $3, "
        "format = $4, content_type = $5, size_bytes = $6, sha256 = $7, width_px = $8, height_px = $9, "
        "duration_seconds = $10, fps = $11, has_audio = $12, page_count = $13, is_inline_safe = $14, "
        "thumbnail_sha256 = $15, thumbnail_size_bytes = $16, thumbnail_content_type = $17, updated_at = now() "
        f"WHERE id = $1 AND status = 'pending' RETURNING {_COLUMNS}",
        asset_id,
        name,
        inspection.type.value,
        inspection.format.value,
        inspection.content_type,
        stored.size_bytes,
        stored.sha256,
        inspection.width,
        inspection.height,
        inspection.duration_seconds,
        inspection.fps,
        inspection.has_audio,
        inspection.page_count,
        inspection.is_inline_safe,
        thumbnail.stored.sha256 if thumbnail else None,
        thumbnail.stored.size_bytes if thumbnail else None,
        thumbnail.content_type if thumbnail else None,
    )
    return None if row is None else _asset(row)


async def mark_failed(conn: Connection, asset_id: uuid.UUID, error: dict[str, Any]) -> Asset | None:
    """Give a pending asset up; None where it is gone or not pending any more."""
    row = await conn.fetchrow(
        "UPDATE assets SET status = 'failed', error = $2, updated_at = now() "
        f"WHERE id = $1 AND status = 'pending' RETURNING {_COLUMNS}",
        asset_id,
        error,
    )
    return None if row is None else _asset(row)


async def asked(conn: Connection, asset_id: uuid.UUID) -> tuple[AssetType | None, uuid.UUID | None]:
    """The type that was asked for and the client it is for; nothing of an asset that is gone."""
    row = await conn.fetchrow("SELECT asked_type, client_id FROM assets WHERE id = $1", asset_id)
    if row is None:
        return None, None
    return (AssetType(row["asked_type"]) if row["asked_type"] else None), row["client_id"]


async def find(conn: Connection, asset_id: uuid.UUID, *, lock: bool = False) -> Asset | None:
    """The asset of this id; with `lock` its row is held for the transaction."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM assets WHERE id = $1" + (" FOR UPDATE" if lock else ""), asset_id
    )
    return None if row is None else _asset(row)


async def find_many(conn: Connection, asset_ids: list[uuid.UUID]) -> list[Asset]:
    """Those of the ids that exist."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM assets WHERE id = ANY($1)", asset_ids)
    return [_asset(row) for row in rows]


async def page(conn: Connection, wanted: AssetFilter, request: PageRequest) -> Page[Asset]:
    """One page of assets, newest first."""
    return await fetch_page(
        conn,
        select=_COLUMNS,
        table="assets",
        where=(
            "($1::uuid IS NULL OR client_id = $1) AND ($2::uuid IS NULL OR campaign_id = $2) "
            "AND ($3::text IS NULL OR coalesce(type, asked_type) = $3) AND ($4::text IS NULL OR $4 = ANY(tags)) "
            "AND ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR name ILIKE $6) "
            "AND ($7::uuid IS NULL OR client_id = $7)"
        ),
        parameters=(
            wanted.client_id,
            wanted.campaign_id,
            wanted.type.value if wanted.type else None,
            wanted.tag,
            wanted.status.value if wanted.status else None,
            like(wanted.query) if wanted.query else None,
            wanted.scope_client_id,
        ),
        page=request,
        read=_asset,
    )


async def delete(conn: Connection, asset_id: uuid.UUID) -> None:
    """Remove the row; its bytes are the caller's to release."""
    await conn.execute("DELETE FROM assets WHERE id = $1", asset_id)


async def is_referenced(conn: Connection, sha256: str) -> bool:
    """Whether any asset, or an upload under way, still needs these bytes."""
    return bool(await referenced(conn, [sha256]))


async def referenced(conn: Connection, sha256s: list[str]) -> set[str]:
    """Those of the bytes that an asset, or an upload under way, still needs."""
    rows = await conn.fetch(
        "SELECT sha256 FROM assets WHERE sha256 = ANY($1) "
        "UNION SELECT thumbnail_sha256 FROM assets WHERE thumbnail_sha256 = ANY($1) "
        "UNION SELECT stored_sha256 FROM uploads WHERE stored_sha256 = ANY($1) AND asset_id IS NULL",
        sha256s,
    )
    return {row["sha256"] for row in rows}


async def hold_bytes(conn: Connection, *sha256s: str) -> None:
    """Keep whoever adds or releases a reference to these bytes apart, until the transaction ends."""
    for sha256 in sorted(set(sha256s)):  # everybody in the same order, so that no two wait for each other
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", sha256)


async def add_use(conn: Connection, asset_id: uuid.UUID, job_id: uuid.UUID) -> None:
    """The job holds the asset from now on."""
    await conn.execute(
        "INSERT INTO asset_uses (asset_id, job_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", asset_id, job_id
    )


async def uses(conn: Connection, asset_id: uuid.UUID) -> list[uuid.UUID]:
    """The live jobs that hold the asset."""
    return [row["job_id"] for row in await conn.fetch("SELECT job_id FROM asset_uses WHERE asset_id = $1", asset_id)]


async def awaited_by(conn: Connection, job_id: uuid.UUID) -> list[tuple[uuid.UUID, str, uuid.UUID | None]]:
    """The job's assets that are still to come: id, URL, and another live job that wants it too, if there is one."""
    rows = await conn.fetch(
        "SELECT a.id, a.source_url, (SELECT min(o.job_id::text)::uuid FROM asset_uses o "
        "WHERE o.asset_id = a.id AND o.job_id <> $1) AS other_job_id "
        "FROM assets a JOIN asset_uses u ON u.asset_id = a.id "
        "WHERE u.job_id = $1 AND a.status = 'pending' AND a.source_url IS NOT NULL",
        job_id,
    )
    return [(row["id"], row["source_url"], row["other_job_id"]) for row in rows]


async def release_uses(conn: Connection, job_id: uuid.UUID) -> None:
    """The job holds nothing any more."""
    await conn.execute("DELETE FROM asset_uses WHERE job_id = $1", job_id)


async def count_by_type(
    conn: Connection, client_id: uuid.UUID | None, campaign_id: uuid.UUID | None
) -> list[tuple[str, int, int]]:
    """Type, number and bytes of the ready assets of a client or campaign."""
    rows = await conn.fetch(
        "SELECT type, count(*) AS count, sum(size_bytes)::bigint AS size FROM assets WHERE status = 'ready' "
        "AND ($1::uuid IS NULL OR client_id = $1) AND ($2::uuid IS NULL OR campaign_id = $2) GROUP BY type",
        client_id,
        campaign_id,
    )
    return [(row["type"], row["count"], row["size"]) for row in rows]


def _asset(row: Row) -> Asset:
    values = dict(row)
    return Asset(
        **{
            **values,
            "type": AssetType(values["type"]) if values["type"] else None,
            "status": AssetStatus(values["status"]),
            "tags": tuple(values["tags"]),
        }
    )
