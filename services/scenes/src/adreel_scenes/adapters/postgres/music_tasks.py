"""SQL over the tasks that write music-video scenes. Every function works in the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from adreel_kit.db import Connection, Row
from adreel_kit.errors import ErrorFacts, ErrorKind

from adreel_scenes.domain.music import MusicOrder, MusicScene
from adreel_scenes.domain.music_task import MusicTaskState

CHANNEL = "music_tasks"


@dataclass(frozen=True, slots=True)
class StoredMusicTask:
    """A task as it stands. `scenes` are there once they are written, also while their files are not."""

    id: uuid.UUID
    client_id: str
    order: MusicOrder
    backend: str
    state: MusicTaskState
    scenes: tuple[MusicScene, ...] | None
    files: Mapping[str, str]
    error: ErrorFacts | None
    created_at: datetime
    finished_at: datetime | None


async def add(conn: Connection, task_id: uuid.UUID, client_id: str, order: MusicOrder, backend: str) -> bool:
    """Make the task; False where there is one of this id."""
    made = await conn.fetchval(
        "INSERT INTO music_tasks (id, client_id, request, backend) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (id) DO NOTHING RETURNING id",
        task_id,
        client_id,
        asdict(order),
        backend,
    )
    return made is not None


async def load(conn: Connection, task_id: uuid.UUID) -> StoredMusicTask | None:
    row = await conn.fetchrow("SELECT * FROM music_tasks WHERE id = $1", task_id)
    return None if row is None else _task(row)


async def keep_scenes(conn: Connection, task_id: uuid.UUID, scenes: tuple[MusicScene, ...]) -> None:
    """Keep what was written (and paid for) before anything is done with it."""
    await conn.execute("UPDATE music_tasks SET scenes = $2 WHERE id = $1", task_id, [asdict(scene) for scene in scenes])


async def complete(conn: Connection, task_id: uuid.UUID, files: Mapping[str, str]) -> None:
    await conn.execute(
        "UPDATE music_tasks SET state = 'completed', files = $2, finished_at = now() WHERE id = $1",
        task_id,
        dict(files),
    )
    await _announce(conn, task_id)


async def fail(conn: Connection, task_id: uuid.UUID, error: ErrorFacts) -> None:
    kept = error.as_dict() | {"http_status": error.http_status, "retry_after_seconds": error.retry_after_seconds}
    await conn.execute(
        "UPDATE music_tasks SET state = 'failed', error = $2, finished_at = now() WHERE id = $1", task_id, kept
    )
    await _announce(conn, task_id)


async def _announce(conn: Connection, task_id: uuid.UUID) -> None:
    await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(task_id))


def _task(row: Row) -> StoredMusicTask:
    return StoredMusicTask(
        id=row["id"],
        client_id=row["client_id"],
        order=MusicOrder(**row["request"]),
        backend=row["backend"],
        state=MusicTaskState(row["state"]),
        scenes=None if row["scenes"] is None else tuple(MusicScene(**scene) for scene in row["scenes"]),
        files=row["files"],
        error=None if row["error"] is None else _facts(row["error"]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def _facts(stored: Mapping[str, Any]) -> ErrorFacts:
    return ErrorFacts(**{**stored, "kind": ErrorKind(stored["kind"])})
