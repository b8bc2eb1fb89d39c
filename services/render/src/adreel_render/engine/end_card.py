"""The last picture of a film: logo, product, and the call to action on a pill in the brand's colour.

Set as one column in the middle of its box, sized so that it fits whatever the words; the parts come in one
after another.
"""

from dataclasses import dataclass

from adreel_render.engine.colour import RGBColor
from adreel_render.engine.elements import Element
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Box
from adreel_render.engine.lettering import Part, centred_words, pill, text_style, words
from adreel_render.engine.palette import WHITE, Palette
from adreel_render.engine.spec import Canvas
from adreel_render.engine.sprites import Sprite
from adreel_render.engine.titles import split_title
from adreel_render.engine.typesetting import TextBlock, TextStyle, set_text

_STAGGER_SECONDS = 0.14
CARD_FADE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class EndCard:
    """What an end card says."""

    product: str | None
    call_to_action: str | None
    line: str | None
    logo: Sprite | None
    """At any place: the card moves it to its own."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A part of the column: its height, and the gap above it."""

    kind: str
    height_px: int
    gap_px: int
    block: TextBlock | None = None


def end_card_elements(
    card: EndCard, box: Box, canvas: Canvas, palette: Palette, family: str | None, *, start: int, end: int
) -> list[Element]:
    """The card's elements, coming in from frame `start` on, all gone at `end`."""
    rows = _rows(card, box, canvas, family)
    height = sum(row.height_px + row.gap_px for row in rows) - (rows[0].gap_px if rows else 0)
    top = box.top + (box.height - height) // 2
    fade, stagger = round(CARD_FADE_SECONDS * canvas.fps), round(_STAGGER_SECONDS * canvas.fps)
    elements = []
    for place, row in enumerate(rows):
        top += row.gap_px if place else 0
        rise = canvas.short_side_px * 0.02
        for sprite, type_px in _draw_row(row, card, box, top, canvas.short_side_px, palette):
            elements.append(Element(sprite, start + place * stagger, end, fade, 0, rise, type_px))
        top += row.height_px
    return elements


def _rows(card: EndCard, box: Box, canvas: Canvas, family: str | None) -> list[_Row]:
    rows: list[_Row] = []
    short_px = canvas.short_side_px
    if card.logo is not None:
        rows.append(_Row("logo", card.logo.height_px, 0))
    title, subtitle = split_title(card.product) if card.product else (None, None)
    if title:
        most = 5 if canvas.is_portrait else 3
        big = text_style(short_px, 0.1, weight=Weight.BOLD, max_lines=most, family=family, leading=1.1, floor=0.4)
        rows.append(_text_row("title", title, big, (box.width, round(box.height * 0.42)), round(short_px * 0.04)))
    line = card.line or subtitle
    if line:
        small = text_style(short_px, 0.042, weight=Weight.REGULAR, max_lines=2, family=family, floor=0.65)
        width = min(box.width, round(short_px * 1.15))
        rows.append(_text_row("line", line, small, (width, round(short_px * 0.13)), round(short_px * 0.022)))
    if card.call_to_action:
        style = text_style(short_px, 0.047, weight=Weight.SEMIBOLD, max_lines=2, family=family, leading=1.2, floor=0.5)
        padding = round(short_px * 0.05)
        block = set_text(card.call_to_action, style, (box.width - 2 * padding, round(short_px * 0.13)))
        rows.append(_Row("pill", block.height_px + round(short_px * 0.05), round(short_px * 0.05), block))
    return [row for row in rows if row.block is None or row.block.lines]


def _text_row(kind: str, text: str, style: TextStyle, room: tuple[int, int], gap_px: int) -> _Row:
    block = set_text(text, style, room)
    return _Row(kind, block.height_px, gap_px, block)


def _draw_row(row: _Row, card: EndCard, box: Box, top: int, short_px: int, palette: Palette) -> list[Part]:
    middle = box.left + box.width // 2
    if row.kind == "logo" and card.logo is not None:
        return [Part(card.logo.moved_to(middle - card.logo.width_px // 2, top))]
    assert row.block is not None
    if row.kind == "pill":
        width = max(row.block.width_px + 2 * round(short_px * 0.05), round(row.height_px * 1.8))
        place = Box(middle - width // 2, top, width, row.height_px)
        label = centred_words(row.block, place, palette.on_button)
        return [Part(pill(place, palette.button)), Part(label, row.block.size_px)]
    color: RGBColor = WHITE
    text = words(row.block, middle - row.block.width_px // 2, top, color, shadow=0.5)
    return [Part(text, row.block.size_px)]
