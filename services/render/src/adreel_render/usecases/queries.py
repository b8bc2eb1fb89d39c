"""Reads: what is served for a job, and its takes."""

import uuid
from typing import Any

from adreel_kit.db import Database
from adreel_kit.ids import parse_id

from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import MediaRow
from adreel_render.domain.errors import PreviewNotReady, RenderNotFound, VideoNotReady


class Queries:
    """Answers look-ups from this service's own tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def media(self, job_id: str, kind: str) -> MediaRow:
        """The served file of one kind; raises VideoNotReady or PreviewNotReady while there is none."""
        async with self._database.connection() as conn:
            row = await renders.find_media(conn, _job(job_id), kind)
        if row is not None:
            return row
        if kind == "preview":
            raise PreviewNotReady("The preview is still being drawn.", retry_after_seconds=2)
        raise VideoNotReady("The video is not finished yet.", retry_after_seconds=5)

    async def takes(self, job_id: str, scene_number: int) -> list[dict[str, Any]]:
        """All takes of a scene, newest first."""
        async with self._database.connection() as conn:
            return await renders.list_takes(conn, _job(job_id), scene_number)


def _job(job_id: str) -> uuid.UUID:
    parsed = parse_id(job_id)
    if parsed is None:
        raise RenderNotFound("There is no such job.")
    return parsed
