"""The animatic of a storyboard under review: ordered when somebody asks for it, redrawn where scenes changed.

Its render id is made from everything that shapes it, so asking again orders nothing twice and an edited storyboard is
another animatic; clips of scenes that stayed come from the cache.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from adreel_kit import work_items
from adreel_kit.db import Database
from pydantic import ValidationError

from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import MediaRow
from adreel_render.domain.errors import PreviewNotReady, SceneUnrenderable
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.start_render import order_scenes, work_subject

_RETRY_AFTER_SECONDS = 2.0


class EnsurePreview:
    """Answers with the animatic, or orders it and says that it is not ready."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, data: Mapping[str, Any]) -> MediaRow:
        """Raises PreviewNotReady while it is drawn, SceneUnrenderable for what cannot be drawn."""
        request = _request(data)
        try:
            layout = lay_out(request)
        except (ValueError, IndexError) as error:
            raise SceneUnrenderable(f"The storyboard cannot be drawn: {error}") from error
        async with self._database.transaction() as conn:
            await work_items.lock_subject(conn, work_subject(request))
            ready = await renders.find_preview(conn, request.job_id, request.render_id)
            if ready is not None:
                return ready
            if await renders.state_of(conn, request.render_id) in ("failed", "cancelled", "completed"):
                # Completed without being the job's animatic means that another one took its place since.
                await renders.remove_render(conn, request.render_id)
            if await renders.insert_render(conn, request, [clip.body_frames for clip in layout.clips]):
                await work_items.cancel(conn, subject=work_subject(request))
                await renders.cancel_renders(conn, request.job_id, but=request.render_id, only_previews=True)
                await order_scenes(conn, request)
        raise PreviewNotReady("The preview is still being drawn.", retry_after_seconds=_RETRY_AFTER_SECONDS)


def _request(data: Mapping[str, Any]) -> RenderRequested:
    body = {key: value for key, value in data.items() if key != "render_id"}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).digest()
    try:
        return RenderRequested.model_validate(body | {"render_id": uuid.UUID(bytes=digest[:16]), "is_preview": True})
    except ValidationError as error:
        raise SceneUnrenderable("The storyboard cannot be read.") from error
