"""Where things stand on a canvas: title-safe area, caption zone, headline zone, card place.

Boxes are in canvas pixels, origin at the top left. All type stays inside the title-safe area (5 % of each
side, SMPTE ST 2046-1 keeps 90 %). In 9:16 the lowest fifth and the right edge stay free: that is where
phones lay the player's own buttons and text.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from adreel_render.engine.spec import Canvas

TITLE_SAFE = 0.05
_PHONE_LOWER_ZONE = 0.20
_PHONE_RIGHT_ZONE = 0.09


class Box(NamedTuple):
    """A rectangle: left, top, width and height in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """One past the last column."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """One past the last row."""
        return self.top + self.height

    def inset(self, x_px: int, y_px: int) -> "Box":
        """The box made smaller on all sides."""
        return Box(self.left + x_px, self.top + y_px, max(2, self.width - 2 * x_px), max(2, self.height - 2 * y_px))


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one scene. `caption_lines` is how many lines its captions may have."""

    safe: Box
    captions: Box
    headline: Box
    card: Box
    end_card: Box
    caption_lines: int
    is_split: bool

    def with_headline_on_top(self) -> "Layout":
        """The same with the headline in the upper left of the safe area, for scenes whose middle is taken."""
        height = round(self.safe.height * 0.2)
        return replace(self, headline=Box(self.safe.left, self.safe.top, round(self.safe.width * 0.7), height))


def safe_area(canvas: Canvas) -> Box:
    """What every screen shows and no player covers."""
    x, y = round(canvas.width_px * TITLE_SAFE), round(canvas.height_px * TITLE_SAFE)
    if not canvas.is_portrait:
        return Box(x, y, canvas.width_px - 2 * x, canvas.height_px - 2 * y)
    right = round(canvas.width_px * _PHONE_RIGHT_ZONE)
    bottom = round(canvas.height_px * _PHONE_LOWER_ZONE)
    top = round(canvas.height_px * 0.08)
    return Box(x, top, canvas.width_px - x - right, canvas.height_px - top - bottom)


def arrange(canvas: Canvas, *, is_split: bool) -> Layout:
    """The places of a scene. Split (a wide canvas only): a picture on the right, type in a column on the left."""
    safe = safe_area(canvas)
    width, height = canvas.width_px, canvas.height_px
    is_wide = width > height * 1.3
    if is_split and is_wide:
        column = Box(safe.left + round(width * 0.02), safe.top, round(width * 0.41), safe.height)
        card = Box(round(width * 0.54), round(height * 0.09), round(width * 0.36), round(height * 0.82))
        upper = Box(column.left, column.top, column.width, round(column.height * 0.5))
        lower = Box(column.left, round(height * 0.56), column.width, round(height * 0.34))
        return Layout(safe, lower, upper, card, _end_card(safe), 4, True)
    lines_px = round(canvas.short_side_px * 0.17)
    inner = round(safe.width * (0.09 if is_wide else 0.0))
    captions = Box(safe.left + inner, safe.bottom - lines_px, safe.width - 2 * inner, lines_px)
    return Layout(
        safe, captions, _headline(canvas, safe, captions, is_wide), _card(canvas, safe), _end_card(safe), 2, False
    )


def _headline(canvas: Canvas, safe: Box, captions: Box, is_wide: bool) -> Box:
    """Above the captions at the left in wide pictures; at the top where the picture is high."""
    if canvas.is_portrait:
        return Box(safe.left, safe.top, safe.width, round(safe.height * 0.3))
    share = 0.62 if is_wide else 0.86
    height = round(safe.height * 0.42)
    gap = round(canvas.short_side_px * 0.025)
    return Box(safe.left, captions.top - gap - height, round(safe.width * share), height)


def _card(canvas: Canvas, safe: Box) -> Box:
    """The place of a fitted picture: all of a wide canvas but a margin; above the captions in a high one."""
    if canvas.is_portrait:
        return Box(0, round(canvas.height_px * 0.17), canvas.width_px, round(canvas.height_px * 0.5))
    x, y = round(canvas.width_px * 0.07), round(canvas.height_px * 0.055)
    return Box(x, y, canvas.width_px - 2 * x, canvas.height_px - 2 * y)


def _end_card(safe: Box) -> Box:
    """The middle of the picture, clear of the captions below."""
    return Box(safe.left, safe.top + round(safe.height * 0.04), safe.width, round(safe.height * 0.75))
