"""The colours a film is drawn in: taken from the brand, or a set that suits its tone.

Whatever comes in, what goes out can be read: `on_accent` is white or black, with a contrast of at
least 4.5 to `accent`, and both ends of the gradient are dark enough for white type (contrast of at least 7).
"""

import colorsys
from dataclasses import dataclass

from adreel_render.engine.colour import RGBColor, contrast, luminance, mix
from adreel_render.engine.spec import Brand

WHITE: RGBColor = (255, 255, 255)
INK: RGBColor = (14, 16, 20)
"""Nearly black, a touch cool: softer than black on a screen."""

_WHITE_ON_DARK = 7.0


@dataclass(frozen=True, slots=True)
class Palette:
    """Accent for bars and buttons, its text colour, a second accent, and a dark gradient."""

    accent: RGBColor
    on_accent: RGBColor
    second: RGBColor
    deep_start: RGBColor
    deep_end: RGBColor


@dataclass(frozen=True, slots=True)
class _Tone:
    """A set of colours and the words it suits."""

    words: frozenset[str]
    accent: RGBColor
    second: RGBColor
    base: RGBColor


_DEFAULT = _Tone(frozenset(), (98, 110, 255), (92, 225, 230), (24, 22, 66))
_TONES = (
    _Tone(
        frozenset({"energetic", "bold", "sport", "sporty", "dynamic", "fast", "young", "playful", "fun", "vibrant"}),
        accent=(255, 94, 58),
        second=(255, 190, 60),
        base=(66, 20, 54),
    ),
    _Tone(
        frozenset({"luxury", "luxurious", "premium", "elegant", "exclusive", "sophisticated", "refined"}),
        accent=(212, 175, 106),
        second=(240, 220, 180),
        base=(24, 22, 28),
    ),
    _Tone(
        frozenset({"natural", "nature", "organic", "calm", "gentle", "sustainable", "green", "fresh", "unhurried"}),
        accent=(122, 182, 98),
        second=(236, 206, 130),
        base=(18, 52, 48),
    ),
    _Tone(
        frozenset({"warm", "friendly", "cosy", "cozy", "family", "home", "handmade", "heartfelt", "documentary"}),
        accent=(240, 148, 70),
        second=(250, 208, 140),
        base=(70, 34, 32),
    ),
    _Tone(
        frozenset({"professional", "corporate", "trustworthy", "serious", "business", "medical", "clean"}),
        accent=(58, 134, 255),
        second=(140, 200, 255),
        base=(14, 32, 70),
    ),
)


def choose_palette(brand: Brand, style: str | None = None, tone: str | None = None) -> Palette:
    """Brand colours first; else the set whose words the tone or style uses; else a quiet indigo."""
    colors = brand.rgb_colors
    if colors:
        return _from_brand(colors)
    words = [word.strip(".,;:!").lower() for text in (tone, brand.tone, style) if text for word in text.split()]
    chosen = next((one for word in words for one in _TONES if word in one.words), _DEFAULT)
    return _palette(chosen.accent, chosen.second, chosen.base)


def _from_brand(colors: tuple[RGBColor, ...]) -> Palette:
    """The liveliest colour is the accent, the next one the second; the first colour tints the gradient."""
    by_life = sorted(colors, key=_liveliness, reverse=True)
    accent = by_life[0]
    second = by_life[1] if len(by_life) > 1 else mix(accent, WHITE, 0.45)
    darkest = min(colors, key=luminance)
    base = darkest if luminance(darkest) < 0.12 else accent
    return _palette(accent, second, base)


def _palette(accent: RGBColor, second: RGBColor, base: RGBColor) -> Palette:
    accent = _strong(accent)
    deep_start = _dark(mix(base, accent, 0.18))
    deep_end = _dark(mix(base, INK, 0.62))
    return Palette(accent, readable_on(accent), second, deep_start, deep_end)


def readable_on(color: RGBColor) -> RGBColor:
    """White, ink or black: the first of them that reads on a colour. One always does, at 4.58 or more."""
    return next(text for text in (WHITE, INK, (0, 0, 0)) if contrast(luminance(text), luminance(color)) >= 4.5)


def _strong(accent: RGBColor) -> RGBColor:
    """An accent that is itself nearly black would vanish on a dimmed picture: lift it."""
    return accent if luminance(accent) > 0.03 else mix(accent, WHITE, 0.2)


def _dark(color: RGBColor) -> RGBColor:
    """The colour, darkened until white type on it reads easily."""
    while contrast(1.0, luminance(color)) < _WHITE_ON_DARK:
        color = mix(color, INK, 0.12)
    return color


def _liveliness(color: RGBColor) -> float:
    _, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    return saturation * (0.35 + 0.65 * value)
