"""Puts a scene together: the shot, and the type that lies over it. Draws any of its frames.

Order of work: choose the palette, open the media and frame them, then arrange the type, measuring the
pictures behind it. `Stage.frame` is what every output is made from: clips, posters, stills.
"""

from dataclasses import dataclass, replace

from adreel_render.engine.backdrops import brand_shot, media_shot
from adreel_render.engine.colour import YUV
from adreel_render.engine.elements import Element
from adreel_render.engine.end_card import CARD_FADE_SECONDS, EndCard, end_card_elements
from adreel_render.engine.errors import MediumUnreadable
from adreel_render.engine.layout import Box, Layout, union
from adreel_render.engine.logo import logo_sprite
from adreel_render.engine.palette import Palette, choose_palette
from adreel_render.engine.scrims import choose_reading, read_ground, soft_scrim
from adreel_render.engine.shots import Shot
from adreel_render.engine.spec import Brand, Canvas, MediumKind, SceneSpec
from adreel_render.engine.sprites import Sprite
from adreel_render.engine.text_plan import TextPlan, plan_text
from adreel_render.engine.type_layers import caption_elements, title_elements, typographic_elements


@dataclass(frozen=True, slots=True)
class Stage:
    """A scene ready to be drawn."""

    shot: Shot
    elements: tuple[Element, ...]

    def frame(self, index: int) -> YUV:
        """Frame `index` of the clip: planes valid until the next call, to be read at once."""
        picture = self.shot.read(index)
        for element in self.elements:
            element.draw(picture, index)
        return picture


def build_stage(spec: SceneSpec, canvas: Canvas) -> Stage:
    """Everything of a scene that does not change from frame to frame, done once.

    Raises `MediumUnreadable` for a medium that cannot be drawn.
    """
    spec = _with_logo_apart(spec)
    palette = choose_palette(spec.brand, spec.style, spec.tone)
    plan = plan_text(spec, canvas)
    if spec.media:
        shot, layout = media_shot(spec, canvas, palette, plan)
    else:
        shot, layout = brand_shot(spec, canvas, palette)
    elements: list[Element] = []
    if plan.is_typographic:
        elements += typographic_elements(plan, spec, canvas, layout, palette, shot.read)
    else:
        elements += title_elements(plan, spec, canvas, layout, palette, shot.read)
        elements += caption_elements(plan, spec, canvas, layout, palette, shot.read)
    if plan.end_card_start is not None:
        elements += _end_card(plan, plan.end_card_start, spec, canvas, layout, palette, shot)
    return Stage(shot, tuple(elements))


def _end_card(
    plan: TextPlan, start: int, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, shot: Shot
) -> list[Element]:
    logo = _logo(spec.brand, canvas)
    card = EndCard(spec.product, spec.call_to_action, spec.headline, logo)
    elements = end_card_elements(card, layout.end_card, canvas, palette, spec.brand.font, start=start, end=plan.end)
    if not elements:
        return []
    box = union([Box(e.sprite.left, e.sprite.top, e.sprite.width_px, e.sprite.height_px) for e in elements])
    reading = choose_reading(read_ground(shot.read, [plan.end - 1], box), may_be_dark=False)
    scrim = soft_scrim(canvas, box, reading)
    return [*([Element(scrim, start, plan.end, round(CARD_FADE_SECONDS * canvas.fps))] if scrim else []), *elements]


def _logo(brand: Brand, canvas: Canvas) -> Sprite | None:
    """The brand's logo. One that cannot be drawn is left out: it is no reason to refuse a film."""
    if brand.logo is None:
        return None
    size = (round(canvas.short_side_px * 0.5), round(canvas.short_side_px * 0.15))
    try:
        return logo_sprite(brand.logo, brand.logo_key or brand.logo.name, size, ground_luminance=0.06)
    except MediumUnreadable:
        return None


def _with_logo_apart(spec: SceneSpec) -> SceneSpec:
    """A picture whose role is "logo" stands on the end card, not in place of a photograph, if there are others."""
    logos = [medium for medium in spec.media if (medium.role or "").strip().lower() == "logo"]
    others = tuple(medium for medium in spec.media if medium not in logos)
    if not logos or not others:
        return spec
    brand = spec.brand
    if brand.logo is None and logos[0].kind is MediumKind.IMAGE:
        brand = replace(brand, logo=logos[0].path, logo_key=logos[0].key)
    return replace(spec, media=others, brand=brand)
