"""SQL over music-video tasks. Every function works in the caller's transaction."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adreel_kit.db import Connection, Row

from adreel_render.domain.mv_task import KeptFile, MvKind, MvPlan, MvState, MvTask

CHANNEL = "mv_tasks"
"""Notified with a task's id when it ends."""


async def insert_task(
    conn: Connection, task_id: uuid.UUID, client_id: uuid.UUID | None, plan: MvPlan, stem: str
) -> bool:
    """Store a new task; False when the id or the stem is taken."""
    inserted = await conn.fetchval(
        "INSERT INTO mv_tasks (id, kind, client_id, plan, stem) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT DO NOTHING RETURNING 1",
        task_id,
        plan.kind.value,
        client_id,
        plan.as_dict(),
        stem,
    )
    return inserted is not None


async def find_task(conn: Connection, task_id: uuid.UUID) -> MvTask | None:
    """The task as it stands."""
    row = await conn.fetchrow("SELECT * FROM mv_tasks WHERE id = $1", task_id)
    return None if row is None else _task(row)


async def find_stem(conn: Connection, task_id: uuid.UUID) -> str:
    """Where the task's result lies, less its ending."""
    return str(await conn.fetchval("SELECT stem FROM mv_tasks WHERE id = $1", task_id))


async def begin(conn: Connection, task_id: uuid.UUID) -> None:
    """A worker is at it; the first time counts."""
    await conn.execute(
        "UPDATE mv_tasks SET state = 'running', started_at = coalesce(started_at, now()) "
        "WHERE id = $1 AND state IN ('pending', 'running')",
        task_id,
    )


async def note_progress(conn: Connection, task_id: uuid.UUID, share: float) -> None:
    """Remember how far it is; a second attempt does not take back what was shown."""
    await conn.execute(
        "UPDATE mv_tasks SET progress = greatest(progress, $2) WHERE id = $1 AND state = 'running'", task_id, share
    )


async def times_of(conn: Connection, task_id: uuid.UUID) -> tuple[datetime, float]:
    """(now, seconds since the work began) by the database's clock."""
    row = await conn.fetchrow(
        "SELECT now() AS at, extract(epoch FROM now() - coalesce(started_at, created_at)) AS seconds "
        "FROM mv_tasks WHERE id = $1",
        task_id,
    )
    assert row is not None, "tasks are never deleted"
    return row["at"], float(row["seconds"])


async def complete(
    conn: Connection,
    task_id: uuid.UUID,
    *,
    file: KeptFile,
    path: str,
    metadata: Mapping[str, Any],
    cost_micros: int,
) -> None:
    """The result is there. Nothing happens to a task that has ended."""
    await conn.execute(
        "UPDATE mv_tasks SET state = 'completed', progress = 1, sha256 = $2, size_bytes = $3, content_type = $4, "
        "path = $5, metadata = $6, cost_micros = $7, finished_at = now() WHERE id = $1 AND state = 'running'",
        task_id,
        file.sha256,
        file.size_bytes,
        file.content_type,
        path,
        dict(metadata),
        cost_micros,
    )
    await _tell(conn, task_id)


async def fail(conn: Connection, task_id: uuid.UUID, error: Mapping[str, Any]) -> None:
    """The task was given up. Nothing happens to one that has ended."""
    await conn.execute(
        "UPDATE mv_tasks SET state = 'failed', error = $2, finished_at = now() "
        "WHERE id = $1 AND state IN ('pending', 'running')",
        task_id,
        dict(error),
    )
    await _tell(conn, task_id)


async def _tell(conn: Connection, task_id: uuid.UUID) -> None:
    await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(task_id))


def _task(row: Row) -> MvTask:
    has_result = row["sha256"] is not None
    return MvTask(
        id=row["id"],
        kind=MvKind(row["kind"]),
        client_id=row["client_id"],
        plan=MvPlan.of(row["plan"]),
        state=MvState(row["state"]),
        progress=row["progress"],
        result=KeptFile(row["sha256"], row["size_bytes"], row["content_type"]) if has_result else None,
        path=row["path"],
        metadata=row["metadata"],
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
