"""The work of joining clips: each brought into one form, put together by the composer, under one sound track."""

import tempfile
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.errors import ClipNotReady, ParameterRefused
from adreel_render.domain.mv_ports import MvEngine
from adreel_render.domain.mv_task import KeptFile, MvTask
from adreel_render.domain.ports import AssetSource
from adreel_render.engine.cues import AudioPlan, ClipSound, MusicTrack
from adreel_render.engine.merging import MergeLayout, SourceClip, lay_out_merge
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.transitions import TransitionKind
from adreel_render.usecases.local_bytes import local_file
from adreel_render.usecases.mv_record import MvRecord

MOST_SECONDS = 600.0
_NORMALIZED_SHARE = 0.8


class MergeMvVideos:
    """The `mv_merge` work handler."""

    def __init__(
        self,
        *,
        database: Database,
        record: MvRecord,
        engine: MvEngine,
        blobs: BlobStore,
        assets: AssetSource,
        scratch_dir: Path,
    ) -> None:
        self._database = database
        self._record = record
        self._engine = engine
        self._blobs = blobs
        self._assets = assets
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        task = await self._record.begin(item)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="mv-merge-") as folder:
            film, layout = await self._merge(task, Path(folder))
            ref = await self._blobs.put_file(film)
        facts = {
            "duration": round(layout.frame_count / layout.canvas.fps, 3),
            "size": f"{layout.canvas.width_px}x{layout.canvas.height_px}",
            "fps": layout.canvas.fps,
        }
        return await self._record.finish(task, KeptFile(ref.sha256, ref.size_bytes, "video/mp4"), facts=facts)

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        await self._record.failed(item, error, conn)

    async def _merge(self, task: MvTask, folder: Path) -> tuple[Path, MergeLayout]:
        paths = [await self._clip(file, folder) for file in await self._files(task)]
        sources = [await self._engine.look_at(path) for path in paths]
        _check_length(sources)
        layout = lay_out_merge(sources, TransitionKind(task.plan.parameters["transition"]))
        clips, sounds = await self._normalized(task, paths, layout, folder)
        plan = FilmPlan(
            canvas=layout.canvas,
            clips=clips,
            transitions=layout.transitions,
            opening=layout.opening,
            closing=layout.closing,
            audio=await self._audio(task, sounds),
        )
        film = folder / "film.mp4"
        async with self._record.progress(task, start=_NORMALIZED_SHARE) as on_progress:
            await self._engine.compose(plan, film, folder, on_progress)
        return film, layout

    async def _files(self, task: MvTask) -> list[KeptFile]:
        async with self._database.connection() as conn:
            found = [await mv_tasks.find_task(conn, clip) for clip in task.plan.clips]
        files = [clip.result for clip in found if clip is not None and clip.result is not None]
        if len(files) != len(task.plan.clips):
            raise ClipNotReady("A video to be joined is gone.")
        return files

    async def _clip(self, file: KeptFile, folder: Path) -> Path:
        return await local_file(self._blobs, file.sha256, file.size_bytes, folder)

    async def _normalized(
        self, task: MvTask, paths: list[Path], layout: MergeLayout, folder: Path
    ) -> tuple[tuple[FilmClip, ...], tuple[ClipSound, ...]]:
        clips, sounds = [], []
        for place, (path, frames) in enumerate(zip(paths, layout.clips, strict=True)):
            out_path = folder / f"clip-{place}.mp4"
            start, end = (_NORMALIZED_SHARE * edge / len(paths) for edge in (place, place + 1))
            async with self._record.progress(task, start=start, end=end) as on_progress:
                sound = await self._engine.normalize(path, layout.canvas, frames, out_path, on_progress)
            key = f"{task.id}/{place}"
            clips.append(FilmClip(out_path, key, frames.body_frames, frames.head_frames, frames.tail_frames))
            if sound is not None:
                sounds.append(ClipSound(clip=place, path=sound, key=key))
        return tuple(clips), tuple(sounds)

    async def _audio(self, task: MvTask, sounds: tuple[ClipSound, ...]) -> AudioPlan:
        """The clips' own sound; a song takes its place, since two kinds of music at once are none."""
        soundtrack = task.plan.soundtrack
        if soundtrack is None:
            return AudioPlan(clip_sounds=sounds)
        path = await self._assets.local_copy(soundtrack.asset_id, soundtrack.sha256)
        return AudioPlan(music=MusicTrack(path=path, key=soundtrack.sha256))


def _check_length(sources: list[SourceClip]) -> None:
    seconds = sum(source.seconds for source in sources)
    if seconds > MOST_SECONDS:
        raise ParameterRefused(
            f"The videos are {seconds:.0f} s together; at most {MOST_SECONDS:.0f} s are joined.",
            details={"field": "video_ids"},
        )
