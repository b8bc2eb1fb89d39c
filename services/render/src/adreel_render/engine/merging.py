"""Several clips as one film: which form they get in common, and how their frames overlap. Pure.

A clip has no frames beyond its ends, so a mixing transition uses up frames of both: the film is as long as its clips
less the overlaps. That way nothing has to stand still while two pictures are mixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.spec import FRAME_RATES, Canvas
from adreel_render.engine.transitions import CUT, ClipFrames, Transition, TransitionKind, clip_frames

_SECONDS = 0.5
_FADE_SECONDS = 0.6


@dataclass(frozen=True, slots=True)
class SourceClip:
    """What was found in a clip's file: its size as shown, rate, length and whether it has sound."""

    width_px: int
    height_px: int
    rate: Fraction
    seconds: float
    has_audio: bool


@dataclass(frozen=True, slots=True)
class MergeLayout:
    """The canvas, the frames of every clip, and the transitions around and between them."""

    canvas: Canvas
    clips: tuple[ClipFrames, ...]
    transitions: tuple[Transition, ...]
    opening: Transition
    closing: Transition

    @property
    def frame_count(self) -> int:
        return sum(clip.body_frames for clip in self.clips)


def common_canvas(sources: Sequence[SourceClip]) -> Canvas:
    """The first clip's shape, the sharpness of the sharpest, and a rate at which most clips need no new frames."""
    first = sources[0]
    shape = first.width_px / first.height_px
    ratio = min(("16:9", 16 / 9), ("9:16", 9 / 16), ("1:1", 1.0), key=lambda one: max(shape / one[1], one[1] / shape))
    is_sharp = any(min(source.width_px, source.height_px) >= 1000 for source in sources)
    rates = [_nearest_rate(source.rate) for source in sources]
    rate = max(FRAME_RATES, key=lambda fps: (rates.count(fps), fps == rates[0]))
    return Canvas.of(ratio[0], "1080p" if is_sharp else "720p", rate)


def lay_out_merge(sources: Sequence[SourceClip], kind: TransitionKind, canvas: Canvas | None = None) -> MergeLayout:
    """The layout of clips one after another. Raises MediaRejected for a clip without a frame."""
    canvas = canvas or common_canvas(sources)
    counts = [int(source.seconds * canvas.fps + 0.5) for source in sources]
    if min(counts) < 1:
        raise MediaRejected("too_short", "a clip is shorter than one frame")
    opening = _whole_film(kind, TransitionKind.FADE_IN, counts[0], canvas.fps)
    closing = _whole_film(kind, TransitionKind.FADE_OUT, counts[-1], canvas.fps)
    between = [_between(kind, before, after, canvas.fps) for before, after in pairwise(counts)]
    around = [opening, *between, closing]
    clips = tuple(_clip(count, around[i], around[i + 1]) for i, count in enumerate(counts))
    return MergeLayout(canvas, clips, tuple(between), opening, closing)


def _nearest_rate(rate: Fraction) -> int:
    return min(FRAME_RATES, key=lambda fps: abs(fps - float(rate)))


def _clip(count: int, before: Transition, after: Transition) -> ClipFrames:
    """A clip of `count` frames in all: what its neighbours' transitions need comes out of its own."""
    return clip_frames(count - before.head_handle_frames - after.tail_handle_frames, before, after)


def _between(kind: TransitionKind, before: int, after: int, fps: int) -> Transition:
    """The transition, no longer than a third of either clip, so that both ends of a clip fit into it."""
    seconds = (
        _SECONDS if kind in (TransitionKind.CROSSFADE, TransitionKind.SLIDE, TransitionKind.WIPE) else _FADE_SECONDS
    )
    frames = min(round(seconds * fps), before // 3, after // 3)
    return Transition(kind, frames) if frames else CUT


def _whole_film(kind: TransitionKind, wanted: TransitionKind, count: int, fps: int) -> Transition:
    """A film whose clips come out of black begins so too; likewise for its end."""
    if kind is not wanted and kind is not TransitionKind.FADE_THROUGH_BLACK:
        return CUT
    return Transition(wanted, min(round(_FADE_SECONDS * fps), count // 3))
