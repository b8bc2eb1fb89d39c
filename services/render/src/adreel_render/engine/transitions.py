"""Kinds of transition between clips, the frames each needs, and how two frames become one.

A transition never changes the length of the track. One of `T` frames between A and B spans the cut:
it covers the last `T - T//2` frames of A's body and the first `T//2` frames of B's. While it lasts,
kinds that mix both pictures need frames of A beyond the cut and frames of B before it; those are the
*handles* that a clip is rendered with on top of its body. Kinds that show one picture at a time
(the fades to and from black) need none.
"""

import functools
import re
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.yuv import BLACK_Y, NEUTRAL_CHROMA, Plane, Planes


class TransitionKind(StrEnum):
    """How one clip gives way to the next."""

    CUT = "cut"
    """The next clip follows at once."""
    FAST_CUTS = "fast cuts"
    """A cut as well: the pace is made inside the scenes, nothing has to be encoded here."""
    CROSSFADE = "crossfade"
    """Both pictures mixed, from all of A to all of B."""
    FADE_IN = "fade in"
    """B comes out of black after a hard end of A; at the start of a film, the film does."""
    FADE_OUT = "fade out"
    """A goes to black, then B starts at once; at the end of a film, the film ends black."""
    FADE_THROUGH_BLACK = "fade through black"
    """A goes to black until the cut, B comes out of it."""
    SLIDE = "slide"
    """B pushes A out to the left."""
    WIPE = "wipe"
    """A soft vertical edge moves from left to right and uncovers B."""


_MIXED = frozenset({TransitionKind.CROSSFADE, TransitionKind.SLIDE, TransitionKind.WIPE})

_ALIASES = {
    "cut": TransitionKind.CUT, "hard cut": TransitionKind.CUT, "straight cut": TransitionKind.CUT,
    "none": TransitionKind.CUT, "match cut": TransitionKind.CUT, "jump cut": TransitionKind.CUT,
    "fast cuts": TransitionKind.FAST_CUTS, "fast cut": TransitionKind.FAST_CUTS,
    "quick cuts": TransitionKind.FAST_CUTS, "quick cut": TransitionKind.FAST_CUTS,
    "crossfade": TransitionKind.CROSSFADE, "cross fade": TransitionKind.CROSSFADE,
    "dissolve": TransitionKind.CROSSFADE, "cross dissolve": TransitionKind.CROSSFADE,
    "fade": TransitionKind.CROSSFADE,
    "fade in": TransitionKind.FADE_IN, "fade from black": TransitionKind.FADE_IN,
    "fade out": TransitionKind.FADE_OUT, "fade to black": TransitionKind.FADE_OUT,
    "fade through black": TransitionKind.FADE_THROUGH_BLACK, "dip to black": TransitionKind.FADE_THROUGH_BLACK,
    "slide": TransitionKind.SLIDE, "push": TransitionKind.SLIDE, "slide left": TransitionKind.SLIDE,
    "wipe": TransitionKind.WIPE, "wipe right": TransitionKind.WIPE,
}  # fmt: skip


def transition_from_words(words: str) -> TransitionKind | None:
    """The kind that free text names, in any case, hyphenated or not; None if it names none we know."""
    plain = " ".join(re.sub(r"[-_\s]+", " ", words).lower().split())
    return _ALIASES.get(plain)


@dataclass(frozen=True)
class Transition:
    """A kind and its length. Cuts have no frames whatever was asked for."""

    kind: TransitionKind = TransitionKind.CUT
    frames: int = 0

    def __post_init__(self) -> None:
        if self.frames < 0:
            raise ValueError("a transition cannot have a negative length")
        if self.kind in (TransitionKind.CUT, TransitionKind.FAST_CUTS):
            object.__setattr__(self, "frames", 0)

    @property
    def tail_handle_frames(self) -> int:
        """Frames of A needed beyond the cut."""
        return self.frames // 2 if self.kind in _MIXED else 0

    @property
    def head_handle_frames(self) -> int:
        """Frames of B needed before the cut."""
        return self.frames - self.frames // 2 if self.kind in _MIXED else 0

    @property
    def frames_of_a(self) -> int:
        """Last frames of A, its tail handle included, that the window uses up."""
        match self.kind:
            case TransitionKind.FADE_IN:
                return 0
            case TransitionKind.FADE_THROUGH_BLACK:
                return self.frames - self.frames // 2
            case _:
                return self.frames

    @property
    def frames_of_b(self) -> int:
        """First frames of B, its head handle included, that the window uses up."""
        match self.kind:
            case TransitionKind.FADE_OUT:
                return 0
            case TransitionKind.FADE_THROUGH_BLACK:
                return self.frames // 2
            case _:
                return self.frames

    @property
    def frames_before_cut(self) -> int:
        """Frames of the track before the cut that belong to the window."""
        return self.frames_of_a - self.tail_handle_frames


CUT = Transition()


@dataclass(frozen=True)
class ClipFrames:
    """How many frames a clip is rendered with, and which of them are copied as they are."""

    head_frames: int
    body_frames: int
    tail_frames: int
    copy_start: int
    copy_end: int

    @property
    def frame_count(self) -> int:
        return self.head_frames + self.body_frames + self.tail_frames


def clip_frames(body_frames: int, before: Transition = CUT, after: Transition = CUT) -> ClipFrames:
    """Handles and copy range of a clip whose body has `body_frames`, between two transitions.

    Raises ValueError where the two windows would overlap: the clip is too short for them
    (`fitting` shortens a transition until it fits).
    """
    head, tail = before.head_handle_frames, after.tail_handle_frames
    total = head + body_frames + tail
    start, end = before.frames_of_b, total - after.frames_of_a
    if start > end:
        raise ValueError(f"a body of {body_frames} frames is too short for its transitions")
    return ClipFrames(head, body_frames, tail, start, end)


def fitting(transition: Transition, body_of_a: int, body_of_b: int) -> Transition:
    """The transition, shortened so that it takes at most half of each neighbour's body.

    With that, the windows at both ends of a clip can never meet. The result may be a cut.
    """
    frames = transition.frames
    while frames > 0:
        candidate = Transition(transition.kind, frames)
        of_a = candidate.frames_before_cut
        of_b = candidate.frames_of_b - candidate.head_handle_frames
        if of_a <= body_of_a // 2 and of_b <= body_of_b // 2:
            return candidate
        frames -= 1
    return CUT


def blend(kind: TransitionKind, a: Planes | None, b: Planes | None, index: int, frames: int) -> Planes:
    """Frame `index` of a window of `frames` frames; planes are uint8, I420, limited range.

    `a` is None where the window uses no frame of A at that place, likewise `b`; at least one is given.
    Mixed kinds move along `(index + 1) / (frames + 1)`, so neither end repeats a clean frame and the
    middle frame of an odd window is the exact mean.
    """
    progress = (index + 1) / (frames + 1)
    match kind:
        case TransitionKind.CROSSFADE if a is not None and b is not None:
            return _mix(a, b, progress)
        case TransitionKind.SLIDE if a is not None and b is not None:
            return _slide(a, b, progress)
        case TransitionKind.WIPE if a is not None and b is not None:
            return _wipe(a, b, progress)
        case TransitionKind.FADE_IN if b is not None:
            return _darken(b, _first_to_last(index, frames))
        case TransitionKind.FADE_OUT if a is not None:
            return _darken(a, 1.0 - _first_to_last(index, frames, from_black=False))
        case TransitionKind.FADE_THROUGH_BLACK if a is not None:
            return _darken(a, 1.0 - (index + 1) / (frames - frames // 2))
        case TransitionKind.FADE_THROUGH_BLACK if b is not None:
            return _darken(b, (index + 1 - (frames - frames // 2)) / (frames // 2 + 1))
    raise ValueError(f"{kind} needs other frames than it was given")


def _first_to_last(index: int, frames: int, *, from_black: bool = True) -> float:
    """A fade in starts fully black on its first frame; a fade out ends fully black on its last."""
    return index / frames if from_black else (index + 1) / frames


def _mix(a: Planes, b: Planes, progress: float) -> Planes:
    y, u, v = (
        cv2.addWeighted(p, 1.0 - progress, q, progress, 0.0).astype(np.uint8, copy=False)
        for p, q in zip(a, b, strict=True)
    )
    return y, u, v


def _darken(planes: Planes, brightness: float) -> Planes:
    y, u, v = planes
    return (
        cv2.convertScaleAbs(y, alpha=brightness, beta=BLACK_Y * (1.0 - brightness)).astype(np.uint8, copy=False),
        cv2.convertScaleAbs(u, alpha=brightness, beta=NEUTRAL_CHROMA * (1.0 - brightness)).astype(np.uint8, copy=False),
        cv2.convertScaleAbs(v, alpha=brightness, beta=NEUTRAL_CHROMA * (1.0 - brightness)).astype(np.uint8, copy=False),
    )


def _slide(a: Planes, b: Planes, progress: float) -> Planes:
    eased = progress * progress * (3.0 - 2.0 * progress)  # smoothstep: starts and stops without a jerk
    shift = 2 * round(eased * a[0].shape[1] / 2)  # even, so that chroma moves by whole samples too
    y, u, v = (
        np.concatenate((p[:, s:], q[:, :s]), axis=1)
        for p, q, s in zip(a, b, (shift, shift // 2, shift // 2), strict=True)
    )
    return y, u, v


def _wipe(a: Planes, b: Planes, progress: float) -> Planes:
    y, u, v = (_wipe_plane(p, q, progress) for p, q in zip(a, b, strict=True))
    return y, u, v


def _wipe_plane(a: Plane, b: Plane, progress: float) -> Plane:
    weight_of_b = np.ascontiguousarray(np.broadcast_to(_wipe_weights(a.shape[1], progress), a.shape))
    return cv2.blendLinear(b, a, weight_of_b, 1.0 - weight_of_b).astype(np.uint8, copy=False)


@functools.lru_cache(maxsize=8)
def _wipe_weights(width: int, progress: float) -> npt.NDArray[np.float32]:
    """Share of B per column: an edge as wide as a twelfth of the picture, wholly outside at both ends."""
    edge = width / 12
    position = progress * (width + edge) - edge / 2
    columns = np.arange(width, dtype=np.float32) + 0.5
    weights: npt.NDArray[np.float32] = np.clip((position - columns) / edge + 0.5, 0.0, 1.0).astype(np.float32)
    return weights
