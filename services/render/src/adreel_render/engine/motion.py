"""Camera moves over a still picture: which move a scene gets, and where the camera is at a time.

A `View` is a zoom (1 shows as much of the plate as fits the canvas) and a position in the room that is
left: x and y run from -1 (left, top) over 0 (centre) to 1. A move glides from one view to another along
a smooth curve without sudden starts, over all frames of a clip, handles included, so that it goes on
through a transition. Zoom changes by equal ratios, which the eye takes for constant speed.
"""

import math
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ShotType(StrEnum):
    """The words for a shot that steer the camera; everything else moves as MEDIUM."""

    WIDE = "wide"
    MEDIUM = "medium"
    CLOSE_UP = "close up"
    MONTAGE = "montage"
    PRODUCT_FEATURE = "product feature"
    OVER_THE_SHOULDER = "over the shoulder"
    AERIAL = "aerial"
    POINT_OF_VIEW = "point of view"

    @classmethod
    def of(cls, text: str) -> "ShotType":
        """The type a free text means: any case, hyphens or not, with or without the word "shot"."""
        words = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
        words = words.removesuffix(" shot")
        aliases = {
            "closeup": cls.CLOSE_UP,
            "pov": cls.POINT_OF_VIEW,
            "drone": cls.AERIAL,
            "product": cls.PRODUCT_FEATURE,
        }
        if words in aliases:
            return aliases[words]
        return cls(words) if words in set(cls) else cls.MEDIUM


class View(NamedTuple):
    """What the camera sees: zoom of at least 1, and where in the room that is left (-1..1 each)."""

    zoom: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Move:
    """A glide from `start` to `end`."""

    start: View
    end: View

    @property
    def max_zoom(self) -> float:
        """The closest view of the move: a plate has to be sharp at this zoom."""
        return max(self.start.zoom, self.end.zoom)

    def at(self, time: float) -> View:
        """The view at a time 0..1 of the clip."""
        eased = _ease(min(1.0, max(0.0, time)))
        ratio = self.end.zoom / self.start.zoom
        zoom = self.start.zoom * ratio**eased
        # Room grows with zoom - 1, so positions that follow the scale itself draw straight lines.
        share = (
            eased
            if abs(ratio - 1) < 1e-9
            else (1 / zoom - 1 / self.start.zoom) / (1 / self.end.zoom - 1 / self.start.zoom)
        )
        return View(zoom, _between(self.start.x, self.end.x, share), _between(self.start.y, self.end.y, share))


def _between(first: float, second: float, share: float) -> float:
    return first + (second - first) * share


def _ease(time: float) -> float:
    """Mostly steady, gently in and out: speed runs from 0.4 over 1.2 to 0.4 of the mean."""
    return 0.4 * time + 0.6 * (0.5 - 0.5 * math.cos(math.pi * time))


_ZOOM_PER_SECOND = 0.021
"""How fast a picture grows: slow enough to read over, fast enough not to look frozen in two seconds."""


def choose_move(
    shot_type: ShotType,
    *,
    seconds: float,
    seed: int,
    index: int,
    focus: tuple[float, float] = (0.0, 0.0),
    room: tuple[float, float] = (0.0, 0.0),
    is_contained: bool = False,
    closer: float = 1.0,
) -> Move:
    """The move of one picture.

    `index` counts pictures through the film, so that neighbours alternate between in and out. `focus` is
    where the eye goes in the picture, -1..1 from its centre. `room` says how much larger than the view the
    plate is, as shares of the view, along x and y. `is_contained` asks for a move that never leaves the
    picture's own margins (a fitted picture must not be cut off). `closer` multiplies the zoom.
    """
    if closer > 1 and not is_contained:
        move = choose_move(shot_type, seconds=seconds, seed=seed, index=index, focus=focus)
        return Move(*(view._replace(zoom=view.zoom * closer) for view in (move.start, move.end)))
    dice = random.Random(f"{seed}/{index}/{shot_type}")
    reach = 1 + min(0.16, max(0.035, _ZOOM_PER_SECOND * seconds))
    side = dice.choice((-1.0, 1.0))
    x, y = focus
    if is_contained:
        gentle = 1 + min(0.05, (reach - 1) * 0.6)
        views = (View(1.0, 0.0, 0.0), View(gentle, 0.35 * side, 0.0))
        return Move(*(views if index % 2 == 0 else views[::-1]))
    may_pan = shot_type not in (ShotType.CLOSE_UP, ShotType.PRODUCT_FEATURE, ShotType.POINT_OF_VIEW)
    if max(room) > 0.3 and may_pan and (shot_type is ShotType.WIDE or dice.random() < 0.6):
        return _pan(shot_type, seconds, room, side, focus)
    inward = Move(View(1.0, x, y), View(reach, x, y))
    outward = Move(inward.end, inward.start)
    match shot_type:
        case ShotType.WIDE:
            return Move(View(reach * 1.03, -0.7 * side, y * 0.5), View(1.02, 0.3 * side, y * 0.5))
        case ShotType.AERIAL:
            return Move(View(reach * 1.06, -0.8 * side, 0.8), View(1.02, 0.6 * side, -0.6))
        case ShotType.CLOSE_UP:
            return Move(View(1.14, x, y), View(1.14 * (1 + (reach - 1) * 0.8), x, y))
        case ShotType.POINT_OF_VIEW:
            return Move(View(1.0, x, y), View(1 + (reach - 1) * 1.35, x, y))
        case ShotType.OVER_THE_SHOULDER:
            return Move(View(1.1, -0.9 * side, y), View(1.13, 0.7 * side, y))
        case ShotType.PRODUCT_FEATURE:
            return inward
        case _:
            drift = 0.5 * side
            if index % 2:
                return Move(outward.start._replace(x=_within(x + drift)), outward.end)
            return Move(inward.start, inward.end._replace(x=_within(x + drift)))


def _within(value: float) -> float:
    return min(1.0, max(-1.0, value))


def _pan(
    shot_type: ShotType, seconds: float, room: tuple[float, float], side: float, focus: tuple[float, float]
) -> Move:
    """Along the longer room of a picture that is much larger than the view, ending near its focus."""
    axis = 0 if room[0] >= room[1] else 1
    # A pan faster than an eighth of the view a second reads as a whip; a very wide one then shows a part only.
    reach = min(1.0, 0.11 * seconds / room[axis])
    if shot_type is ShotType.WIDE:
        reach = min(1.0, reach * 1.3)
    end = _within(focus[axis] * 0.6 + side * reach * 0.25)
    start = _within(end - 2 * reach * (1 if end >= 0 else -1))
    x, y = ((start, end), (0.0, 0.0)) if axis == 0 else ((0.0, 0.0), (start, end))
    return Move(View(1.02, x[0], y[0]), View(1.05, x[1], y[1]))
