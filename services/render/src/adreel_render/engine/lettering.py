"""Type as sprites: words with a soft shadow, bars and pills in the brand's colours."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from adreel_render.engine.colour import RGBColor
from adreel_render.engine.fonts import Typeface, Weight
from adreel_render.engine.layout import Box
from adreel_render.engine.palette import WHITE
from adreel_render.engine.plates import rounded_mask
from adreel_render.engine.sprites import Sprite, stacked
from adreel_render.engine.typesetting import Align, TextBlock, TextStyle, draw_block

_MARGIN_PX = 2
"""Clear pixels around a mark: it may be drawn between two pixels while it comes in."""


class Part(NamedTuple):
    """A sprite of something made of several, and the size of the type in it: 0 for marks."""

    sprite: Sprite
    type_px: int = 0


@lru_cache(maxsize=64)
def _face(weight: Weight, family: str | None) -> Typeface:
    return Typeface(weight, family)


def text_style(
    short_side_px: int,
    share: float,
    *,
    weight: Weight,
    max_lines: int,
    family: str | None = None,
    align: Align = Align.CENTER,
    leading: float = 1.22,
    floor: float = 0.55,
) -> TextStyle:
    """A style sized as a share of the canvas' shorter side; type may shrink to `floor` of that."""
    size = max(12, round(short_side_px * share))
    return TextStyle(_face(weight, family), size, max(10, round(size * floor)), max_lines, align, leading)


def words(block: TextBlock, left: int, top: int, color: RGBColor, *, shadow: float = 0.0) -> Sprite:
    """A block's ink with its upper left corner at (left, top), over a soft shadow of strength 0..1."""
    margin = max(8, round(block.size_px * 0.4))
    mask = draw_block(block, margin)
    ink = Sprite.from_mask(mask, color, left - margin, top - margin)
    if shadow <= 0 or color != WHITE:
        return ink
    wide = cv2.GaussianBlur(mask, (0, 0), max(1.0, block.size_px * 0.10))
    soft = np.asarray(cv2.convertScaleAbs(wide, alpha=1.25 * shadow), np.uint8)
    return stacked([Sprite.from_mask(soft, (0, 0, 0), left - margin, top - margin), ink])


def bar(box: Box, color: RGBColor) -> Sprite:
    """A rounded bar."""
    shape = np.pad(rounded_mask(box.width, box.height, min(box.width, box.height) // 2), _MARGIN_PX)
    return Sprite.from_mask(shape, color, box.left - _MARGIN_PX, box.top - _MARGIN_PX)


def pill(box: Box, color: RGBColor) -> Sprite:
    """A button without its words: fully rounded, with a shadow. `box` has the button's size."""
    reach = round(box.height * 0.35)
    shape = rounded_mask(box.width, box.height, box.height // 2)
    padded = np.pad(shape, reach)
    soft = cv2.convertScaleAbs(cv2.GaussianBlur(padded, (0, 0), reach / 2.6), alpha=0.38)
    shadow = Sprite.from_mask(np.asarray(soft, np.uint8), (0, 0, 0), box.left - reach, box.top - reach + reach // 3)
    face = Sprite.from_mask(shape, color, box.left, box.top)
    return stacked([shadow, face])


def centred_words(block: TextBlock, box: Box, color: RGBColor) -> Sprite:
    """A block in the middle of a box, without a shadow."""
    left = box.left + (box.width - block.width_px) // 2
    return words(block, left, box.top + (box.height - block.height_px) // 2, color)
