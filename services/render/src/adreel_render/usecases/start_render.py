"""A render was asked for: store it and order its clips."""

from adreel_kit import work_items
from adreel_kit.bus import DeadLetter, Message, Outcome
from adreel_kit.db import Connection
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import renders
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.events import ErrorData, RenderFailed
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.request import RenderRequested

SCENE_KIND = "scene"
COMPOSE_KIND = "compose"


class StartRender:
    """Handles `render.requested.v1`; a repeated request orders nothing twice."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def handle(self, message: Message[RenderRequested]) -> Outcome:
        request = message.event
        if not request.scenes:
            return DeadLetter("no_scenes", "A render was asked for without scenes.")
        try:
            layout = lay_out(request)
        except ValueError as error:
            await self._refuse(request, SceneUnrenderable(str(error)), message.conn)
            return None
        if await renders.insert_render(message.conn, request, [clip.body_frames for clip in layout.clips]):
            # A newer render of the job takes the place of one still under way.
            await renders.cancel_renders(message.conn, request.job_id, but=request.render_id)
            for subject in (str(request.job_id), f"{request.job_id}/preview"):
                await work_items.cancel(message.conn, subject=subject)
            for scene in request.scenes:
                await order_scene(message.conn, request, scene.scene_number)
        return None

    async def _refuse(self, request: RenderRequested, error: SceneUnrenderable, conn: Connection) -> None:
        await self._outbox.publish(
            RenderFailed(
                job_id=request.job_id,
                render_id=request.render_id,
                error=ErrorData.model_validate(error.facts().as_dict()),
            ),
            conn,
            subject=str(request.job_id),
        )


async def order_scene(conn: Connection, request: RenderRequested, scene_number: int, *, again: int = 0) -> None:
    """Queue the work of one scene; `again` counts how often its clip had to be thrown away."""
    suffix = f"/{again}" if again else ""
    await work_items.enqueue(
        conn,
        kind=SCENE_KIND,
        key=f"{request.render_id}/{scene_number}{suffix}",
        subject=work_subject(request),
        payload={"render_id": str(request.render_id), "scene_number": scene_number, "again": again},
        max_attempts=6,
    )


def work_subject(request: RenderRequested) -> str:
    """What a render's work is cancelled by. An animatic goes with its job, but a film's start does not end it."""
    return f"{request.job_id}/preview" if request.is_preview else str(request.job_id)
