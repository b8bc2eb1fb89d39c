"""The title of a scene: a product's name large, what follows its colon smaller, an accent bar beside them."""

import re
from dataclasses import dataclass

from adreel_render.engine.colour import RGBColor
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Anchor, Box
from adreel_render.engine.lettering import Part, bar, text_style, words
from adreel_render.engine.typesetting import Align, TextBlock, is_rtl, set_text


def title_indent_px(short_side_px: int) -> tuple[int, int]:
    """(width of the accent bar, gap after it): what stands left of a title's words."""
    return max(4, round(short_side_px * 0.008)), round(short_side_px * 0.024)


@dataclass(frozen=True, slots=True)
class TitleBlocks:
    """A title set for a box: its blocks and the box they take, bar included."""

    title: TextBlock
    subtitle: TextBlock | None
    box: Box
    bar_px: int
    gap_px: int


def split_title(text: str) -> tuple[str, str | None]:
    """("Vereda Walks", "Seven guided days") from "Vereda Walks: seven guided days"; else the text alone."""
    match = re.fullmatch(r"\s*(.{2,42}?)\s*(?::\s+|：\s*|\s[–—|]\s|\s-\s)(.{3,})", text, re.DOTALL)
    if not match:
        return " ".join(text.split()), None
    title, rest = match[1], " ".join(match[2].split())
    return title, rest[:1].upper() + rest[1:]


def set_title(text: str, box: Box, short_side_px: int, family: str | None, anchor: Anchor) -> TitleBlocks:
    """The title in its box, standing at the box's top or on its bottom."""
    title, subtitle = split_title(text)
    bar_px, gap = title_indent_px(short_side_px)
    inner = box.width - bar_px - gap
    big = text_style(
        short_side_px, 0.083, weight=Weight.BOLD, max_lines=3, family=family, align=Align.START, leading=1.1, floor=0.4
    )
    small = text_style(
        short_side_px, 0.04, weight=Weight.REGULAR, max_lines=3, family=family, align=Align.START, floor=0.65
    )
    room = box.height if subtitle is None else round(box.height * 0.68)
    title_block = set_text(title, big, (inner, room))
    spacing = round(short_side_px * 0.014)
    rest = box.height - title_block.height_px - spacing
    sub_block = set_text(subtitle, small, (min(inner, round(short_side_px * 1.0)), rest)) if subtitle else None
    height = title_block.height_px + (sub_block.height_px + spacing if sub_block and sub_block.lines else 0)
    width = bar_px + gap + max(title_block.width_px, sub_block.width_px if sub_block else 0)
    top = box.top if anchor is Anchor.TOP else box.bottom - height
    left = box.right - width if is_rtl(title) else box.left
    return TitleBlocks(title_block, sub_block, Box(left, top, width, height), bar_px, gap)


def title_parts(blocks: TitleBlocks, ink: RGBColor, accent: RGBColor, *, shadow: float) -> list[Part]:
    """Bar, title and subtitle."""
    box = blocks.box
    from_right = is_rtl(" ".join(blocks.title.lines))
    bar_left = box.right - blocks.bar_px if from_right else box.left
    trim = round(blocks.title.size_px * 0.12)
    parts = [Part(bar(Box(bar_left, box.top + trim, blocks.bar_px, max(8, box.height - 2 * trim)), accent))]

    def left_of(block: TextBlock) -> int:
        indent = blocks.bar_px + blocks.gap_px
        return box.right - indent - block.width_px if from_right else box.left + indent

    title = words(blocks.title, left_of(blocks.title), box.top, ink, shadow=shadow)
    parts.append(Part(title, blocks.title.size_px))
    if blocks.subtitle and blocks.subtitle.lines:
        top = box.bottom - blocks.subtitle.height_px
        subtitle = words(blocks.subtitle, left_of(blocks.subtitle), top, ink, shadow=shadow)
        parts.append(Part(subtitle, blocks.subtitle.size_px))
    return parts
