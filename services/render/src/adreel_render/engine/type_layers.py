"""The type that lies over a scene's picture: captions, title, and words alone where there is no picture."""

from dataclasses import dataclass

from adreel_render.engine.captions import Phrase
from adreel_render.engine.elements import Element
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Anchor, Box, Layout, union
from adreel_render.engine.lettering import bar, text_style, words
from adreel_render.engine.palette import WHITE, Palette
from adreel_render.engine.scrims import FrameReader, choose_reading, edge_scrim, read_ground, soft_scrim
from adreel_render.engine.spec import Canvas, SceneSpec
from adreel_render.engine.sprites import Sprite, stacked
from adreel_render.engine.text_plan import TextPlan
from adreel_render.engine.titles import set_title, title_indent_px, title_sprite
from adreel_render.engine.typesetting import Align, TextBlock, is_rtl, set_text

_FADE_SECONDS = 0.2
_TITLE_FADE_SECONDS = 0.45
_SHADOW = 0.6
_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class _Placed:
    """A phrase set in type at a place."""

    phrase: Phrase
    block: TextBlock
    box: Box


def caption_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """Captions with one shade behind all of them, so the picture does not flicker between phrases."""
    indent = 0 if layout.captions.is_centred else sum(title_indent_px(canvas.short_side_px))
    placed = [_place(phrase, spec, canvas, layout, indent_px=indent) for phrase in plan.phrases]
    placed = [one for one in placed if one.block.lines]
    if not placed:
        return []
    around = union([one.box for one in placed])
    reading = choose_reading(
        read_ground(read, _samples(placed[0].phrase.start_frame, placed[-1].phrase.end_frame), around)
    )
    start, end = placed[0].phrase.start_frame, placed[-1].phrase.end_frame
    fade = round(_FADE_SECONDS * canvas.fps)
    elements = []
    scrim = soft_scrim(canvas, around, reading) if layout.is_split else edge_scrim(canvas, around, reading)
    if scrim is not None:
        elements.append(Element(scrim, start, end, 2 * fade, 2 * fade))
    has_bars = layout.is_split and not plan.title
    for one in placed:
        sprite = words(one.block, one.box.left, one.box.top, reading.ink, shadow=_SHADOW)
        if has_bars:
            sprite = stacked([_side_bar(one, layout.captions.box, canvas, palette), sprite])
        elements.append(Element(sprite, one.phrase.start_frame, one.phrase.end_frame, fade, fade))
    return elements


def _side_bar(one: _Placed, zone: Box, canvas: Canvas, palette: Palette) -> Sprite:
    """An accent bar beside a phrase, where its first letters are."""
    width, _ = title_indent_px(canvas.short_side_px)
    trim = round(one.block.size_px * 0.2)
    left = zone.right - width if is_rtl(one.phrase.text) else zone.left
    return bar(Box(left, one.box.top + trim, width, one.box.height - 2 * trim), palette.accent)


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
    )
    block = set_text(phrase.text, style, (box.width, box.height))
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
    sprite = title_sprite(blocks, reading.ink, palette.accent, shadow=_SHADOW)
    elements.append(Element(sprite, start, plan.title_end, fade, fade // 2, canvas.short_side_px * 0.016))
    return elements


def typographic_elements(
    plan: TextPlan, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, read: FrameReader
) -> list[Element]:
    """A scene of words: the phrases large in the middle, an accent bar above them, the product in a corner."""
    zone = layout.end_card if plan.title and plan.phrases else layout.safe
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
