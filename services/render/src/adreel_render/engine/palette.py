"""The colours a film is drawn in: taken from the brand, or a set that suits its tone.

Whatever comes in, what goes out can be read: `on_button` is white or black, with a contrast of at least 5 to
`button`, which is the accent or a shade of it too near to be told apart, and both ends of the gradient are dark
enough for white type (contrast of at least 8.5) and for the button and bars on them (at least 3).
"""

import colorsys
from dataclasses import dataclass

from adreel_render.engine.colour import RGBColor, contrast, luminance, mix
from adreel_render.engine.spec import Brand

WHITE: RGBColor = (255, 255, 255)
INK: RGBColor = (14, 16, 20)
"""Nearly black, a touch cool: softer than black on a screen."""

_WHITE_ON_DARK = 8.5
_MARK_ON_DARK = 3.0
"""WCAG 2.2, 1.4.11: what shapes need on their ground. A brand of one colour has its button on its own hue."""
_DARKER = 0.94
_PALE_SATURATION, _PALE_VALUE = 0.35, 0.75
_NEUTRAL_SATURATION = 0.03
_YELLOWS = (40 / 360, 75 / 360)
_BROWN = 28 / 360
"""Dark yellow is seen as an olive drab; brown is what people take for its shade."""
_STANDS_OUT = 0.14
"""Luminance at which a mark is seen on grounds that are dark enough for white type (0.1 and less)."""
_STILL_DARK = 0.6
_ON_BUTTON = 5.0
"""More than the 4.5 that is promised: small letters share the colour of their ground by chroma's half resolution."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The brand's accent and its second colour, buttons and the text on them, and a dark gradient."""

    accent: RGBColor
    button: RGBColor
    on_button: RGBColor
    second: RGBColor
    deep_start: RGBColor
    deep_end: RGBColor

    def mark_on(self, ink: RGBColor) -> RGBColor:
        """The colour of bars beside type of that colour: the accent, if it can be seen there."""
        if ink == WHITE:
            return _seen_on_dark(self.accent, self.second)
        return next((color for color in (self.accent, self.second) if luminance(color) <= _STILL_DARK), self.deep_start)


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
    base = darkest if luminance(darkest) < 0.12 else _ground_hue(accent, by_life)
    return _palette(accent, second, base)


def _ground_hue(accent: RGBColor, colors: list[RGBColor]) -> RGBColor:
    """The accent, or, where that is a pale yellow, the liveliest colour with a hue that looks well when dark."""
    fitting = (color for color in colors if _saturation(color) > _NEUTRAL_SATURATION and not _is_yellow(color))
    return next(fitting, accent) if _is_pale(accent) and _is_yellow(accent) else accent


def _palette(accent: RGBColor, second: RGBColor, base: RGBColor) -> Palette:
    accent = _strong(accent)
    mark = _seen_on_dark(accent, second)
    button, on_button = _button(mark)
    base, darker = _rich(base), min(mark, button, key=luminance)
    deep_start = _dark(mix(base, _rich(accent), 0.18), darker)
    deep_end = _dark(mix(base, INK, 0.62), darker)
    return Palette(accent, button, on_button, second, deep_start, deep_end)


def _seen_on_dark(accent: RGBColor, second: RGBColor) -> RGBColor:
    """The accent, or the second colour, or a lighter accent: the first that stands out from a dimmed picture."""
    for color in (accent, second):
        if luminance(color) >= _STANDS_OUT:
            return color
    lighter, share = accent, 0.0
    while luminance(lighter) < _STANDS_OUT:
        share += 0.05
        lighter = mix(accent, WHITE, share)
    return lighter


def _button(accent: RGBColor) -> tuple[RGBColor, RGBColor]:
    """The accent, moved away from the colour of its text by as little as makes that easy to read, and that colour."""
    text = readable_on(accent)
    away = (0, 0, 0) if text == WHITE else WHITE
    button, share = accent, 0.0
    while contrast(luminance(button), luminance(text)) < _ON_BUTTON:
        share += 0.01
        button = mix(accent, away, share)
    return button, text


def readable_on(color: RGBColor) -> RGBColor:
    """White, ink or black: the first of them that reads on a colour. One always does, at 4.58 or more."""
    return next(text for text in (WHITE, INK, (0, 0, 0)) if contrast(luminance(text), luminance(color)) >= 4.5)


def _strong(accent: RGBColor) -> RGBColor:
    """An accent that is itself nearly black would vanish on a dimmed picture: lift it."""
    return accent if luminance(accent) > 0.03 else mix(accent, WHITE, 0.2)


def _dark(color: RGBColor, mark: RGBColor) -> RGBColor:
    """The colour in its own hue, darkened until white type reads on it easily and the mark stands out."""
    lightest = (luminance(mark) + 0.05) / _MARK_ON_DARK - 0.05
    red, green, blue = color
    while contrast(1.0, luminance((red, green, blue))) < _WHITE_ON_DARK or luminance((red, green, blue)) > lightest:
        red, green, blue = (int(channel * _DARKER) for channel in (red, green, blue))
    return red, green, blue


def _rich(color: RGBColor) -> RGBColor:
    """A pale colour with more of its hue, and yellow as brown: darkened as they are, both would be mud."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    if saturation <= _NEUTRAL_SATURATION:
        return color
    if _is_pale(color):
        saturation = max(saturation, 0.5)
    if _is_yellow(color):
        hue = _BROWN
    red, green, blue = (round(255 * channel) for channel in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def _is_pale(color: RGBColor) -> bool:
    _, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    return saturation < _PALE_SATURATION and value > _PALE_VALUE


def _is_yellow(color: RGBColor) -> bool:
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    return _YELLOWS[0] <= hue <= _YELLOWS[1] and saturation > _NEUTRAL_SATURATION and value > _PALE_VALUE


def _saturation(color: RGBColor) -> float:
    return colorsys.rgb_to_hsv(*(channel / 255 for channel in color))[1]


def _liveliness(color: RGBColor) -> float:
    _, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    return saturation * (0.35 + 0.65 * value)
