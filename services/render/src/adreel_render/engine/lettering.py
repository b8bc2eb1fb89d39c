"""Type as sprites: words with a soft shadow, bars and pills in the brand's colours."""

from functools import lru_cache

import cv2
import numpy as np

from adreel_render.engine.colour import RGBColor
from adreel_render.engine.fonts import Typeface, Weight
from adreel_render.engine.layout import Box
from adreel_render.engine.palette import WHITE
from adreel_render.engine.plates import rounded_mask
from adreel_render.engine.sprites import Sprite, stacked
from adreel_render.engine.typesetting import Align, TextBlock, TextStyle, draw_block


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
    return Sprite.from_mask(
        rounded_mask(box.width, box.height, min(box.width, box.height) // 2), color, box.left, box.top
    )


def pill(block: TextBlock, box: Box, color: RGBColor, on_color: RGBColor) -> Sprite:
    """A button: fully rounded, with a shadow, the words in its middle. `box` has the button's size."""
    reach = round(box.height * 0.35)
    shape = rounded_mask(box.width, box.height, box.height // 2)
    padded = np.pad(shape, reach)
    soft = cv2.convertScaleAbs(cv2.GaussianBlur(padded, (0, 0), reach / 2.6), alpha=0.38)
    shadow = Sprite.from_mask(np.asarray(soft, np.uint8), (0, 0, 0), box.left - reach, box.top - reach + reach // 3)
    face = Sprite.from_mask(shape, color, box.left, box.top)
    left = box.left + (box.width - block.width_px) // 2
    top = box.top + (box.height - block.height_px) // 2
    return stacked([shadow, face, words(block, left, top, on_color)])
