"""The type that lies over a scene's picture: captions, title, and words alone where there is no picture."""

from dataclasses import dataclass

from adreel_render.engine.captions import Phrase
from adreel_render.engine.elements import Element
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Box, Layout
from adreel_render.engine.lettering import bar, text_style, words
from adreel_render.engine.palette import WHITE, Palette
from adreel_render.engine.scrims import FrameReader, choose_reading, lower_scrim, read_ground, soft_scrim
from adreel_render.engine.spec import Canvas, SceneSpec
from adreel_render.engine.sprites import stacked
from adreel_render.engine.text_plan import TextPlan
from adreel_render.engine.titles import set_title, title_sprite
from adreel_render.engine.typesetting import Align, TextBlock, is_rtl, set_text

_FADE_SECONDS = 0.2
_TITLE_FADE_SECONDS = 0.45
_SHADOW = 0.6
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class _Placed:
    """A phrase set in type at a place."""

    phrase: Phrase
    block: TextBlock
    box: Box


def caption_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, read: FrameReader
) -> list[Element]:
    """Captions with one shade behind all of them, so the picture does not flicker between phrases."""
    placed = [one for one in (_place(phrase, spec, canvas, layout) for phrase in plan.phrases) if one.block.lines]
    if not placed:
        return []
    around = _union([one.box for one in placed])
    reading = choose_reading(
        read_ground(read, _samples(placed[0].phrase.start_frame, placed[-1].phrase.end_frame), around)
    )
    start, end = placed[0].phrase.start_frame, placed[-1].phrase.end_frame
    fade = round(_FADE_SECONDS * canvas.fps)
    elements = []
    scrim = soft_scrim(canvas, around, reading) if layout.is_split else lower_scrim(canvas, around, reading)
    if scrim is not None:
        elements.append(Element(scrim, start, end, 2 * fade, 2 * fade))
    for one in placed:
        sprite = words(one.block, one.box.left, one.box.top, reading.ink, shadow=_SHADOW)
        rise = canvas.short_side_px * 0.008
        elements.append(Element(sprite, one.phrase.start_frame, one.phrase.end_frame, fade, fade, rise))
    return elements


def _place(phrase: Phrase, spec: SceneSpec, canvas: Canvas, layout: Layout) -> _Placed:
    zone = layout.captions
    align = Align.START if layout.is_split else Align.CENTER
    share = 0.052 if layout.is_split or canvas.is_portrait else 0.046
    style = text_style(
        canvas.short_side_px,
        share,
        weight=Weight.SEMIBOLD,
        max_lines=layout.caption_lines,
        family=spec.brand.font,
        align=align,
    )
    block = set_text(phrase.text, style, (zone.width, zone.height))
    if layout.is_split:
        left = zone.right - block.width_px if is_rtl(phrase.text) else zone.left
        return _Placed(phrase, block, Box(left, zone.top, block.width_px, block.height_px))
    left = zone.left + (zone.width - block.width_px) // 2
    return _Placed(phrase, block, Box(left, zone.bottom - block.height_px, block.width_px, block.height_px))


def title_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """The title with its accent bar, over a shade of its own where the picture asks for one."""
    if not plan.title:
        return []
    blocks = set_title(plan.title, layout.headline, canvas.short_side_px, spec.brand.font, at_top=canvas.is_portrait)
    if not blocks.title.lines:
        return []
    start = min(plan.start + round(0.15 * canvas.fps), plan.title_end - 1)
    reading = choose_reading(read_ground(read, _samples(start, plan.title_end), blocks.box))
    fade = round(_TITLE_FADE_SECONDS * canvas.fps)
    elements = []
    scrim = soft_scrim(canvas, blocks.box, reading)
    if scrim is not None:
        elements.append(Element(scrim, start, plan.title_end, fade, fade // 2))
    sprite = title_sprite(blocks, reading.ink, palette.accent, shadow=_SHADOW)
    elements.append(Element(sprite, start, plan.title_end, fade, fade // 2, canvas.short_side_px * 0.016))
    return elements


def typographic_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """A scene of words: the phrases large in the middle, an accent bar above them, the product in a corner."""
    zone = layout.end_card
    phrases = plan.phrases or (Phrase(plan.title or "", plan.start, plan.end),)
    style = text_style(
        canvas.short_side_px, 0.088, weight=Weight.BOLD, max_lines=5, family=spec.brand.font, leading=1.14, floor=0.4
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
        accent = bar(_bar_above(box, canvas), palette.accent)
        parts = [accent, words(block, left, top, WHITE, shadow=_SHADOW)]
        scrim = soft_scrim(canvas, box, reading)
        sprite = stacked([*([scrim] if scrim else []), *parts])
        elements.append(Element(sprite, phrase.start_frame, phrase.end_frame, fade, fade, canvas.short_side_px * 0.015))
    if plan.title and plan.phrases:
        elements += title_elements(plan, spec, canvas, layout.with_headline_on_top(), palette, read)
    return elements


def _bar_above(box: Box, canvas: Canvas) -> Box:
    width, height = round(canvas.short_side_px * 0.09), max(4, round(canvas.short_side_px * 0.008))
    return Box(box.left + (box.width - width) // 2, box.top - round(canvas.short_side_px * 0.045), width, height)


def _samples(start: int, end: int) -> list[int]:
    """A few frames spread over a time, first and last among them."""
    last = max(start, end - 1)
    return sorted({start + round((last - start) * step / (_SAMPLES - 1)) for step in range(_SAMPLES)})


def _union(boxes: list[Box]) -> Box:
    left, top = min(b.left for b in boxes), min(b.top for b in boxes)
    return Box(left, top, max(b.right for b in boxes) - left, max(b.bottom for b in boxes) - top)
