"""Makes a film from clips: copies what can be copied, encodes the transitions, mixes the sound once.

A film costs little more than its transition windows: the bodies of the clips go into it as they are,
bit for bit. Copying is a privilege that a clip has to earn: its file is read, its packets are counted,
its codec parameters are compared with the encoder's own. What fails is decoded and encoded again; what
cannot even be decoded raises `UnusableClip` so that the caller can make that clip again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adreel_render.engine.cache import SegmentCache, digest, pinned
from adreel_render.engine.encoder import codec_identity
from adreel_render.engine.errors import CompositionError, RenderCancelled, UnusableClip
from adreel_render.engine.film import FilmSegment, write_film
from adreel_render.engine.mastering import write_master
from adreel_render.engine.mix import film_samples, mix_key
from adreel_render.engine.packets import ClipIndex, copyable_range, index_clip
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.poster import write_poster
from adreel_render.engine.seams import SeamMaker
from adreel_render.engine.soundtrack import is_soundtrack

# Measured CPU of the steps relative to one encoded window frame, for honest progress.
_COPIED_FRAME_WEIGHT = 0.01
_SOUND_SECOND_WEIGHT = 0.6


@dataclass(frozen=True)
class FilmInfo:
    """A finished film. `copied_frames` of its `frame_count` are bit-exact from the clips."""

    path: Path
    poster_path: Path
    frame_count: int
    duration_seconds: float
    size_bytes: int
    copied_frames: int
    encoded_frames: int
    cached_frames: int


def compose_film(
    plan: FilmPlan,
    out_path: Path,
    *,
    work_dir: Path,
    cache: SegmentCache | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FilmInfo:
    """Make the film at `out_path` and its poster beside it (`.jpg`); blocks until both are whole.

    `progress` hears shares of the work from 0 to 1, never falling. `cancelled` is asked at every frame.
    `work_dir` must exist; windows are left in it for the caller to delete. Safe to repeat: with a cache
    a second call encodes nothing. Raises RenderCancelled, UnusableClip, CompositionError.
    """
    composition = _Composition(plan, work_dir, cache, progress or _ignore, cancelled or _never)
    return composition.run(out_path)


class _Composition:
    """One run of `compose_film`: holds the callbacks and the counters, so that the steps read as steps."""

    def __init__(
        self,
        plan: FilmPlan,
        work_dir: Path,
        cache: SegmentCache | None,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._work_dir = work_dir
        self._cache = cache
        self._meter = _Meter(progress, cancelled)
        self._identity = codec_identity(plan.canvas, plan.settings)
        self._seams = SeamMaker(plan, work_dir, cache, self._frame_done)
        self._copied_frames = 0

    def run(self, out_path: Path) -> FilmInfo:
        plan = self._plan
        duration_seconds = plan.frame_count / plan.canvas.fps
        indexes = [self._index(clip) for clip in range(len(plan.clips))]
        pieces = list(self._pieces(indexes))
        self._meter.total = (
            sum(piece.seam_frames for piece in pieces)
            + _SOUND_SECOND_WEIGHT * duration_seconds
            + _COPIED_FRAME_WEIGHT * plan.frame_count
        )
        segments = [piece.make() for piece in pieces]
        if sum(segment.frame_count for segment in segments) != plan.frame_count:
            raise CompositionError("the pieces of the film do not add up to its length")
        sound_path = self._sound()
        self._meter.add(_SOUND_SECOND_WEIGHT * duration_seconds)
        write_film(out_path, plan.canvas, segments, sound_path, self._packet_done)
        poster_path = out_path.with_suffix(".jpg")
        write_poster(out_path, poster_path, self._poster_frame(indexes[0]), plan.canvas)
        self._meter.finish()
        encoded_frames = self._seams.encoded_frames
        return FilmInfo(
            path=out_path,
            poster_path=poster_path,
            frame_count=plan.frame_count,
            duration_seconds=duration_seconds,
            size_bytes=out_path.stat().st_size,
            copied_frames=self._copied_frames,
            encoded_frames=encoded_frames,
            cached_frames=plan.frame_count - self._copied_frames - encoded_frames,
        )

    def _index(self, clip: int) -> ClipIndex:
        planned = self._plan.clips[clip]
        try:
            index = index_clip(planned.path, self._plan.canvas)
        except CompositionError as error:
            raise UnusableClip(clip, str(error)) from error
        if index.frame_count != planned.frame_count:
            raise UnusableClip(clip, f"{index.frame_count} frames instead of {planned.frame_count}")
        if (index.width_px, index.height_px) != (self._plan.canvas.width_px, self._plan.canvas.height_px):
            raise UnusableClip(clip, "its pictures have another size than the film")
        self._meter.check()
        return index

    def _pieces(self, indexes: list[ClipIndex]) -> Iterator["_Piece"]:
        """The film from its first frame to its last: windows, patches and copied stretches."""
        for clip, index in enumerate(indexes):
            yield from self._window_piece(clip)
            yield from self._body_pieces(clip, index)
        yield from self._window_piece(len(indexes))

    def _window_piece(self, clip: int) -> Iterator["_Piece"]:
        window = self._plan.window_before(clip)
        if window is None:
            return
        yield _Piece(window.transition.frames, lambda: self._seams.window(window))

    def _body_pieces(self, clip: int, index: ClipIndex) -> Iterator["_Piece"]:
        planned = self._plan.clips[clip]
        start, end = (planned.head_frames + frame for frame in self._plan.copied_body(clip))
        copied = copyable_range(index, self._plan.canvas, self._identity, start, end)
        first, last = copied or (end, end)
        yield from self._patch_piece(clip, start, first)
        if copied is not None:
            self._copied_frames += last - first
            yield _Piece(0, lambda: FilmSegment(index, first, last))
        yield from self._patch_piece(clip, last, end)

    def _patch_piece(self, clip: int, start: int, end: int) -> Iterator["_Piece"]:
        if start < end:
            yield _Piece(end - start, lambda: self._seams.patch(clip, start, end))

    def _sound(self) -> Path:
        """The film's AAC stream, from the cache if nothing that is heard has changed."""
        plan = self._plan
        key = digest("sound", mix_key(plan))
        path = self._work_dir / f"{key}.m4a"
        if pinned(self._cache, key, path) and is_soundtrack(path, plan.frame_count, plan.canvas.fps):
            return path
        write_master(path, film_samples(plan, self._meter.check), plan.audio)
        if self._cache:
            self._cache.put(key, path)
        return path

    def _poster_frame(self, first: ClipIndex) -> int:
        """The wanted frame, or the sync frame nearest to the middle of the first scene: it decodes alone."""
        plan = self._plan
        if plan.poster_frame is not None:
            return plan.poster_frame
        start, end = plan.copied_body(0)
        head = plan.clips[0].head_frames
        middle = (start + end) // 2
        candidates = [sync - head for sync in first.sync_frames if start <= sync - head < end]
        return min(candidates, key=lambda frame: abs(frame - middle), default=min(middle, plan.frame_count - 1))

    def _frame_done(self) -> None:
        self._meter.add(1.0)

    def _packet_done(self) -> None:
        self._meter.add(_COPIED_FRAME_WEIGHT)


@dataclass(frozen=True)
class _Piece:
    """A stretch of the film that can be made; `seam_frames` of it may have to be encoded."""

    seam_frames: int
    make: Callable[[], FilmSegment]


class _Meter:
    """Adds up finished work for `progress`, and stops the work when `cancelled` says so."""

    def __init__(self, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._done = 0.0
        self.total = 1.0

    def check(self) -> None:
        if self._cancelled():
            raise RenderCancelled("the film was cancelled")

    def add(self, work: float) -> None:
        self.check()
        self._done += work
        self._progress(min(1.0, self._done / self.total))

    def finish(self) -> None:
        self._done = self.total
        self._progress(1.0)


def _ignore(_: float) -> None:
    """Progress nobody listens to."""


def _never() -> bool:
    """A film that nobody can cancel."""
    return False
