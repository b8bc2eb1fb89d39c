"""Encodes the few frames of a film that are not copied: transition windows and patches.

A *window* mixes the neighbours' frames; a *patch* is a stretch of one clip that could not be copied
because no sync frame stands where the copy would have to begin or end, or because the file is not in
the film's canonical form. Both are canonical clips themselves and go through the segment cache.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from adreel_render.engine.cache import SegmentCache, digest, encoding_key
from adreel_render.engine.encoder import ClipEncoder
from adreel_render.engine.errors import CompositionError
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmClip, FilmPlan, Window
from adreel_render.engine.transitions import blend
from adreel_render.engine.yuv import Planes

FrameDone = Callable[[], None]
"""Called once per encoded frame; raises RenderCancelled to stop."""


class SeamMaker:
    """Makes windows and patches of one plan, each at most once, in files below `work_dir`."""

    def __init__(self, plan: FilmPlan, work_dir: Path, cache: SegmentCache | None, frame_done: FrameDone) -> None:
        self._plan = plan
        self._work_dir = work_dir
        self._cache = cache
        self._frame_done = frame_done
        self._encoding = encoding_key(plan.canvas, plan.settings)
        self.encoded_frames = 0

    def window(self, window: Window) -> Path:
        """The file of a transition window, made or taken from the cache."""
        a = self._clip(window.clip_before)
        b = self._clip(window.clip_after)
        transition = window.transition
        key = digest(
            "window", transition.kind, transition.frames, self._encoding,
            *(clip and (clip.key, clip.head_frames, clip.body_frames, clip.tail_frames) for clip in (a, b)),
        )  # fmt: skip
        return self._made(key, transition.frames, lambda: self._blended(window, a, b))

    def patch(self, clip: FilmClip, start: int, end: int) -> Path:
        """The file of frames `[start, end)` of a clip's file, decoded and encoded again."""
        key = digest("patch", clip.key, start, end, self._encoding)
        return self._made(key, end - start, lambda: held_frames(clip, start, end, self._plan.canvas.fps))

    def _clip(self, index: int | None) -> FilmClip | None:
        return None if index is None else self._plan.clips[index]

    def _made(self, key: str, frame_count: int, frames: Callable[[], Iterator[Planes]]) -> Path:
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            for _ in range(frame_count):
                self._frame_done()
            return kept
        path = self._work_dir / f"{key}.mp4"
        with ClipEncoder(path, self._plan.canvas, frame_count=frame_count, settings=self._plan.settings) as encoder:
            for y, u, v in frames():
                self._frame_done()
                encoder.write(y, u, v)
                self.encoded_frames += 1
        if self._cache:
            self._cache.put(key, path)
        return path

    def _blended(self, window: Window, a: FilmClip | None, b: FilmClip | None) -> Iterator[Planes]:
        transition = window.transition
        fps = self._plan.canvas.fps
        frames_of_a: Iterator[Planes] = iter(())
        frames_of_b: Iterator[Planes] = iter(())
        if a is not None and transition.frames_of_a:
            end = a.head_frames + a.body_frames + transition.tail_handle_frames
            frames_of_a = held_frames(a, end - transition.frames_of_a, end, fps)
        if b is not None and transition.frames_of_b:
            start = b.head_frames - transition.head_handle_frames
            frames_of_b = held_frames(b, start, start + transition.frames_of_b, fps)
        # Where the window shows only one of the two at a time, A's frames come first.
        late_b = transition.frames - transition.frames_of_b
        for index in range(transition.frames):
            frame_a = next(frames_of_a, None)
            frame_b = next(frames_of_b, None) if index >= late_b else None
            yield blend(transition.kind, frame_a, frame_b, index, transition.frames)


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
