"""Measures how the type of a drawn frame reads: is it whole, in its place, and does it stand out.

Every text is measured on two renderings of the same frame, with it and without it, so what counts is what is
really behind the letters: the picture with its shades and buttons, after conversion to what is encoded. The
text's own shadow is left out, which makes the measure a little stricter than the eye.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import YUV, contrast, luminance_map, yuv_to_rgb
from adreel_render.engine.elements import Element
from adreel_render.engine.layout import Box, safe_area
from adreel_render.engine.spec import Canvas
from adreel_render.engine.stage import Stage

LEAST_CONTRAST = 4.5
LEAST_CONTRAST_OF_LARGE = 3.0
LARGE_SHARE = 0.0615
"""WCAG's large text is 24 CSS pixels: this share of the shorter side of a film on a phone 390 pixels wide."""

_SOLID_KEEP = 6
"""A pixel of which the letters leave less than this (of 255) is all ink."""
_INK_KEEP = 128
_BESIDE_PX = 5
_WORST_PERCENT = 2.0
"""Grain: the worst hundredths of the ground beside the letters are not what decides whether they are read."""

Bitmap = npt.NDArray[np.bool_]


class Problem(NamedTuple):
    """What is wrong with a text in a frame, in a sentence, and by how much it may be seen."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text as it was found in a frame: the box of its ink, its size and its contrast to its ground."""

    ink: Box
    type_px: int
    contrast: float
    is_clipped: bool


def measure_type(stage: Stage, index: int) -> list[ReadText]:
    """Every text that is wholly there in a frame (not coming or going), lowest first."""
    texts = [element for element in stage.elements if element.type_px and _is_settled(element, index)]
    return [_measured(stage, element, index) for element in texts]


def type_problems(texts: list[ReadText], canvas: Canvas) -> list[Problem]:
    """All that is wrong with the measured type of a frame; empty for one that reads."""
    return [*_misplaced(texts, canvas), *_overlapping(texts), *_faint(texts, canvas)]


def _is_settled(element: Element, index: int) -> bool:
    return element.start + element.fade_in <= index < element.end - element.fade_out


def _measured(stage: Stage, element: Element, index: int) -> ReadText:
    others = tuple(other for other in stage.elements if not other.type_px)
    keep, part = _surroundings(element, stage.shot.read(index).y.shape)
    drawn = _luminances(stage, (*others, element), index, part)
    ground = _luminances(stage, others, index, part)
    solid = keep < _SOLID_KEEP
    cores = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    letters = cores if cores.sum() > 20 else keep <= max(int(keep.min()), _SOLID_KEEP)
    ink = _ink_luminance(drawn[letters], ground[letters])
    beside = cv2.dilate((keep < _INK_KEEP).astype(np.uint8), np.ones((2 * _BESIDE_PX - 1,) * 2, np.uint8)) > 0
    around = cv2.blur(ground, (3, 3))[beside]
    worst = float(np.percentile(around, 100 - _WORST_PERCENT if ink > np.median(around) else _WORST_PERCENT))
    return ReadText(_box_of(element), element.type_px, contrast(ink, worst), _is_clipped(element))


def _ink_luminance(drawn: npt.NDArray[np.float32], ground: npt.NDArray[np.float32]) -> float:
    """The letters' own luminance: small strokes have halves of chroma from their ground, their cores the least."""
    is_bright = float(np.median(drawn)) > float(np.median(ground))
    return float(np.percentile(drawn, 75 if is_bright else 25))


def _luminances(
    stage: Stage, elements: tuple[Element, ...], index: int, part: tuple[slice, slice]
) -> npt.NDArray[np.float32]:
    frame = stage.shot.read(index)
    for element in elements:
        element.draw(frame, index)
    half = tuple(slice(side.start // 2, side.stop // 2) for side in part)
    return luminance_map(yuv_to_rgb(YUV(frame.y[part], frame.u[half], frame.v[half])))


def _surroundings(element: Element, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.uint8], tuple[slice, slice]]:
    """How much of the picture the letters leave, 0..255, in a part of the canvas a little larger than they are."""
    sprite, margin = element.sprite, 2 * _BESIDE_PX
    x0, y0 = max(0, sprite.left - margin), max(0, sprite.top - margin)
    x1 = min(shape[1], sprite.left + sprite.width_px + margin)
    y1 = min(shape[0], sprite.top + sprite.height_px + margin)
    keep = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    top, left = sprite.top - y0, sprite.left - x0
    inner = sprite.keeps[0][max(0, -top) : y1 - sprite.top, max(0, -left) : x1 - sprite.left]
    keep[max(0, top) :, max(0, left) :][: inner.shape[0], : inner.shape[1]] = inner
    return keep, (slice(y0, y1), slice(x0, x1))


def _box_of(element: Element) -> Box:
    ink = element.sprite.keeps[0] < _INK_KEEP
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    left, top = element.sprite.left + int(columns[0]), element.sprite.top + int(rows[0])
    return Box(left, top, int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1)


def _is_clipped(element: Element) -> bool:
    """Whether ink touches the edge of its own sprite: then some of a letter was left away."""
    ink = element.sprite.keeps[0] < _INK_KEEP
    return bool(ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())


def _misplaced(texts: list[ReadText], canvas: Canvas) -> Iterator[Problem]:
    safe = safe_area(canvas)
    for text in texts:
        ink = text.ink
        if ink.left < safe.left or ink.top < safe.top or ink.right > safe.right or ink.bottom > safe.bottom:
            yield Problem("outside", f"ink at {tuple(ink)} leaves the safe area {tuple(safe)}")
        if text.is_clipped:
            yield Problem("clipped", f"letters at {tuple(ink)} are cut off")


def _overlapping(texts: list[ReadText]) -> Iterator[Problem]:
    for one, other in combinations([text.ink for text in texts], 2):
        width = min(one.right, other.right) - max(one.left, other.left)
        height = min(one.bottom, other.bottom) - max(one.top, other.top)
        if width > 0 and height > 0:
            yield Problem("overlap", f"texts at {tuple(one)} and {tuple(other)} lie over each other")


def _faint(texts: list[ReadText], canvas: Canvas) -> Iterator[Problem]:
    for text in texts:
        is_large = text.type_px >= LARGE_SHARE * canvas.short_side_px
        least = LEAST_CONTRAST_OF_LARGE if is_large else LEAST_CONTRAST
        if text.contrast < least:
            yield Problem("contrast", f"text at {tuple(text.ink)} has a contrast of {text.contrast:.2f}")
