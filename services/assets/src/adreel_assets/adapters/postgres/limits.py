"""SQL that counts downloads and bytes. Every function works in the caller's transaction, on the database's clock."""

import uuid
from datetime import timedelta

from adreel_kit.db import Connection

from adreel_assets.domain.limits import DownloadLimits

# Longer than the minute that is counted over; older rows are swept.
KEEP_ROWS = timedelta(minutes=10)


async def begin_download(
    conn: Connection, download_id: uuid.UUID, host: str, client_id: uuid.UUID | None, limits: DownloadLimits
) -> bool:
    """Take a place; False where the host or the client has none free now."""
    await _hold(conn, f"host {host}")
    await _hold_client(conn, client_id)
    row = await conn.fetchrow(
        "WITH recent AS (SELECT host, client_id, started_at, ended_at IS NULL AND held_until > now() AS is_open "
        "FROM downloads WHERE (host = $1 OR client_id IS NOT DISTINCT FROM $2) AND started_at > now() - $3::interval) "
        "SELECT count(*) FILTER (WHERE host = $1 AND is_open) AS host_open, "
        "count(*) FILTER (WHERE client_id IS NOT DISTINCT FROM $2 AND is_open) AS client_open, "
        "count(*) FILTER (WHERE host = $1 AND started_at > now() - interval '1 minute') AS host_begun, "
        "count(*) FILTER (WHERE client_id IS NOT DISTINCT FROM $2 AND started_at > now() - interval '1 minute') "
        "AS client_begun FROM recent",
        host,
        client_id,
        max(limits.held_at_most, timedelta(minutes=1)),
    )
    assert row is not None, "an aggregate has one row"
    is_free = (
        row["host_open"] < limits.at_once_per_host
        and row["client_open"] < limits.at_once_per_client
        and _is_below(row["host_begun"], limits.per_minute_per_host)
        and _is_below(row["client_begun"], limits.per_minute_per_client)
    )
    if is_free:
        await conn.execute(
            "INSERT INTO downloads (id, host, client_id, held_until) VALUES ($1, $2, $3, now() + $4::interval)",
            download_id,
            host,
            client_id,
            limits.held_at_most,
        )
    return is_free


async def move_download(conn: Connection, download_id: uuid.UUID, host: str, limits: DownloadLimits) -> bool:
    """Count a download under way for `host`, where a redirect leads it; False where that host has no place free."""
    await _hold(conn, f"host {host}")
    row = await conn.fetchrow(
        "SELECT count(*) FILTER (WHERE ended_at IS NULL AND held_until > now()) AS host_open, "
        "count(*) FILTER (WHERE started_at > now() - interval '1 minute') AS host_begun "
        "FROM downloads WHERE host = $1 AND id <> $2 AND started_at > now() - $3::interval",
        host,
        download_id,
        max(limits.held_at_most, timedelta(minutes=1)),
    )
    assert row is not None, "an aggregate has one row"
    if row["host_open"] >= limits.at_once_per_host or not _is_below(row["host_begun"], limits.per_minute_per_host):
        return False
    await conn.execute("UPDATE downloads SET host = $2 WHERE id = $1", download_id, host)
    return True


async def end_download(conn: Connection, download_id: uuid.UUID) -> None:
    """Give the place back; the row stays for the rate."""
    await conn.execute("UPDATE downloads SET ended_at = now() WHERE id = $1", download_id)


async def may_order(conn: Connection, client_id: uuid.UUID | None, limits: DownloadLimits) -> bool:
    """Whether a caller of this client may ask for one more download: those begun this minute and those that wait."""
    await _hold_client(conn, client_id)
    ordered: int = await conn.fetchval(
        "SELECT (SELECT count(*) FROM downloads WHERE client_id IS NOT DISTINCT FROM $1 "
        "AND started_at > now() - interval '1 minute' AND ended_at IS NOT NULL) "
        "+ (SELECT count(*) FROM assets WHERE client_id IS NOT DISTINCT FROM $1 AND status = 'pending')",
        client_id,
    )
    return _is_below(ordered, limits.per_minute_per_client)


async def used_bytes(conn: Connection, client_id: uuid.UUID) -> int:
    """What the client's assets take, each counted in full; nobody else adds any until the transaction ends."""
    await _hold_client(conn, client_id)
    used: int = await conn.fetchval(
        "SELECT coalesce(sum(size_bytes), 0)::bigint FROM assets WHERE client_id = $1 AND status = 'ready'", client_id
    )
    return used


async def forget_old_downloads(conn: Connection, older_than: timedelta) -> None:
    """Remove rows that count for nothing any more."""
    await conn.execute(
        "DELETE FROM downloads WHERE started_at < now() - $1::interval "
        "AND (ended_at IS NOT NULL OR held_until < now())",
        older_than,
    )


def _is_below(count: int, limit: int) -> bool:
    return limit == 0 or count < limit


async def _hold(conn: Connection, what: str) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", what)


async def _hold_client(conn: Connection, client_id: uuid.UUID | None) -> None:
    await _hold(conn, f"client {client_id}")
