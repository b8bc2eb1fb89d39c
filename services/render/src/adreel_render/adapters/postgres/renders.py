"""SQL over renders, clips, takes and media. Every function works in the caller's transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adreel_kit.db import Connection, Row

from adreel_render.domain.request import RenderRequested


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A clip in the blob store."""

    key: str
    sha256: str
    size_bytes: int
    frame_count: int


@dataclass(frozen=True, slots=True)
class NewMedia:
    """A file that is served for a job."""

    kind: str
    sha256: str
    size_bytes: int
    content_type: str
    duration_seconds: float = 0.0
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True)
class MediaRow:
    """A served file as it is stored."""

    kind: str
    sha256: str
    size_bytes: int
    content_type: str
    duration_seconds: float
    width_px: int
    height_px: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a render is: frames over all its scenes, and how many clips are there."""

    state: str
    frames_done: int
    frames_total: int
    scenes_done: int
    scenes_total: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A take with its clip's frames."""

    id: uuid.UUID
    scene_id: uuid.UUID
    clip_key: str
    is_selected: bool
    frame_count: int


@dataclass(frozen=True, slots=True)
class LatestRender:
    """A job's newest render of a film."""

    state: str
    request: RenderRequested


async def insert_render(conn: Connection, request: RenderRequested, frames: list[int]) -> bool:
    """Store a render and its scenes; False when it is known already."""
    inserted = await conn.fetchval(
        "INSERT INTO renders (render_id, job_id, client_id, storyboard_version, request, is_preview) "
        "VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (render_id) DO NOTHING RETURNING 1",
        request.render_id,
        request.job_id,
        request.client_id,
        request.storyboard_version,
        request.model_dump(mode="json"),
        request.is_preview,
    )
    if inserted is None:
        return False
    await conn.executemany(
        "INSERT INTO render_scenes (render_id, scene_number, frames_total) VALUES ($1, $2, $3)",
        [(request.render_id, number, count) for number, count in enumerate(frames, start=1)],
    )
    return True


async def load_request(conn: Connection, render_id: uuid.UUID) -> RenderRequested | None:
    """The request of a render, or None where there is no such render."""
    body = await conn.fetchval("SELECT request FROM renders WHERE render_id = $1", render_id)
    return None if body is None else RenderRequested.model_validate(body)


async def find_clip(conn: Connection, key: str) -> StoredClip | None:
    """The clip of this key, if it was ever made."""
    row = await conn.fetchrow("SELECT key, sha256, size_bytes, frame_count FROM clips WHERE key = $1", key)
    return None if row is None else StoredClip(**dict(row))


async def keep_clip(conn: Connection, clip: StoredClip) -> None:
    """Store a clip; the first of equal ones stays."""
    await conn.execute(
        "INSERT INTO clips (key, sha256, size_bytes, frame_count) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        clip.key,
        clip.sha256,
        clip.size_bytes,
        clip.frame_count,
    )


async def forget_clip(conn: Connection, key: str) -> None:
    """Have a clip made again: its bytes turned out to be unusable. Takes keep their row and get the new bytes."""
    await conn.execute("UPDATE clips SET sha256 = '', size_bytes = 0 WHERE key = $1", key)


async def add_take(
    conn: Connection,
    request: RenderRequested,
    *,
    scene_number: int,
    clip_key: str,
    backend: str,
    model: str,
    duration_seconds: float,
    cost_micros: int,
) -> uuid.UUID:
    """Store the scene's take made of this clip and select it; the same clip again is the same take."""
    scene = request.scene(scene_number)
    await conn.execute("UPDATE takes SET is_selected = false WHERE scene_id = $1 AND is_selected", scene.id)
    take_id: uuid.UUID = await conn.fetchval(
        "INSERT INTO takes (id, job_id, scene_id, scene_number, clip_key, backend, model, duration_seconds, "
        "cost_micros, storyboard_version, is_selected) VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "true) ON CONFLICT (scene_id, clip_key) DO UPDATE SET is_selected = true, "
        "scene_number = EXCLUDED.scene_number RETURNING id",
        request.job_id,
        scene.id,
        scene_number,
        clip_key,
        backend,
        model,
        duration_seconds,
        cost_micros,
        request.storyboard_version,
    )
    return take_id


async def set_clip(conn: Connection, render_id: uuid.UUID, scene_number: int, clip_key: str) -> None:
    """The scene's clip is there."""
    await conn.execute(
        "UPDATE render_scenes SET clip_key = $3, frames_done = frames_total WHERE render_id = $1 AND scene_number = $2",
        render_id,
        scene_number,
        clip_key,
    )


async def drop_clip(conn: Connection, render_id: uuid.UUID, scene_number: int) -> None:
    """The scene's clip cannot be used and is to be made again."""
    await conn.execute(
        "UPDATE render_scenes SET clip_key = NULL, frames_done = 0 WHERE render_id = $1 AND scene_number = $2",
        render_id,
        scene_number,
    )


async def clips_of(conn: Connection, render_id: uuid.UUID) -> list[StoredClip]:
    """The clips of a render in scene order; shorter than the storyboard while some are missing."""
    rows = await conn.fetch(
        "SELECT c.key, c.sha256, c.size_bytes, c.frame_count FROM render_scenes s "
        "JOIN clips c ON c.key = s.clip_key WHERE s.render_id = $1 ORDER BY s.scene_number",
        render_id,
    )
    return [StoredClip(**dict(row)) for row in rows]


async def standing(conn: Connection, render_id: uuid.UUID, *, lock: bool = False) -> Standing | None:
    """How far a render is. With `lock`, whoever else asks with it waits for this transaction's end."""
    state = await conn.fetchrow(
        "SELECT state, extract(epoch FROM now() - created_at) AS age FROM renders WHERE render_id = $1"
        + (" FOR UPDATE" if lock else ""),
        render_id,
    )
    if state is None:
        return None
    row: Row | None = await conn.fetchrow(
        "SELECT coalesce(sum(frames_done), 0) AS done, coalesce(sum(frames_total), 0) AS total, "
        "count(clip_key) AS scenes_done, count(*) AS scenes FROM render_scenes WHERE render_id = $1",
        render_id,
    )
    assert row is not None, "an aggregate always gives a row"
    return Standing(
        state=state["state"],
        frames_done=int(row["done"]),
        frames_total=int(row["total"]),
        scenes_done=row["scenes_done"],
        scenes_total=row["scenes"],
        age_seconds=float(state["age"]),
    )


async def note_frames(conn: Connection, render_id: uuid.UUID, scene_number: int, frames_done: int) -> None:
    """Remember how far a scene's clip is; a second attempt does not take back what was shown."""
    await conn.execute(
        "UPDATE render_scenes SET frames_done = greatest(frames_done, least($3, frames_total)) "
        "WHERE render_id = $1 AND scene_number = $2",
        render_id,
        scene_number,
        frames_done,
    )


async def next_progress(conn: Connection, render_id: uuid.UUID, percent: float) -> tuple[int, float] | None:
    """Count up the render's progress: sequence and the percentage to show, which never falls. None once it ended."""
    row = await conn.fetchrow(
        "UPDATE renders SET sequence = sequence + 1, percent = greatest(percent, $2) "
        "WHERE render_id = $1 AND state IN ('rendering', 'composing') RETURNING sequence, percent",
        render_id,
        percent,
    )
    return None if row is None else (row["sequence"], row["percent"])


async def move(conn: Connection, render_id: uuid.UUID, *, to: str, when: tuple[str, ...]) -> bool:
    """Change a render's state if it is one of `when`; says whether it was."""
    moved = await conn.fetchval(
        "UPDATE renders SET state = $2, "
        "finished_at = CASE WHEN $2 IN ('completed', 'failed', 'cancelled') THEN now() END "
        "WHERE render_id = $1 AND state = ANY($3) RETURNING 1",
        render_id,
        to,
        list(when),
    )
    return moved is not None


async def cancel_renders(
    conn: Connection, job_id: uuid.UUID, *, but: uuid.UUID | None = None, only_previews: bool = False
) -> None:
    """Mark the open renders of a job as cancelled, all or all but one, or only its animatics."""
    await conn.execute(
        "UPDATE renders SET state = 'cancelled', finished_at = now() "
        "WHERE job_id = $1 AND state IN ('rendering', 'composing') AND render_id IS DISTINCT FROM $2 "
        "AND (is_preview OR NOT $3)",
        job_id,
        but,
        only_previews,
    )


async def keep_media(conn: Connection, request: RenderRequested, media: NewMedia) -> None:
    """Serve this file from now on in place of the job's earlier one of the same kind."""
    await conn.execute(
        "INSERT INTO media (job_id, kind, render_id, sha256, size_bytes, content_type, duration_seconds, width_px, "
        "height_px) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (job_id, kind) DO UPDATE SET "
        "render_id = EXCLUDED.render_id, sha256 = EXCLUDED.sha256, size_bytes = EXCLUDED.size_bytes, "
        "content_type = EXCLUDED.content_type, duration_seconds = EXCLUDED.duration_seconds, "
        "width_px = EXCLUDED.width_px, height_px = EXCLUDED.height_px, created_at = now()",
        request.job_id,
        media.kind,
        request.render_id,
        media.sha256,
        media.size_bytes,
        media.content_type,
        media.duration_seconds,
        media.width_px,
        media.height_px,
    )


async def find_media(conn: Connection, job_id: uuid.UUID, kind: str) -> MediaRow | None:
    """The served file of one kind of a job."""
    row = await conn.fetchrow(
        "SELECT kind, sha256, size_bytes, content_type, duration_seconds, width_px, height_px, created_at FROM media "
        "WHERE job_id = $1 AND kind = $2",
        job_id,
        kind,
    )
    return None if row is None else MediaRow(**dict(row))


async def list_takes(conn: Connection, job_id: uuid.UUID, scene_number: int) -> list[dict[str, Any]]:
    """All takes of a scene, newest first."""
    rows = await conn.fetch(
        "SELECT id, scene_number, backend, model, duration_seconds, cost_micros, is_selected, storyboard_version, "
        "created_at FROM takes WHERE job_id = $1 AND scene_number = $2 ORDER BY created_at DESC, id",
        job_id,
        scene_number,
    )
    return [dict(row) for row in rows]


async def find_preview(conn: Connection, job_id: uuid.UUID, render_id: uuid.UUID) -> MediaRow | None:
    """The job's animatic if it is the one of this render: another one is of an older storyboard."""
    row = await conn.fetchrow(
        "SELECT kind, sha256, size_bytes, content_type, duration_seconds, width_px, height_px, created_at FROM media "
        "WHERE job_id = $1 AND kind = 'preview' AND render_id = $2",
        job_id,
        render_id,
    )
    return None if row is None else MediaRow(**dict(row))


async def state_of(conn: Connection, render_id: uuid.UUID) -> str | None:
    """Where a render stands, or None where there is no such render."""
    state: str | None = await conn.fetchval("SELECT state FROM renders WHERE render_id = $1", render_id)
    return state


async def remove_render(conn: Connection, render_id: uuid.UUID) -> None:
    """Forget a render that ended without a film, so that it can be asked for again."""
    await conn.execute("DELETE FROM work_items WHERE payload ->> 'render_id' = $1", str(render_id))
    await conn.execute("DELETE FROM renders WHERE render_id = $1", render_id)


async def find_take(conn: Connection, job_id: uuid.UUID, scene_number: int, take_id: uuid.UUID) -> TakeRow | None:
    """One take of a scene, held for the transaction."""
    row = await conn.fetchrow(
        "SELECT t.id, t.scene_id, t.clip_key, t.is_selected, c.frame_count FROM takes t "
        "JOIN clips c ON c.key = t.clip_key WHERE t.job_id = $1 AND t.scene_number = $2 AND t.id = $3 FOR UPDATE OF t",
        job_id,
        scene_number,
        take_id,
    )
    return None if row is None else TakeRow(**dict(row))


async def choose_take(conn: Connection, take: TakeRow) -> None:
    """Make this take the scene's own in place of the one that its storyboard makes, which is remembered."""
    made: str | None = await conn.fetchval(
        "SELECT coalesce(chosen_over, clip_key) FROM takes WHERE scene_id = $1 AND is_selected", take.scene_id
    )
    await conn.execute("UPDATE takes SET is_selected = false WHERE scene_id = $1 AND is_selected", take.scene_id)
    await conn.execute(
        "UPDATE takes SET is_selected = true, chosen_over = nullif($2, clip_key) WHERE id = $1", take.id, made
    )


async def chosen_over(conn: Connection, scene_id: uuid.UUID, made: StoredClip) -> StoredClip | None:
    """The clip that a person has chosen in place of this one, if that holds still and fits."""
    row = await conn.fetchrow(
        "SELECT c.key, c.sha256, c.size_bytes, c.frame_count FROM takes t JOIN clips c ON c.key = t.clip_key "
        "WHERE t.scene_id = $1 AND t.is_selected AND t.chosen_over = $2 AND c.frame_count = $3 AND c.sha256 <> ''",
        scene_id,
        made.key,
        made.frame_count,
    )
    return None if row is None else StoredClip(**dict(row))


async def keep_choice(conn: Connection, scene_id: uuid.UUID, clip_key: str) -> None:
    """Have the chosen take stay the scene's own after the take that it was chosen over was made again."""
    await conn.execute("UPDATE takes SET is_selected = false WHERE scene_id = $1 AND is_selected", scene_id)
    await conn.execute("UPDATE takes SET is_selected = true WHERE scene_id = $1 AND clip_key = $2", scene_id, clip_key)


async def latest_render(conn: Connection, job_id: uuid.UUID) -> LatestRender | None:
    """The job's newest render of a film, animatics left aside."""
    row = await conn.fetchrow(
        "SELECT state, request FROM renders WHERE job_id = $1 AND NOT is_preview ORDER BY created_at DESC LIMIT 1",
        job_id,
    )
    return None if row is None else LatestRender(row["state"], RenderRequested.model_validate(row["request"]))


async def copy_clips(conn: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
    """Give a render the clips of another one of the same scenes."""
    await conn.execute(
        "UPDATE render_scenes t SET clip_key = s.clip_key, frames_done = t.frames_total FROM render_scenes s "
        "WHERE s.render_id = $1 AND t.render_id = $2 AND s.scene_number = t.scene_number",
        source,
        target,
    )


async def is_job(conn: Connection, job_id: uuid.UUID) -> bool:
    """Whether anything was ever rendered for a job of this id."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT 1 FROM renders WHERE job_id = $1)", job_id))
