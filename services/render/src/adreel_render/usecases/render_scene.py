"""The work of one scene: draw its clip unless it exists, keep it, and order the film after the last one."""

import asyncio
import tempfile
import uuid
from pathlib import Path

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
from adreel_render.domain.film_layout import FilmLayout, lay_out
from adreel_render.domain.ports import Engine, ProgressReport
from adreel_render.domain.request import RenderRequested
from adreel_render.engine.scene_key import scene_key
from adreel_render.engine.spec import SceneSpec
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.end_scenes import MadeClip, fail_render, record_clip
from adreel_render.usecases.spoken_film import placed_speeches

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
            said = (await placed_speeches(conn, request, layout)).get(number)
        clip, is_reused = await self._clip(request, layout, number, said.in_body if said else None)

        async def finish(conn: Connection) -> None:
            made = MadeClip(clip, backend=LOCAL, model=LOCAL, is_reused=is_reused)
            await record_clip(conn, self._outbox, request, layout, number, made)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        render_id = uuid.UUID(item.payload["render_id"])
        await fail_render(conn, self._outbox, render_id, error, scene_number=int(item.payload["scene_number"]))

    async def _clip(
        self, request: RenderRequested, layout: FilmLayout, number: int, spoken_frames: tuple[int, int] | None
    ) -> tuple[StoredClip, bool]:
        """The scene's clip, drawn now or found. A medium that cannot be drawn is left out, as a failed one is."""
        without: frozenset[str] = frozenset()
        while True:
            spec = await self._describe.spec(request, layout, number, without=without, spoken_frames=spoken_frames)
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
