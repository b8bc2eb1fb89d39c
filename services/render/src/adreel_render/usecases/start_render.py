"""A render was asked for: store it and order its clips."""

from adreel_kit import work_items
from adreel_kit.bus import DeadLetter, Message, Outcome
from adreel_kit.db import Connection
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import renders
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.events import ErrorData, RenderFailed
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.paid_scene import PAID_BACKENDS
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.buying.book import book_leftovers

SCENE_KIND = "scene"
PAID_SCENE_KIND = "paid_scene"
COMPOSE_KIND = "compose"
VOICE_KIND = "voice"


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
            for subject in (str(request.job_id), f"{request.job_id}/preview"):
                await work_items.cancel(message.conn, subject=subject)
            await renders.cancel_renders(message.conn, request.job_id, but=request.render_id)
            await book_leftovers(message.conn, self._outbox, request.job_id)
            await order_scenes(message.conn, request)
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


async def order_scenes(conn: Connection, request: RenderRequested) -> None:
    """Queue what comes first: the voices of a film that is to have some, whose end orders the scenes; else these."""
    if request.video.voiceover:
        await order_voices(conn, request)
        return
    for scene in request.scenes:
        await order_scene(conn, request, scene.scene_number)


async def order_voices(conn: Connection, request: RenderRequested) -> None:
    """Queue the speaking of all scenes."""
    await work_items.enqueue(
        conn,
        kind=VOICE_KIND,
        key=str(request.render_id),
        subject=work_subject(request),
        payload={"render_id": str(request.render_id)},
        max_attempts=4,
    )


async def order_scene(conn: Connection, request: RenderRequested, scene_number: int, *, again: int = 0) -> None:
    """Queue the work of one scene; `again` counts how often its clip had to be thrown away."""
    suffix = f"/{again}" if again else ""
    await work_items.enqueue(
        conn,
        kind=PAID_SCENE_KIND if is_paid(request) else SCENE_KIND,
        key=f"{request.render_id}/{scene_number}{suffix}",
        subject=work_subject(request),
        payload={"render_id": str(request.render_id), "scene_number": scene_number, "again": again},
        max_attempts=6,
    )


def is_paid(request: RenderRequested) -> bool:
    """Whether the clips are bought; an animatic is drawn here whatever the backend."""
    return request.video.backend in PAID_BACKENDS and not request.is_preview


def work_subject(request: RenderRequested) -> str:
    """What a render's work is cancelled by. An animatic goes with its job, but a film's start does not end it."""
    return f"{request.job_id}/preview" if request.is_preview else str(request.job_id)
