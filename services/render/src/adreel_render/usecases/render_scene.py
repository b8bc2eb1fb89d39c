"""The work of one scene: draw its clip unless it exists, keep it, and order the film after the last one."""

import asyncio
import tempfile
import uuid
from pathlib import Path

from adreel_kit import work_items
from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import StoredClip
from adreel_render.domain.errors import RenderNotFound, SceneUnrenderable
from adreel_render.domain.events import ClipReady, ErrorData, RenderFailed
from adreel_render.domain.film_layout import FilmLayout, lay_out
from adreel_render.domain.ports import Engine, ProgressReport
from adreel_render.domain.request import RenderRequested
from adreel_render.engine.scene_key import scene_key
from adreel_render.engine.spec import SceneSpec
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.start_render import COMPOSE_KIND, work_subject

log = get_logger(__name__)

LOCAL = "local"


class RenderScene:
    """The `scene` work handler for the local engine."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        blobs: BlobStore,
        engine: Engine,
        describe: DescribeScene,
        progress: ProgressReport,
        scratch_dir: Path,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._blobs = blobs
        self._engine = engine
        self._describe = describe
        self._progress = progress
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        render_id = uuid.UUID(item.payload["render_id"])
        number = int(item.payload["scene_number"])
        async with self._database.connection() as conn:
            request = await renders.load_request(conn, render_id)
        if request is None:
            raise RenderNotFound("The render is gone.")
        layout = lay_out(request)
        clip, is_reused = await self._clip(request, layout, number)

        async def finish(conn: Connection) -> None:
            await self._record(conn, request, layout, number, clip, is_reused=is_reused)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        render_id = uuid.UUID(item.payload["render_id"])
        await fail_render(conn, self._outbox, render_id, error, scene_number=int(item.payload["scene_number"]))

    async def _clip(self, request: RenderRequested, layout: FilmLayout, number: int) -> tuple[StoredClip, bool]:
        """The scene's clip, drawn now or found. A medium that cannot be drawn is left out, as a failed one is."""
        without: frozenset[str] = frozenset()
        while True:
            spec = await self._describe.spec(request, layout, number, without=without)
            key = await asyncio.to_thread(scene_key, spec, layout.canvas)
            async with self._database.connection() as conn:
                known = await renders.find_clip(conn, key)
            if known is not None and await self._blobs.stat(known.sha256) is not None:
                return known, True
            try:
                return await self._draw(request, layout, spec, key), False
            except SceneUnrenderable as error:
                medium = str(error.details.get("medium", ""))
                if not medium or medium in without:
                    raise
                log.warning("medium.left_out", medium=medium, scene_number=number, reason=error.details.get("reason"))
                without |= {medium}

    async def _draw(self, request: RenderRequested, layout: FilmLayout, spec: SceneSpec, key: str) -> StoredClip:
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="scene-") as folder:
            path = Path(folder) / "clip.mp4"
            async with self._progress.scene(request.render_id, spec.number) as on_progress:
                frames = await self._engine.draw_scene(spec, layout.canvas, path, on_progress)
            ref = await self._blobs.put_file(path)
        return StoredClip(key, ref.sha256, ref.size_bytes, frames)

    async def _record(
        self,
        conn: Connection,
        request: RenderRequested,
        layout: FilmLayout,
        number: int,
        clip: StoredClip,
        *,
        is_reused: bool,
    ) -> None:
        before = await renders.standing(conn, request.render_id, lock=True)
        if before is None or before.state != "rendering":
            return  # cancelled meanwhile; the bytes stay in the cache for another day
        await renders.keep_clip(conn, clip)
        await renders.set_clip(conn, request.render_id, number, clip.key)
        if not request.is_preview:
            await self._announce(conn, request, layout, number, clip, is_reused=is_reused)
        await self._order_film_if_complete(conn, request)

    async def _announce(
        self,
        conn: Connection,
        request: RenderRequested,
        layout: FilmLayout,
        number: int,
        clip: StoredClip,
        *,
        is_reused: bool,
    ) -> None:
        seconds = layout.clips[number - 1].body_frames / layout.canvas.fps
        take_id = await renders.add_take(
            conn,
            request,
            scene_number=number,
            clip_key=clip.key,
            backend=LOCAL,
            model=LOCAL,
            duration_seconds=seconds,
            cost_micros=0,
        )
        await self._outbox.publish(
            ClipReady(
                job_id=request.job_id,
                render_id=request.render_id,
                scene_number=number,
                take_id=take_id,
                backend=LOCAL,
                duration_seconds=seconds,
                is_reused=is_reused,
            ),
            conn,
            subject=str(request.job_id),
        )

    async def _order_film_if_complete(self, conn: Connection, request: RenderRequested) -> None:
        standing = await renders.standing(conn, request.render_id)
        if standing is not None and standing.scenes_done == standing.scenes_total:
            await order_film(conn, request)


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
    if not await renders.move(conn, render_id, to="failed", when=("rendering", "composing")):
        return
    await work_items.cancel(conn, subject=work_subject(request))
    if request.is_preview:
        return
    await outbox.publish(
        RenderFailed(
            job_id=request.job_id,
            render_id=render_id,
            error=ErrorData.model_validate(error.as_dict()),
            scene_number=scene_number,
        ),
        conn,
        subject=str(request.job_id),
    )
