"""One scene's clip: drawn now and kept, or found where an equal one was drawn before."""

import asyncio
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Database
from adreel_kit.work_items import WorkItem

from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import StoredClip
from adreel_render.domain.errors import RenderNotFound
from adreel_render.domain.film_layout import FilmLayout, lay_out
from adreel_render.domain.ports import Engine, ProgressReport
from adreel_render.domain.request import RenderRequested
from adreel_render.engine.scene_key import scene_key
from adreel_render.engine.spec import SceneSpec
from adreel_render.usecases.spoken_film import placed_speeches


@dataclass(frozen=True, slots=True)
class SceneWork:
    """The scene that a work item is about; `spoken_frames` is where its voice is heard, counted in its body."""

    request: RenderRequested
    layout: FilmLayout
    number: int
    spoken_frames: tuple[int, int] | None


class DrawClip:
    """Reads the work of a scene, and draws what was described for it."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, engine: Engine, progress: ProgressReport, scratch_dir: Path
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._engine = engine
        self._progress = progress
        self._scratch_dir = scratch_dir

    async def work_of(self, item: WorkItem) -> SceneWork:
        """Raises RenderNotFound."""
        number = int(item.payload["scene_number"])
        async with self._database.connection() as conn:
            request = await renders.load_request(conn, uuid.UUID(item.payload["render_id"]))
            if request is None:
                raise RenderNotFound("The render is gone.")
            layout = lay_out(request)
            said = (await placed_speeches(conn, request, layout)).get(number)
        return SceneWork(request, layout, number, said.in_body if said else None)

    async def clip(self, work: SceneWork, spec: SceneSpec) -> tuple[StoredClip, bool]:
        """The clip of `spec`, and whether it was there. Raises SceneUnrenderable, EngineStopped."""
        key = await asyncio.to_thread(scene_key, spec, work.layout.canvas)
        async with self._database.connection() as conn:
            known = await renders.find_clip(conn, key)
        if known is not None and await self._blobs.stat(known.sha256) is not None:
            return known, True
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="scene-") as folder:
            path = Path(folder) / "clip.mp4"
            async with self._progress.scene(work.request.render_id, work.number) as on_progress:
                frames = await self._engine.draw_scene(spec, work.layout.canvas, path, on_progress)
            ref = await self._blobs.put_file(path)
        return StoredClip(key, ref.sha256, ref.size_bytes, frames), False
