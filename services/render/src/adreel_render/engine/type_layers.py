"""The type that lies over a scene's picture: captions, title, and words alone where there is no picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adreel_render.engine.backdrops import dimmed_from
from adreel_render.engine.captions import Phrase
from adreel_render.engine.colour import RGBColor
from adreel_render.engine.elements import Element
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Anchor, Box, Layout, arrange, union
from adreel_render.engine.lettering import bar, text_style, words
from adreel_render.engine.palette import WHITE, Palette
from adreel_render.engine.scrims import (
    FrameReader,
    Reading,
    choose_reading,
    edge_scrim,
    read_ground,
    shade_under,
    soft_scrim,
)
from adreel_render.engine.spec import Canvas, SceneSpec
from adreel_render.engine.sprites import Sprite
from adreel_render.engine.text_plan import TextPlan
from adreel_render.engine.titles import set_title, title_indent_px, title_parts
from adreel_render.engine.typesetting import Align, TextBlock, is_rtl, set_text

_FADE_SECONDS = 0.2
_TITLE_FADE_SECONDS = 0.45
_SHADOW = 0.6
_SAMPLES = 4
_SHORTEST_PART_SECONDS = 0.6
_CAPTION_FLOOR = 0.82
_LEAST_CAPTION = 0.66
"""Captions shrink to the one, then take a line more, then shrink to the other: smaller cannot be read on a phone."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A phrase set in type at a place."""

    phrase: Phrase
    block: TextBlock
    box: Box


def caption_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """Captions; those beside a picture go to the foot of the canvas when the end card takes the picture's place."""
    card_start = plan.end_card_start
    if card_start is None or not layout.is_split:
        return _captions(plan.phrases, plan, spec, canvas, layout, palette, read)
    before = _shown_within(plan.phrases, 0, card_start, canvas.fps)
    after = _shown_within(plan.phrases, card_start, plan.end, canvas.fps)
    below = arrange(canvas, is_split=False)
    return [
        *_captions(before, plan, spec, canvas, layout, palette, read),
        *_captions(after, plan, spec, canvas, below, palette, read),
    ]


def _shown_within(phrases: Sequence[Phrase], start: int, end: int, fps: int) -> list[Phrase]:
    """The phrases cut to a time; the lesser part of one that is too short to be read there is left away."""
    shown = []
    for phrase in phrases:
        first, last = max(start, phrase.start_frame), min(end, phrase.end_frame)
        is_most = 2 * (last - first) > phrase.end_frame - phrase.start_frame
        if last > first and (is_most or last - first >= _SHORTEST_PART_SECONDS * fps):
            shown.append(Phrase(phrase.text, first, last))
    return shown


def _captions(
    phrases: Sequence[Phrase],
    plan: TextPlan,
    spec: SceneSpec,
    canvas: Canvas,
    layout: Layout,
    palette: Palette,
    read: FrameReader,
) -> list[Element]:
    """With one shade behind all of them, so the picture does not flicker between phrases."""
    indent = 0 if layout.captions.is_centred else sum(title_indent_px(canvas.short_side_px))
    placed = [_place(phrase, spec, canvas, layout, indent_px=indent) for phrase in phrases]
    placed = [one for one in placed if one.block.lines]
    if not placed:
        return []
    around = union([one.box for one in placed])
    reading = choose_reading(
        read_ground(read, _samples(placed[0].phrase.start_frame, placed[-1].phrase.end_frame), around)
    )
    start, end = placed[0].phrase.start_frame, placed[-1].phrase.end_frame
    fade = round(_FADE_SECONDS * canvas.fps)
    card_at = dimmed_from(plan.end_card_start, canvas)
    if card_at is None or not start + 2 * fade < card_at < end - 2 * fade:
        elements = _shade(canvas, around, layout, reading, start, end, _leaving(end, spec, fade))
    else:
        # A bright picture's shade would lie as a dark bar across the dimmed one that the end card stands on.
        elements = _shade(canvas, around, layout, reading, start, card_at + fade, fade)
        dimmed = read_ground(read, _samples(card_at, end), around)
        under = shade_under(reading.ink, dimmed)
        elements += _shade(canvas, around, layout, under, card_at, end, _leaving(end, spec, fade))
    has_bars = layout.is_split and not plan.title
    for one in placed:
        sprite = words(one.block, one.box.left, one.box.top, reading.ink, shadow=_SHADOW)
        times = (one.phrase.start_frame, one.phrase.end_frame, fade, _leaving(one.phrase.end_frame, spec, fade))
        if has_bars:
            side_bar = _side_bar(one, layout.captions.box, canvas, palette.mark_on(reading.ink))
            elements.append(Element(side_bar, *times))
        elements.append(Element(sprite, *times, type_px=one.block.size_px))
    return elements


def _leaving(end: int, spec: SceneSpec, fade: int) -> int:
    """Frames in which type fades out: none with the film's last frame, where all that is seen ends together."""
    return 0 if spec.is_last and end >= spec.frame_count else fade


def _shade(
    canvas: Canvas, around: Box, layout: Layout, reading: Reading, start: int, end: int, fade_out: int
) -> list[Element]:
    """The shade behind captions, as quick as they are: type that is fully there needs its shade fully there."""
    scrim = soft_scrim(canvas, around, reading) if layout.is_split else edge_scrim(canvas, around, reading)
    return [] if scrim is None else [Element(scrim, start, end, round(_FADE_SECONDS * canvas.fps), fade_out)]


def _side_bar(one: _Placed, zone: Box, canvas: Canvas, color: RGBColor) -> Sprite:
    """An accent bar beside a phrase, where its first letters are."""
    width, _ = title_indent_px(canvas.short_side_px)
    trim = round(one.block.size_px * 0.2)
    left = zone.right - width if is_rtl(one.phrase.text) else zone.left
    return bar(Box(left, one.box.top + trim, width, one.box.height - 2 * trim), color)


def _place(phrase: Phrase, spec: SceneSpec, canvas: Canvas, layout: Layout, *, indent_px: int) -> _Placed:
    """Set a phrase in the caption zone; `indent_px` keeps room at the left for a bar."""
    zone = layout.captions
    box = Box(zone.box.left + indent_px, zone.box.top, zone.box.width - indent_px, zone.box.height)
    style = text_style(
        canvas.short_side_px,
        zone.size_share,
        weight=Weight.SEMIBOLD,
        max_lines=zone.lines,
        family=spec.brand.font,
        align=Align.CENTER if zone.is_centred else Align.START,
        floor=_CAPTION_FLOOR,
    )
    block = set_text(phrase.text, style, (box.width, box.height))
    if not block.is_whole:
        smaller = replace(style, max_lines=zone.lines + 1, min_size_px=round(style.size_px * _LEAST_CAPTION))
        block = set_text(phrase.text, smaller, (box.width, box.height))
    left = box.left + (box.width - block.width_px) // 2
    if not zone.is_centred:
        left = zone.box.right - indent_px - block.width_px if is_rtl(phrase.text) else box.left
    free = box.height - block.height_px
    top = box.top + {Anchor.TOP: 0, Anchor.MIDDLE: free // 2, Anchor.BOTTOM: free}[zone.anchor]
    return _Placed(phrase, block, Box(left, top, block.width_px, block.height_px))


def title_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """The title with its accent bar, over a shade of its own where the picture asks for one."""
    if not plan.title:
        return []
    blocks = set_title(plan.title, layout.headline, canvas.short_side_px, spec.brand.font, layout.headline_anchor)
    if not blocks.title.lines:
        return []
    start = min(plan.start + round(0.15 * canvas.fps), plan.title_end - 1)
    reading = choose_reading(read_ground(read, _samples(start, plan.title_end), blocks.box))
    fade = round(_TITLE_FADE_SECONDS * canvas.fps)
    elements = []
    scrim = (edge_scrim if layout.headline_anchor is Anchor.TOP else soft_scrim)(canvas, blocks.box, reading)
    if scrim is not None:
        elements.append(Element(scrim, start, plan.title_end, fade, fade // 2))
    rise = canvas.short_side_px * 0.016
    for sprite, type_px in title_parts(blocks, reading.ink, palette.mark_on(reading.ink), shadow=_SHADOW):
        elements.append(Element(sprite, start, plan.title_end, fade, fade // 2, rise, type_px))
    return elements


def typographic_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """A scene of words: the phrases large in the middle, an accent bar above them, the product in a corner."""
    zone = layout.safe
    title: list[Element] = []
    if plan.title and plan.phrases:
        above = layout.with_headline_on_top(from_right=is_rtl(plan.title))
        title = title_elements(plan, spec, canvas, above, palette, read)
        zone = _below(title, layout.end_card, canvas)
    phrases = plan.phrases or (Phrase(plan.title or "", plan.start, plan.end),)
    style = text_style(
        canvas.short_side_px,
        0.088,
        weight=Weight.BOLD,
        max_lines=8 if canvas.is_portrait else 5,
        family=spec.brand.font,
        leading=1.14,
        floor=0.4,
    )
    room = (round(zone.width * 0.9), round(zone.height * 0.8))
    fade = round(_FADE_SECONDS * canvas.fps)
    elements: list[Element] = []
    for phrase in phrases:
        block = set_text(phrase.text, style, room)
        if not block.lines:
            continue
        left, top = zone.left + (zone.width - block.width_px) // 2, zone.top + (zone.height - block.height_px) // 2
        box = Box(left, top, block.width_px, block.height_px)
        reading = choose_reading(
            read_ground(read, _samples(phrase.start_frame, phrase.end_frame), box), may_be_dark=False
        )
        times = (phrase.start_frame, phrase.end_frame, fade, _leaving(phrase.end_frame, spec, fade))
        rise = canvas.short_side_px * 0.015
        scrim = soft_scrim(canvas, box, reading)
        elements += [Element(scrim, *times)] if scrim else []
        elements.append(Element(bar(_bar_above(box, canvas), palette.mark_on(WHITE)), *times, rise))
        elements.append(Element(words(block, left, top, WHITE, shadow=_SHADOW), *times, rise, block.size_px))
    return [*elements, *title]


def _below(title: list[Element], zone: Box, canvas: Canvas) -> Box:
    """The part of a zone that a title with room under it leaves to phrases and the bar above them."""
    sprites = [element.sprite for element in title if element.type_px]
    lowest = max((sprite.top + sprite.height_px for sprite in sprites), default=zone.top)
    top = min(max(zone.top, lowest + round(canvas.short_side_px * 0.06)), zone.bottom - zone.height // 3)
    return zone._replace(top=top, height=zone.bottom - top)


def _bar_above(box: Box, canvas: Canvas) -> Box:
    width, height = round(canvas.short_side_px * 0.09), max(4, round(canvas.short_side_px * 0.008))
    return Box(box.left + (box.width - width) // 2, box.top - round(canvas.short_side_px * 0.045), width, height)


def _samples(start: int, end: int) -> list[int]:
    """A few frames spread over a time, first and last among them."""
    last = max(start, end - 1)
    return sorted({start + round((last - start) * step / (_SAMPLES - 1)) for step in range(_SAMPLES)})
