"""The work of joining: clips to film, poster and captions, stored and announced in one transaction."""

import asyncio
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.adapters.postgres import renders
from adreel_render.adapters.postgres.renders import NewMedia, StoredClip
from adreel_render.domain.errors import EngineStopped, RenderNotFound
from adreel_render.domain.events import RenderCompleted, StoredMedia
from adreel_render.domain.film_layout import FilmLayout, lay_out
from adreel_render.domain.ports import AssetSource, Engine, ProgressReport
from adreel_render.domain.request import RenderRequested, RequestedScene
from adreel_render.engine.captions import CaptionedScene, film_phrases, webvtt
from adreel_render.engine.cues import AudioPlan, ClipSound, MusicBed, MusicTrack, VoiceCue
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.usecases.buying.book import book_leftovers
from adreel_render.usecases.describe_scene import clip_heard
from adreel_render.usecases.end_scenes import fail_render
from adreel_render.usecases.spoken_film import PlacedSpeech, placed_speeches
from adreel_render.usecases.start_render import is_paid, order_scene

log = get_logger(__name__)

# A clip that cannot be read is drawn again this often before the render is given up.
_MOST_REPAIRS = 2


class ComposeFilm:
    """The `compose` work handler."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        blobs: BlobStore,
        engine: Engine,
        assets: AssetSource,
        progress: ProgressReport,
        scratch_dir: Path,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._blobs = blobs
        self._engine = engine
        self._assets = assets
        self._progress = progress
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        render_id = uuid.UUID(item.payload["render_id"])
        async with self._database.connection() as conn:
            request = await renders.load_request(conn, render_id)
            clips = await renders.clips_of(conn, render_id)
            if request is None or len(clips) != len(request.scenes):
                raise RenderNotFound("The render or its clips are gone.")
            layout = lay_out(request)
            said = await placed_speeches(conn, request, layout)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="film-") as folder:
            try:
                media = await self._make(request, layout, clips, said, Path(folder))
            except EngineStopped as error:
                place = error.details.get("clip")
                if not isinstance(place, int) or item.attempt > _MOST_REPAIRS:
                    raise
                return self._redraw(request, clips[place], place + 1, item.attempt)

        async def finish(conn: Connection) -> None:
            await self._record(conn, request, layout, media)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        render_id = uuid.UUID(item.payload["render_id"])
        await fail_render(conn, self._outbox, render_id, error, scene_number=None)

    async def _make(
        self,
        request: RenderRequested,
        layout: FilmLayout,
        clips: list[StoredClip],
        said: Mapping[int, PlacedSpeech],
        folder: Path,
    ) -> list[NewMedia]:
        refs = [BlobRef(clip.sha256, clip.size_bytes) for clip in clips]
        paths = await asyncio.gather(*(self._local(ref, folder, "mp4") for ref in refs))
        plan = FilmPlan(
            canvas=layout.canvas,
            clips=tuple(
                FilmClip(path, clip.key, frames.body_frames, frames.head_frames, frames.tail_frames)
                for path, clip, frames in zip(paths, clips, layout.clips, strict=True)
            ),
            transitions=layout.transitions,
            opening=layout.opening,
            closing=layout.closing,
            audio=await self._audio(request, said, folder),
        )
        out_path = folder / "film.mp4"
        async with self._progress.composing(request.render_id) as on_progress:
            await self._engine.compose(plan, out_path, folder, on_progress)
        captions = folder / "captions.vtt"
        captions.write_text(_captions(request, layout, said), encoding="utf-8")
        film = await self._blobs.put_file(out_path)
        poster = await self._blobs.put_file(out_path.with_suffix(".jpg"))
        words = await self._blobs.put_file(captions)
        seconds = layout.frame_count / layout.canvas.fps
        size = (layout.canvas.width_px, layout.canvas.height_px)
        return [
            NewMedia("video", film.sha256, film.size_bytes, "video/mp4", seconds, *size),
            NewMedia("poster", poster.sha256, poster.size_bytes, "image/jpeg", 0.0, *size),
            NewMedia("captions", words.sha256, words.size_bytes, "text/vtt; charset=utf-8", seconds),
        ]

    async def _local(self, ref: BlobRef, folder: Path, ending: str) -> Path:
        path = self._blobs.local_path(ref)
        if path is None:
            path = folder / f"{ref.sha256}.{ending}"
            await self._blobs.fetch_to(ref, path)
        return path

    async def _audio(self, request: RenderRequested, said: Mapping[int, PlacedSpeech], folder: Path) -> AudioPlan:
        music: MusicTrack | MusicBed | None = None
        asset = request.asset(request.video.music_asset_id) if request.video.music_asset_id else None
        if asset is not None:
            path = await self._assets.local_copy(asset.asset_id, asset.sha256)
            music = MusicTrack(path=path, key=asset.sha256)
        else:
            words = [request.brief.tone, request.brief.style, request.brand.tone if request.brand else None]
            music = MusicBed(tone=", ".join(word for word in words if word), seed=request.seed)
        # A bought clip shows something else than the user's clip that it was asked for with.
        sounds = [] if is_paid(request) else [await self._clip_sound(request, scene) for scene in request.scenes]
        voices = [await self._voice(one, folder) for one in said.values()]
        return AudioPlan(music, tuple(voices), tuple(sound for sound in sounds if sound is not None))

    async def _voice(self, one: PlacedSpeech, folder: Path) -> VoiceCue:
        path = await self._local(BlobRef(one.speech.sha256, one.speech.size_bytes), folder, "wav")
        return VoiceCue(
            path,
            one.speech.sha256,
            one.start_frame,
            tempo=one.place.tempo,
            most_seconds=one.place.most_seconds,
        )

    async def _clip_sound(self, request: RenderRequested, scene: RequestedScene) -> ClipSound | None:
        heard = clip_heard(request, scene)
        if heard is None:
            return None
        path = await self._assets.local_copy(heard.asset_id, heard.sha256)
        return ClipSound(clip=scene.scene_number - 1, path=path, key=heard.sha256)

    def _redraw(self, request: RenderRequested, clip: StoredClip, number: int, again: int) -> Finish:
        log.warning("clip.unusable", render_id=str(request.render_id), scene_number=number)

        async def finish(conn: Connection) -> None:
            if await renders.move(conn, request.render_id, to="rendering", when=("composing",)):
                await renders.forget_clip(conn, clip.key)
                await renders.drop_clip(conn, request.render_id, number)
                await order_scene(conn, request, number, again=again)

        return finish

    async def _record(
        self, conn: Connection, request: RenderRequested, layout: FilmLayout, media: list[NewMedia]
    ) -> None:
        if not await renders.move(conn, request.render_id, to="completed", when=("composing",)):
            return  # cancelled while the last bytes were stored
        film = media[0]
        if request.is_preview:
            await renders.keep_media(conn, request, replace(film, kind="preview"))
            return
        for file in media:
            await renders.keep_media(conn, request, file)
        # The whole of it where anything was paid: what clips told of is in here again, and counted once.
        cost_lines = await ledger.bill_round(conn, str(request.render_id))
        await book_leftovers(conn, self._outbox, request.job_id)
        await self._outbox.publish(
            RenderCompleted(
                job_id=request.job_id,
                render_id=request.render_id,
                film=StoredMedia(sha256=film.sha256, size_bytes=film.size_bytes),
                duration_seconds=film.duration_seconds,
                width_px=film.width_px,
                height_px=film.height_px,
                fps=layout.canvas.fps,
                has_captions=True,
                cost_lines=cost_lines,
            ),
            conn,
            subject=str(request.job_id),
        )


def _captions(request: RenderRequested, layout: FilmLayout, said: Mapping[int, PlacedSpeech]) -> str:
    start = 0
    scenes = []
    for number, frames in enumerate(layout.clips, start=1):
        spoken = said[number].in_body if number in said else None
        scenes.append(CaptionedScene(request.scene(number).script, start, frames.body_frames, spoken))
        start += frames.body_frames
    return webvtt(film_phrases(scenes, layout.canvas.fps), layout.canvas.fps)
