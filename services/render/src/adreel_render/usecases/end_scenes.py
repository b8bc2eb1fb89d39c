"""What follows when a scene's clip is kept, whoever made it, and when a render is given up."""

import uuid
from dataclasses import dataclass

from adreel_kit import work_items
from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import StoredClip
from adreel_render.domain.events import ClipReady, CostLine, ErrorData, RenderFailed
from adreel_render.domain.film_layout import FilmLayout
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.start_render import COMPOSE_KIND, work_subject

_OPEN = ("rendering", "composing")


@dataclass(frozen=True, slots=True)
class MadeClip:
    """A scene's clip and how it came to be. `purchase_ids` are the attempts whose output it shows."""

    clip: StoredClip
    backend: str
    model: str
    is_reused: bool
    cost_micros: int = 0
    purchase_ids: tuple[uuid.UUID, ...] = ()


async def record_clip(
    conn: Connection, outbox: Outbox, request: RenderRequested, layout: FilmLayout, number: int, made: MadeClip
) -> None:
    """Keep a clip as the scene's own, tell of it and its cost, and order the film after the last one."""
    before = await renders.standing(conn, request.render_id, lock=True)
    if before is None or before.state != "rendering":
        return  # cancelled meanwhile; the bytes stay in the cache for another day
    await renders.keep_clip(conn, made.clip)
    scene_id = request.scene(number).id
    # A scene that is as it was keeps the take that a person has chosen for it.
    chosen = None if request.is_preview else await renders.chosen_over(conn, scene_id, made.clip)
    await renders.set_clip(conn, request.render_id, number, (chosen or made.clip).key)
    if not request.is_preview:
        await _announce(conn, outbox, request, layout, number, made)
    if chosen is not None:
        await renders.keep_choice(conn, scene_id, chosen.key)
    standing = await renders.standing(conn, request.render_id)
    if standing is not None and standing.scenes_done == standing.scenes_total:
        await order_film(conn, request)


async def _announce(
    conn: Connection, outbox: Outbox, request: RenderRequested, layout: FilmLayout, number: int, made: MadeClip
) -> None:
    seconds = layout.clips[number - 1].body_frames / layout.canvas.fps
    take_id = await renders.add_take(
        conn,
        request,
        scene_number=number,
        clip_key=made.clip.key,
        backend=made.backend,
        model=made.model,
        duration_seconds=seconds,
        cost_micros=made.cost_micros,
    )
    lines: list[CostLine] = []
    if made.purchase_ids:
        lines = await ledger.bill(conn, made.purchase_ids, str(request.render_id))
    await outbox.publish(
        ClipReady(
            job_id=request.job_id,
            render_id=request.render_id,
            scene_number=number,
            take_id=take_id,
            backend=made.backend,
            duration_seconds=seconds,
            # A clip that was there but whose price nobody has told yet is not one that costs nothing.
            is_reused=made.is_reused and not lines,
            cost_lines=lines,
        ),
        conn,
        subject=str(request.job_id),
    )


async def order_film(conn: Connection, request: RenderRequested) -> None:
    """Queue the joining of a render whose clips are all there."""
    if await renders.move(conn, request.render_id, to="composing", when=("rendering",)):
        count = await conn.fetchval(
            "SELECT count(*) FROM work_items WHERE kind = $1 AND key LIKE $2", COMPOSE_KIND, f"{request.render_id}%"
        )
        await work_items.enqueue(
            conn,
            kind=COMPOSE_KIND,
            key=f"{request.render_id}/{count}",
            subject=work_subject(request),
            payload={"render_id": str(request.render_id)},
            max_attempts=5,
        )


async def fail_render(
    conn: Connection, outbox: Outbox, render_id: uuid.UUID, error: ErrorFacts, *, scene_number: int | None
) -> None:
    """Give a render up: its other work stops, and the job hears why."""
    request = await renders.load_request(conn, render_id)
    if request is None:
        return
    if await renders.state_of(conn, render_id) not in _OPEN:
        return
    await work_items.cancel(conn, subject=work_subject(request))
    await renders.move(conn, render_id, to="failed", when=_OPEN)
    if request.is_preview:
        return
    await outbox.publish(
        RenderFailed(
            job_id=request.job_id,
            render_id=render_id,
            error=ErrorData.model_validate(error.as_dict()),
            scene_number=scene_number,
            # The whole of it: clips that were told of before are in here again, and counted once.
            cost_lines=await ledger.bill_round(conn, str(render_id)),
        ),
        conn,
        subject=str(request.job_id),
    )
