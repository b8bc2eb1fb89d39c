"""How a moving picture that does not fill the canvas lies on its ground: with soft corners, over a soft shadow.

As `plates.on_card` does it for stills, but at a price that can be paid for every frame: the shadow is one blend, and
of the picture only its four corners are mixed with what is below.
"""

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import YUV, Plane
from adreel_render.engine.layout import Box
from adreel_render.engine.plates import CARD_CORNER, CARD_SHADOW, CARD_SHADOW_SIGMA, rounded_mask
from adreel_render.engine.spec import Canvas
from adreel_render.engine.sprites import Sprite

_Shares = npt.NDArray[np.float32]


class Mount:
    """The place of a picture on a canvas: `box` has even sides and stands on even pixels, inside the canvas."""

    def __init__(self, canvas: Canvas, box: Box) -> None:
        self.box = box
        touches_edge = box.width >= canvas.width_px or box.height >= canvas.height_px
        corner = 0 if touches_edge else min(2 * round(canvas.short_side_px * CARD_CORNER / 2), *_halves(box))
        self._shadow = _shadow(canvas, box, corner)
        mask = rounded_mask(4 * corner, 4 * corner, corner)[:corner, :corner]
        quarter: _Shares = mask.astype(np.float32) / np.float32(255)
        self._quarters: tuple[_Shares, ...] = (quarter, _halved(quarter), _halved(quarter))

    def lay(self, part: YUV, picture: YUV) -> None:
        """Lay planes of the box's size over a picture, in place."""
        self._shadow.lay_over(picture)
        for channel, (target, source) in enumerate(zip(picture, part, strict=True)):
            half = 2 if channel else 1
            top, left = self.box.top // half, self.box.left // half
            place = target[top : top + source.shape[0], left : left + source.shape[1]]
            _laid(place, source, self._quarters[channel])


def _laid(target: Plane, source: Plane, quarter: _Shares) -> None:
    side = quarter.shape[0]
    if not side:
        np.copyto(target, source)
        return
    first, last = slice(None, side), slice(-side, None)
    corners = [(rows, columns) for rows in (first, last) for columns in (first, last)]
    below = [target[corner].astype(np.float32) for corner in corners]
    np.copyto(target, source)
    for (rows, columns), ground in zip(corners, below, strict=True):
        share = quarter[:: 1 if rows is first else -1, :: 1 if columns is first else -1]
        target[rows, columns] = np.rint(ground + (target[rows, columns] - ground) * share)


def _shadow(canvas: Canvas, box: Box, corner: int) -> Sprite:
    sigma = canvas.short_side_px * CARD_SHADOW_SIGMA
    reach = round(3 * sigma)
    shape = np.pad(rounded_mask(box.width, box.height, corner), reach)
    soft = cv2.convertScaleAbs(cv2.GaussianBlur(shape, (0, 0), sigma), alpha=CARD_SHADOW)
    top = box.top - reach + round(sigma * 0.7)
    return Sprite.from_mask(np.asarray(soft, np.uint8), (0, 0, 0), box.left - reach, top)


def _halved(shares: _Shares) -> _Shares:
    side = shares.shape[0] // 2
    return np.asarray(shares.reshape(side, 2, side, 2).mean(axis=(1, 3)), np.float32)


def _halves(box: Box) -> tuple[int, int]:
    """The largest even corners that fit."""
    return box.width // 4 * 2, box.height // 4 * 2
