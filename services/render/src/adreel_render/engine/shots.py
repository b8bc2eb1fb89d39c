"""What the camera films: one still, one clip, several after one another, or one giving way to its backdrop.

A shot gives the picture of every frame of the scene clip (handles included), by index, as planes that stay
valid until the next read. Stills may be read in any order; shots of moving pictures only forwards, except
that reading may start over.
"""

from collections.abc import Sequence
from typing import Protocol

import cv2

from adreel_render.engine.colour import YUV
from adreel_render.engine.motion import Move
from adreel_render.engine.planes import Easel, Plate
from adreel_render.engine.spec import Canvas


class Shot(Protocol):
    """A source of pictures."""

    def read(self, index: int) -> YUV:
        """The picture of a frame, canvas-sized: may be drawn on, valid until the next read."""


class StillShot:
    """A plate under a moving camera, from frame `start` to `end` of the clip."""

    def __init__(self, plate: Plate, move: Move, canvas: Canvas, easel: Easel, *, start: int, end: int) -> None:
        self._plate = plate
        self._move = move
        self._canvas = canvas
        self._easel = easel
        self._start = start
        self._steps = max(1, end - start - 1)

    def read(self, index: int) -> YUV:
        """See `Shot`."""
        view = self._move.at((index - self._start) / self._steps)
        return self._plate.read(view, self._canvas, self._easel)


class CutTogether:
    """Several shots with hard cuts: the last one whose start has come is seen."""

    def __init__(self, parts: Sequence[tuple[int, Shot]]) -> None:
        self._parts = tuple(parts)

    def read(self, index: int) -> YUV:
        """See `Shot`."""
        current = self._parts[0][1]
        for start, shot in self._parts:
            if index >= start:
                current = shot
        return current.read(index)


class GivingWay:
    """One shot until `start`, another from `end` on, mixed smoothly between."""

    def __init__(self, first: Shot, second: Shot, *, start: int, end: int) -> None:
        self._first = first
        self._second = second
        self._start = start
        self._end = end

    def read(self, index: int) -> YUV:
        """See `Shot`. The two must draw into memory of their own."""
        if index < self._start:
            return self._first.read(index)
        picture = self._second.read(index)
        if index >= self._end:
            return picture
        share = (index - self._start + 1) / (self._end - self._start + 1)
        eased = share * share * (3 - 2 * share)
        for below, above in zip(self._first.read(index), picture, strict=True):
            cv2.addWeighted(below, 1 - eased, above, eased, 0, dst=above)
        return picture
