"""SQL over storyboards, their scenes and revisions. Every function works in the caller's transaction.

A storyboard is loaded and saved whole. `load(lock=True)` takes its row for the transaction, so that two changes of one
storyboard follow one another and neither is lost.
"""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adreel_kit.db import Connection, Row

from adreel_scenes.domain.problems import StoryWarning
from adreel_scenes.domain.request import StoryboardRequested
from adreel_scenes.domain.scene import Scene, SceneContent, SceneRevision
from adreel_scenes.domain.storyboard import Storyboard


@dataclass(frozen=True, slots=True)
class StoredStoryboard:
    """A storyboard with the request its checks work from and the writing under way, if any."""

    board: Storyboard
    request: StoryboardRequested
    writing_id: uuid.UUID | None
    writing_scene: int | None

    @property
    def is_written(self) -> bool:
        """False until the first storyboard was accepted."""
        return self.board.version > 0


async def begin_writing(conn: Connection, request: StoryboardRequested, asked_ms: int) -> None:
    """Remember that `request` is being written; makes the job's row if there is none."""
    await conn.execute(
        "INSERT INTO storyboards (job_id, asked_ms, request, writing_id, writing_scene) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (job_id) DO UPDATE SET request = EXCLUDED.request, writing_id = EXCLUDED.writing_id, "
        "writing_scene = EXCLUDED.writing_scene, updated_at = now()",
        request.job_id,
        asked_ms,
        request.model_dump(mode="json"),
        request.request_id,
        request.scene_number,
    )


async def end_writing(conn: Connection, job_id: uuid.UUID, request_id: uuid.UUID | None = None) -> None:
    """Forget the writing under way: this one, or whichever it is."""
    await conn.execute(
        "UPDATE storyboards SET writing_id = NULL, writing_scene = NULL "
        "WHERE job_id = $1 AND ($2::uuid IS NULL OR writing_id = $2)",
        job_id,
        request_id,
    )


async def load(conn: Connection, job_id: uuid.UUID, *, lock: bool = False) -> StoredStoryboard | None:
    """The job's storyboard, or None while none was asked for."""
    row = await conn.fetchrow("SELECT * FROM storyboards WHERE job_id = $1" + (" FOR UPDATE" if lock else ""), job_id)
    if row is None:
        return None
    scenes = await conn.fetch("SELECT * FROM scenes WHERE job_id = $1 ORDER BY number", job_id)
    board = Storyboard(
        job_id=job_id,
        version=row["version"],
        locked=row["is_locked"],
        asked_ms=row["asked_ms"],
        scenes=tuple(_scene(scene) for scene in scenes),
        generator=row["generator"],
        feedback=tuple(row["feedback"]),
        warnings=tuple(StoryWarning(**warning) for warning in row["warnings"]),
        highest_revision=row["highest_revision"],
    )
    request = StoryboardRequested.model_validate(row["request"])
    return StoredStoryboard(board, request, row["writing_id"], row["writing_scene"])


async def save(conn: Connection, board: Storyboard, revisions: Sequence[SceneRevision] = ()) -> None:
    """Write the storyboard as it now is, and what its scenes were before."""
    await conn.execute(
        "UPDATE storyboards SET version = $2, is_locked = $3, asked_ms = $4, generator = $5, feedback = $6, "
        "warnings = $7, highest_revision = $8, updated_at = now() WHERE job_id = $1",
        board.job_id,
        board.version,
        board.locked,
        board.asked_ms,
        board.generator,
        list(board.feedback),
        [dataclasses.asdict(warning) for warning in board.warnings],
        board.highest_revision,
    )
    await conn.execute(
        "DELETE FROM scenes WHERE job_id = $1 AND NOT (scene_id = ANY($2))",
        board.job_id,
        [scene.scene_id for scene in board.scenes],
    )
    await conn.executemany(
        "INSERT INTO scenes (scene_id, job_id, number, content, revision, generator, created_at, updated_at, "
        "prompt_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (scene_id) DO UPDATE SET "
        "number = EXCLUDED.number, content = EXCLUDED.content, revision = EXCLUDED.revision, "
        "generator = EXCLUDED.generator, updated_at = EXCLUDED.updated_at, prompt_version = EXCLUDED.prompt_version",
        [
            (
                s.scene_id,
                board.job_id,
                s.number,
                _content_json(s.content),
                s.revision,
                s.generator,
                s.created_at,
                s.updated_at,
                s.prompt_version,
            )
            for s in board.scenes
        ],
    )
    await conn.executemany(
        "INSERT INTO scene_revisions (scene_id, revision, job_id, number, content, generator, cause, changed_by, "
        "changed_at, prompt_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (scene_id, revision) DO NOTHING",
        [
            (
                r.scene_id,
                r.revision,
                board.job_id,
                r.number,
                _content_json(r.content),
                r.generator,
                r.cause,
                r.changed_by,
                r.changed_at,
                r.prompt_version,
            )
            for r in revisions
        ],
    )


async def revisions_of(conn: Connection, scene_id: uuid.UUID) -> list[SceneRevision]:
    """What the scene was before each change, newest first."""
    rows = await conn.fetch("SELECT * FROM scene_revisions WHERE scene_id = $1 ORDER BY revision DESC", scene_id)
    return [
        SceneRevision(
            scene_id=row["scene_id"],
            number=row["number"],
            revision=row["revision"],
            content=_content(row["content"]),
            generator=row["generator"],
            cause=row["cause"],
            changed_by=row["changed_by"],
            changed_at=row["changed_at"],
            prompt_version=row["prompt_version"],
        )
        for row in rows
    ]


def _scene(row: Row) -> Scene:
    return Scene(
        scene_id=row["scene_id"],
        number=row["number"],
        content=_content(row["content"]),
        revision=row["revision"],
        generator=row["generator"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        prompt_version=row["prompt_version"],
    )


def _content_json(content: SceneContent) -> dict[str, Any]:
    return {
        "duration_ms": content.duration_ms,
        "description": content.description,
        "script": content.script,
        "shot_type": content.shot_type,
        "transition": content.transition,
        "asset_ids": list(content.asset_ids),
        "metadata": dict(content.metadata),
    }


def _content(stored: Mapping[str, Any]) -> SceneContent:
    return SceneContent(
        duration_ms=stored["duration_ms"],
        description=stored["description"],
        script=stored["script"],
        shot_type=stored["shot_type"],
        transition=stored["transition"],
        asset_ids=tuple(stored["asset_ids"]),
        metadata=stored["metadata"],
    )
