"""Text as a picture: lines chosen, sized to fit their box, drawn as coverage masks.

The invariant: a `TextBlock` is never wider or higher than the box it was set for, whatever the text. Long
text is set smaller, down to a floor; what still does not fit is cut at a word with an ellipsis.
"""

import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from adreel_render.engine.fonts import Run, Typeface, han_language
from adreel_render.engine.line_breaking import break_lines, longest_word_px
from adreel_render.engine.plain_shaping import as_seen, has_shaping

Mask = npt.NDArray[np.uint8]

_LEADING = 1.22
"""Line distance over type size; Inter's own 1.21 is right for captions."""


_LONGEST_CHARS = 1500
"""More than any box of ours can hold at the smallest size; what follows is never looked at."""

_SPLIT_FROM = 0.66
"""Words longer than a line are hyphenated once the type is this share of its size: smaller would look worse."""


_EDGE_MARKS = ".,;:!?…()[]«»“”‘’\"'"


class Align(StrEnum):
    """Where lines stand in their block. START is left, or right for a text that runs from the right."""

    START = "start"
    CENTER = "center"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text wants to be set: its face, the size it should have and the least it may have."""

    face: Typeface
    size_px: int
    min_size_px: int
    max_lines: int
    align: Align = Align.CENTER
    leading: float = _LEADING


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines set at a size. `width_px` is the longest line's advance, `line_px` from baseline to baseline.

    `is_whole` says that no word had to be left away.
    """

    lines: tuple[str, ...]
    size_px: int
    width_px: int
    line_px: int
    style: TextStyle
    is_whole: bool = True

    @property
    def height_px(self) -> int:
        """All lines with their leading."""
        return self.line_px * len(self.lines)


def set_text(text: str, style: TextStyle, box_px: tuple[int, int]) -> TextBlock:
    """The text in the largest size, up to the style's, that fits a box of (width, height) pixels."""
    words = style.face.drawable(text[:_LONGEST_CHARS])
    width, height = box_px
    size = style.size_px
    splits_from = max(style.min_size_px, style.size_px * _SPLIT_FROM)
    while size >= style.min_size_px:
        block = _try_size(words, style, size, width, height, may_split=size <= splits_from)
        if block is not None:
            return block
        size = max(style.min_size_px, int(size * 0.94)) if size > style.min_size_px else 0
    return _shortened(words, style, width, height)


def _try_size(
    text: str, style: TextStyle, size_px: int, width_px: int, height_px: int, *, may_split: bool
) -> TextBlock | None:
    line_px = _line_px(text, style, size_px)
    max_lines = min(style.max_lines, max(1, height_px // line_px))
    measure = cache(partial(style.face.length_px, size_px=size_px))
    if measure(text) > max_lines * width_px:
        return None
    if not may_split and longest_word_px(text, measure) > width_px:
        return None
    lines = break_lines(text, measure, width_px, max_lines)
    if lines is None:
        return None
    longest = max((measure(line) for line in lines), default=0.0)
    return TextBlock(tuple(lines), size_px, int(np.ceil(longest)), line_px, style)


def _line_px(text: str, style: TextStyle, size_px: int) -> int:
    """The style's leading, widened for scripts that stand higher or hang lower than Latin does."""
    own = sum(style.face.metrics_px("", size_px))
    needed = sum(style.face.metrics_px(text, size_px))
    return round(size_px * style.leading * max(1.0, needed / own))


def _shortened(text: str, style: TextStyle, width_px: int, height_px: int) -> TextBlock:
    """As many words as fit at the smallest size, with an ellipsis."""
    units = text.split(" ") if " " in text else list(text)
    joiner = " " if " " in text else ""
    low, high = 0, len(units)
    best = TextBlock((), style.min_size_px, 0, 0, style, is_whole=not units[0])
    while low < high:
        middle = (low + high + 1) // 2
        candidate = joiner.join(units[:middle]).rstrip(" ,.;:–—-") + "…"
        block = _try_size(candidate, style, style.min_size_px, width_px, height_px, may_split=True)
        if block is None:
            high = middle - 1
        else:
            low, best = middle, replace(block, is_whole=False)
    return best


def draw_block(block: TextBlock, margin_px: int) -> Mask:
    """The coverage (0..255) of a block's ink, with a margin all around for shadows: (H, W) uint8."""
    width, height = block.width_px + 2 * margin_px, block.height_px + 2 * margin_px
    image = Image.new("L", (max(2, width), max(2, height)))
    draw = ImageDraw.Draw(image)
    ascent, descent = block.style.face.metrics_px("".join(block.lines), block.size_px)
    above = (block.line_px - ascent - descent) / 2 + ascent
    language = han_language("".join(block.lines))
    for index, line in enumerate(block.lines):
        from_right = is_rtl(line)
        runs = _in_visual_order(block.style.face.runs(line, block.size_px), line)
        left = margin_px + _indent(block, line, sum(run.length_px for run in runs))
        baseline = margin_px + round(index * block.line_px + above)
        for run in runs:
            is_from_right = is_rtl(run.text) or (from_right and not _is_strong(run.text))
            at = (left, baseline)
            if has_shaping():
                direction = "rtl" if is_from_right else None
                draw.text(at, run.text, 255, run.font, anchor="ls", direction=direction, language=language)
            else:
                draw.text(at, as_seen(run.text) if is_from_right else run.text, 255, run.font, anchor="ls")
            left += run.length_px
    return np.asarray(image, np.uint8)


def is_rtl(text: str) -> bool:
    """Whether a text's first strong character runs from right to left."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def _in_visual_order(runs: list[Run], line: str) -> list[Run]:
    """Left to right as seen: the pieces of a line that runs from the right stand in reverse.

    A mark at the end of a Latin word belongs to the line there, not to the word: it stands left of it.
    """
    if not is_rtl(line):
        return runs
    return [piece for run in runs for piece in _marks_apart(run)][::-1]


def _marks_apart(run: Run) -> list[Run]:
    text = run.text
    if is_rtl(text) or not _is_strong(text):
        return [run]
    inner = text.strip(_EDGE_MARKS)
    start = text.index(inner)
    pieces = (*text[:start], inner, *text[start + len(inner) :])
    return [Run(piece, run.font) for piece in pieces]


def _is_strong(text: str) -> bool:
    """Whether any character has a direction of its own; numbers count."""
    return any(unicodedata.bidirectional(char) in ("L", "R", "AL", "EN", "AN") for char in text)


def _indent(block: TextBlock, line: str, length_px: float) -> float:
    free = block.width_px - length_px
    if block.style.align is Align.CENTER:
        return free / 2
    return free if is_rtl(line) else 0.0
