"""Encodes the few frames of a film that are not copied: transition windows and patches.

A *window* mixes the neighbours' frames; a *patch* is a stretch of one clip that could not be copied
because no sync frame stands where the copy would have to begin or end, or because the file is not in
the film's canonical form. Both are canonical clips themselves and go through the segment cache.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from adreel_render.engine.cache import SegmentCache, digest, encoding_key, pinned
from adreel_render.engine.encoder import ClipEncoder, codec_identity
from adreel_render.engine.errors import CompositionError, UnusableClip
from adreel_render.engine.film import FilmSegment
from adreel_render.engine.packets import copyable_range, decode_frames, index_clip
from adreel_render.engine.plan import FilmClip, FilmPlan, Window
from adreel_render.engine.transitions import blend
from adreel_render.engine.yuv import Planes

FrameDone = Callable[[], None]
"""Called once per encoded frame; raises RenderCancelled to stop."""


class SeamMaker:
    """Makes windows and patches of one plan in files below `work_dir`, or takes them from the cache.

    What comes back has passed the checks that any copied clip has to pass; a cached file that does not
    is made again. Raises UnusableClip if a clip's own frames cannot be decoded.
    """

    def __init__(self, plan: FilmPlan, work_dir: Path, cache: SegmentCache | None, frame_done: FrameDone) -> None:
        self._plan = plan
        self._work_dir = work_dir
        self._cache = cache
        self._frame_done = frame_done
        self._encoding = encoding_key(plan.canvas, plan.settings)
        self._identity = codec_identity(plan.canvas, plan.settings)
        self.encoded_frames = 0

    def window(self, window: Window) -> FilmSegment:
        """The frames of a transition window."""
        transition = window.transition
        neighbours = [None if i is None else self._plan.clips[i] for i in (window.clip_before, window.clip_after)]
        key = digest(
            "window", transition.kind, transition.frames, self._encoding,
            *(clip and (clip.key, clip.head_frames, clip.body_frames, clip.tail_frames) for clip in neighbours),
        )  # fmt: skip
        return self._made(key, transition.frames, lambda: self._blended(window))

    def patch(self, clip: int, start: int, end: int) -> FilmSegment:
        """Frames `[start, end)` of a clip's file, decoded and encoded again."""
        key = digest("patch", self._plan.clips[clip].key, start, end, self._encoding)
        return self._made(key, end - start, lambda: self._held_frames(clip, start, end))

    def _made(self, key: str, frame_count: int, frames: Callable[[], Iterator[Planes]]) -> FilmSegment:
        path = self._work_dir / f"{key}.mp4"
        if pinned(self._cache, key, path):
            kept = self._checked(path, frame_count)
            if kept is not None:
                for _ in range(frame_count):
                    self._frame_done()
                return kept
        with ClipEncoder(path, self._plan.canvas, frame_count=frame_count, settings=self._plan.settings) as encoder:
            for y, u, v in frames():
                self._frame_done()
                encoder.write(y, u, v)
                self.encoded_frames += 1
        made = self._checked(path, frame_count)
        if made is None:
            raise CompositionError("the encoder wrote a stream that does not fit the film")
        if self._cache:
            self._cache.put(key, path)
        return made

    def _checked(self, path: Path, frame_count: int) -> FilmSegment | None:
        try:
            index = index_clip(path, self._plan.canvas)
        except CompositionError:
            return None
        whole = copyable_range(index, self._plan.canvas, self._identity, 0, frame_count) == (0, frame_count)
        return FilmSegment(index, 0, frame_count) if whole and index.frame_count == frame_count else None

    def _blended(self, window: Window) -> Iterator[Planes]:
        transition = window.transition
        frames_of_a: Iterator[Planes] = iter(())
        frames_of_b: Iterator[Planes] = iter(())
        if window.clip_before is not None and transition.frames_of_a:
            a = self._plan.clips[window.clip_before]
            end = a.head_frames + a.body_frames + transition.tail_handle_frames
            frames_of_a = self._held_frames(window.clip_before, end - transition.frames_of_a, end)
        if window.clip_after is not None and transition.frames_of_b:
            start = self._plan.clips[window.clip_after].head_frames - transition.head_handle_frames
            frames_of_b = self._held_frames(window.clip_after, start, start + transition.frames_of_b)
        # Where the window shows only one of the two at a time, A's frames come first.
        late_b = transition.frames - transition.frames_of_b
        for index in range(transition.frames):
            frame_a = next(frames_of_a, None)
            frame_b = next(frames_of_b, None) if index >= late_b else None
            yield blend(transition.kind, frame_a, frame_b, index, transition.frames)

    def _held_frames(self, clip: int, start: int, end: int) -> Iterator[Planes]:
        try:
            yield from held_frames(self._plan.clips[clip], start, end, self._plan.canvas.fps)
        except CompositionError as error:
            raise UnusableClip(clip, str(error)) from error


def held_frames(clip: FilmClip, start: int, end: int, fps: int) -> Iterator[Planes]:
    """Frames `[start, end)` of a clip's file; beyond its ends the first or last frame is held.

    Raises CompositionError if a frame that should exist is missing.
    """
    first, last = max(0, start), min(end, clip.frame_count)
    if first >= last:
        raise CompositionError("a transition lies wholly outside the clip it belongs to")
    picture: Planes | None = None
    for position, picture in enumerate(decode_frames(clip.path, first, last, fps)):
        yield picture
        if position == 0:
            yield from (picture for _ in range(first - start))
    if picture is not None:
        yield from (picture for _ in range(end - last))
