"""Where things stand on a canvas: title-safe area, caption zone, headline zone, card place.

Boxes are in canvas pixels, origin at the top left. All type stays inside the title-safe area (5 % of each
side, SMPTE ST 2046-1 keeps 90 %). In 9:16 the lowest fifth and the right edge stay free: that is where
phones lay the player's own buttons and text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
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


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of some boxes."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


class Anchor(StrEnum):
    """Where a block stands in its zone."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class CaptionZone:
    """Where captions go, how many lines they may have, and their type size as a share of the shorter side."""

    box: Box
    anchor: Anchor
    lines: int
    size_share: float
    is_centred: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one scene."""

    safe: Box
    captions: CaptionZone
    headline: Box
    headline_anchor: Anchor
    card: Box
    end_card: Box
    is_split: bool

    def with_headline_on_top(self, *, from_right: bool = False) -> "Layout":
        """The same with the headline in the upper left of the safe area, for scenes whose middle is taken.

        `from_right` says that it is in a script that runs from the right: it then stands in the upper right.
        """
        is_square = 0.8 < self.safe.width / self.safe.height < 1.25
        height, width = round(self.safe.height * (0.25 if is_square else 0.2)), round(self.safe.width * 0.7)
        left = self.safe.right - width if from_right else self.safe.left
        box = Box(left, self.safe.top, width, height)
        return replace(self, headline=box, headline_anchor=Anchor.TOP)


def safe_area(canvas: Canvas) -> Box:
    """What every screen shows and no player covers."""
    x, y = round(canvas.width_px * TITLE_SAFE), round(canvas.height_px * TITLE_SAFE)
    if not canvas.is_portrait:
        return Box(x, y, canvas.width_px - 2 * x, canvas.height_px - 2 * y)
    right = round(canvas.width_px * _PHONE_RIGHT_ZONE)
    bottom = round(canvas.height_px * _PHONE_LOWER_ZONE)
    top = round(canvas.height_px * 0.08)
    return Box(x, top, canvas.width_px - x - right, canvas.height_px - top - bottom)


def arrange(
    canvas: Canvas,
    *,
    is_split: bool,
    has_title: bool = False,
    from_right: bool = False,
    has_wide_card: bool = False,
) -> Layout:
    """The places of a scene. Split (a wide canvas only): a picture on the right, type in a column on the left.

    `from_right` says that the title is in a script that runs from the right: it then stands there. `has_wide_card`
    says that a landscape picture is shown as a card: on a square it then stands above the type, a title's too.
    """
    safe = safe_area(canvas)
    is_wide = canvas.width_px > canvas.height_px * 1.3
    if is_split and is_wide:
        return _split(canvas, safe, has_title=has_title)
    lines_px = round(canvas.short_side_px * 0.17)
    inner = round(safe.width * (0.09 if is_wide else 0.0))
    box = Box(safe.left + inner, safe.bottom - lines_px, safe.width - 2 * inner, lines_px)
    headline = _headline(canvas, safe, box, is_wide)
    joins_title = has_title and not canvas.is_portrait
    if joins_title:
        box = Box(headline.left, box.top, round(safe.width * (0.8 if is_wide else 1.0)), box.height)
    if from_right:
        headline = headline._replace(left=safe.right - headline.width)
        box = box._replace(left=safe.right - box.width) if joins_title else box
    share = 0.052 if canvas.is_portrait else 0.046
    captions = CaptionZone(box, Anchor.BOTTOM, 2, share, is_centred=not joins_title)
    anchor = Anchor.TOP if canvas.is_portrait else Anchor.BOTTOM
    card = _card(canvas)
    if has_wide_card and not (is_wide or canvas.is_portrait):
        card = _upper_card(canvas) if has_title else _card_above(captions.box, canvas)
    return Layout(safe, captions, headline, anchor, card, _end_card(safe), False)


def _split(canvas: Canvas, safe: Box, *, has_title: bool) -> Layout:
    """A card on the right; on the left the title above its captions, or captions alone in the middle."""
    width, height = canvas.width_px, canvas.height_px
    column = Box(safe.left + round(width * 0.02), safe.top, round(width * 0.41), safe.height)
    card = Box(round(width * 0.54), round(height * 0.09), round(width * 0.36), round(height * 0.82))
    upper = Box(column.left, column.top, column.width, round(column.height * 0.53))
    lower = Box(column.left, upper.bottom + round(height * 0.05), column.width, round(height * 0.3))
    captions = (
        CaptionZone(lower, Anchor.TOP, 4, 0.05, is_centred=False)
        if has_title
        else CaptionZone(column, Anchor.MIDDLE, 5, 0.066, is_centred=False)
    )
    return Layout(safe, captions, upper, Anchor.BOTTOM, card, _end_card(safe), True)


def _headline(canvas: Canvas, safe: Box, captions: Box, is_wide: bool) -> Box:
    """Above the captions at the left in wide pictures; at the top where the picture is high."""
    if canvas.is_portrait:
        return Box(safe.left, safe.top, safe.width, round(canvas.height_px * 0.135))
    share = 0.62 if is_wide else 0.86
    height = round(safe.height * 0.42)
    gap = round(canvas.short_side_px * 0.025)
    return Box(safe.left, captions.top - gap - height, round(safe.width * share), height)


def _card(canvas: Canvas) -> Box:
    """The place of a fitted picture: all of a wide canvas but a margin; above the captions in a high one."""
    if canvas.is_portrait:
        return Box(0, round(canvas.height_px * 0.225), canvas.width_px, round(canvas.height_px * 0.465))
    x, y = round(canvas.width_px * 0.07), round(canvas.height_px * 0.055)
    return Box(x, y, canvas.width_px - 2 * x, canvas.height_px - 2 * y)


def _upper_card(canvas: Canvas) -> Box:
    """The upper half of a square: a title and captions have the lower one to themselves."""
    x, y = round(canvas.width_px * 0.07), round(canvas.height_px * 0.05)
    return Box(x, y, canvas.width_px - 2 * x, round(canvas.height_px * 0.45))


def _card_above(captions: Box, canvas: Canvas) -> Box:
    """All of a square but a margin and the place of captions."""
    x, y = round(canvas.width_px * 0.07), round(canvas.height_px * 0.05)
    return Box(x, y, canvas.width_px - 2 * x, captions.top - round(canvas.height_px * 0.03) - y)


def _end_card(safe: Box) -> Box:
    """The middle of the picture, clear of the captions below."""
    return Box(safe.left, safe.top + round(safe.height * 0.04), safe.width, round(safe.height * 0.75))
