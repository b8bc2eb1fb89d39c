"""The work of a clip that is drawn here: a previsualisation of the prompt, with a sound track in any case."""

import tempfile
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.domain.mv_ports import MvEngine
from adreel_render.domain.mv_task import KeptFile, MvPlan, MvTask
from adreel_render.engine.cues import AudioPlan, MusicBed
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.previsualisation import Previsualisation
from adreel_render.engine.spec import REFERENCE_ROLE, Canvas, Medium
from adreel_render.usecases.local_bytes import local_file
from adreel_render.usecases.mv_record import MvRecord

FPS = 24
"""What music videos and the paid models' clips run at."""
_DRAWN_SHARE = 0.9


class MakeMvVideo:
    """The `mv_video` work handler."""

    def __init__(self, record: MvRecord, engine: MvEngine, blobs: BlobStore, scratch_dir: Path) -> None:
        self._record = record
        self._engine = engine
        self._blobs = blobs
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        task = await self._record.begin(item)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="mv-video-") as folder:
            path = await self._draw(task, Path(folder))
            ref = await self._blobs.put_file(path)
        return await self._record.finish(task, KeptFile(ref.sha256, ref.size_bytes, "video/mp4"))

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        await self._record.failed(item, error, conn)

    async def _draw(self, task: MvTask, folder: Path) -> Path:
        plan = task.plan
        wanted = plan.parameters
        canvas = Canvas.of(wanted["aspect_ratio"], wanted.get("resolution", "1080p"), FPS)
        frames = wanted["duration"] * FPS
        previsualisation = Previsualisation(
            prompt=plan.words,
            frame_count=frames,
            canvas=canvas,
            picture=await self._picture(plan, folder),
            seed=wanted["seed"],
        )
        clip, film = folder / "clip.mp4", folder / "film.mp4"
        async with self._record.progress(task, end=_DRAWN_SHARE) as on_progress:
            await self._engine.draw_previsualisation(previsualisation, clip, on_progress)
        film_plan = FilmPlan(canvas, (FilmClip(clip, str(task.id), frames),), audio=_sound(plan))
        async with self._record.progress(task, start=_DRAWN_SHARE) as on_progress:
            await self._engine.compose(film_plan, film, folder, on_progress)
        return film

    async def _picture(self, plan: MvPlan, folder: Path) -> Medium | None:
        reference = plan.reference
        if reference is None:
            return None
        path = await local_file(self._blobs, reference.sha256, reference.size_bytes, folder)
        return Medium(key=reference.sha256, path=path, role=REFERENCE_ROLE)


def _sound(plan: MvPlan) -> AudioPlan:
    """A bed of music that suits the words, or silence."""
    if not plan.parameters.get("generate_audio", True):
        return AudioPlan()
    return AudioPlan(music=MusicBed(tone=plan.words[:500], seed=plan.parameters["seed"]))
