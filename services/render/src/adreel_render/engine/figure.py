"""A stylised figure for a character's card: head and shoulders of a mannequin in the clothes' and the hair's colours.

No face is drawn and no likeness meant. What the words of the description say of hair, beard and clothes is taken over
where it is said in the usual words; everything else stays neutral. Lengths are shares of the figure's height, the
origin lies at the top of its box on the middle axis.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from adreel_render.engine.colour import RGBColor, RGBImage, mix
from adreel_render.engine.layout import Box
from adreel_render.engine.palette import INK, WHITE
from adreel_render.engine.plates import dithered, pasted, with_shadow
from adreel_render.engine.sprites import Mask

_CLAY: RGBColor = (208, 196, 186)
"""Skin of nobody: the warm grey of a mannequin."""

_HAIR_COLOURS: dict[str, RGBColor] = {
    "black": (38, 34, 34), "dark": (52, 42, 38), "brown": (98, 66, 46), "brunette": (86, 58, 42),
    "auburn": (124, 58, 38), "red": (158, 74, 42), "ginger": (182, 92, 46), "copper": (168, 84, 48),
    "blond": (214, 182, 122), "blonde": (214, 182, 122), "golden": (208, 168, 96), "grey": (150, 150, 152),
    "gray": (150, 150, 152), "silver": (186, 188, 192), "white": (226, 224, 220), "blue": (58, 92, 158),
    "green": (66, 128, 92), "pink": (214, 122, 156), "purple": (112, 78, 150),
}  # fmt: skip
_NEUTRAL_HAIR: RGBColor = (92, 84, 80)
_WORN = r"hair|haired|beard|bearded|moustache|mustache|eyes|eyed|eye|skin|skinned|lips|nails|background|light|sky"

_FADED_SHARE = 0.22

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Looks:
    """What the description says: colours, and whether hair is long, gone, or on the chin too."""

    clothes: tuple[RGBColor, ...]
    hair: RGBColor | None
    beard: RGBColor | None
    is_long: bool


def looks_of(description: str) -> Looks:
    """The looks that a description tells in the usual words."""
    words = re.findall(r"[a-z]+", description.lower())
    text = " ".join(words)
    is_bald = bool(re.search(r"\b(bald|shaved head|shaven head|hairless)\b", text))
    beard = _hair_colour(text, "beard|bearded|moustache|mustache")
    hair = _hair_colour(text, "hair|haired") or beard or _NEUTRAL_HAIR
    has_beard = bool(re.search(r"\b(beard|bearded|stubble)\b", text))
    is_long = bool(
        re.search(r"\b(long|flowing|waist length|shoulder length)\b(?: \w+){0,2} (hair|haired|curls)\b", text)
    )
    return Looks(clothes_of(words), None if is_bald else hair, beard if has_beard else None, is_long)


def clothes_of(words: Sequence[str]) -> tuple[RGBColor, ...]:
    """The colours that are said of anything but hair, eyes and skin, calmed to those of cloth; two at most."""
    found: list[RGBColor] = []
    skip_until = -1
    for place, word in enumerate(words):
        if place <= skip_until or word not in ImageColor.colormap:
            continue
        following = words[place + 1 : place + 3]
        if any(re.fullmatch(_WORN, other) for other in following):
            continue
        # "navy blue" is one colour, and "dark green" has a name of its own.
        if following and following[0] in ImageColor.colormap:
            skip_until = place + 1
        joined = "".join(words[max(0, place - 1) : place + 1])
        name = joined if place and joined in ImageColor.colormap else word
        color = calmed(ImageColor.getrgb(name)[:3])
        if color not in found:
            found.append(color)
    return tuple(found[:2])


def calmed(color: RGBColor) -> RGBColor:
    """A colour of the screen as one of cloth: less saturated, neither glaring nor pitch black."""
    grey = round(0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2])
    soft = mix(color, (grey, grey, grey), 0.28)
    return mix(mix(soft, INK, 0.12), WHITE, 0.06)


def with_figure(ground: RGBImage, looks: Looks, place: Box) -> RGBImage:
    """The figure on a ground; it ends at the lower edge of its place."""
    clothes = looks.clothes[0]
    second = looks.clothes[1] if len(looks.clothes) > 1 else mix(clothes, INK, 0.35)
    parts: list[tuple[Points, RGBColor, bool]] = []
    if looks.hair is not None and looks.is_long:
        parts.append((_LONG_HAIR, mix(looks.hair, INK, 0.25), True))
    parts += [(_TORSO, clothes, True), (_COLLAR, second, False), (_NECKLINE, mix(_CLAY, INK, 0.3), False)]
    parts += [(_NECK, mix(_CLAY, INK, 0.2), False), (_HEAD, _CLAY, True)]
    if looks.beard is not None:
        parts += [(_BEARD, looks.beard, False), (_MOUTH, mix(_CLAY, INK, 0.25), False)]
    if looks.hair is not None:
        parts.append((_HAIR, looks.hair, False))
    for points, color, throws in parts:
        mask = _filled(points, ground.shape[:2], place)
        if throws:
            ground = with_shadow(ground, mask, 0, 0, sigma_px=place.height * 0.03, strength=0.4)
        ground = pasted(ground, _lit(color, ground.shape[:2], place), mask, 0, 0)
    return ground


def _hair_colour(text: str, noun: str) -> RGBColor | None:
    match = re.search(rf"\b({'|'.join(_HAIR_COLOURS)})\b(?: \w+){{0,2}} (?:{noun})\b", text)
    return _HAIR_COLOURS[match[1]] if match else None


def _mirrored(right: Points) -> list[tuple[float, float]]:
    """A closed outline from its right half, given from top to bottom."""
    return [*right, *((-x, y) for x, y in reversed(right))]


_HEAD = _mirrored(
    [(0.0, 0.09), (0.07, 0.098), (0.125, 0.14), (0.148, 0.22), (0.146, 0.30), (0.13, 0.38), (0.10, 0.445),
     (0.055, 0.485), (0.0, 0.495)]
)  # fmt: skip
_HAIR = _mirrored(
    [(0.0, 0.058), (0.08, 0.066), (0.142, 0.108), (0.172, 0.19), (0.168, 0.285), (0.15, 0.31), (0.142, 0.235),
     (0.118, 0.185), (0.06, 0.17), (0.0, 0.178)]
)  # fmt: skip
_LONG_HAIR = _mirrored(
    [(0.0, 0.06), (0.10, 0.07), (0.172, 0.15), (0.195, 0.28), (0.205, 0.42), (0.222, 0.56), (0.20, 0.66), (0.12, 0.69),
     (0.0, 0.69)]
)  # fmt: skip
_BEARD = [
    (-0.146, 0.27), (-0.128, 0.33), (-0.10, 0.392), (-0.058, 0.378), (0.0, 0.374), (0.058, 0.378), (0.10, 0.392),
    (0.128, 0.33), (0.146, 0.27), (0.142, 0.38), (0.112, 0.468), (0.06, 0.525), (0.0, 0.542), (-0.06, 0.525),
    (-0.112, 0.468), (-0.142, 0.38),
]  # fmt: skip
_MOUTH = _mirrored([(0.0, 0.416), (0.03, 0.414), (0.052, 0.42), (0.032, 0.432), (0.0, 0.436)])
_NECK = _mirrored([(0.078, 0.40), (0.078, 0.50), (0.084, 0.545), (0.06, 0.575), (0.0, 0.585)])
_NECKLINE = _mirrored([(0.0, 0.53), (0.09, 0.535), (0.108, 0.56), (0.07, 0.592), (0.0, 0.603)])
_COLLAR = _mirrored([(0.0, 0.52), (0.10, 0.528), (0.132, 0.562), (0.085, 0.612), (0.0, 0.628)])
_TORSO = _mirrored(
    [(0.0, 0.535), (0.10, 0.54), (0.15, 0.572), (0.26, 0.606), (0.345, 0.65), (0.392, 0.735), (0.415, 0.85),
     (0.425, 1.02), (0.0, 1.02)]
)  # fmt: skip


def _filled(points: Points, size: tuple[int, int], place: Box) -> Mask:
    """The smooth closed curve through the points as coverage, fading out towards the lower edge of the place."""
    height, width = size
    middle, unit = place.left + place.width / 2, place.height
    curve = _smooth(np.asarray(points, np.float64)) * unit + (middle, place.top)
    mask = np.zeros((height, width), np.uint8)
    # OpenCV takes positions in 1/16 pixels; its antialiased fill is exact enough at this size.
    cv2.fillPoly(mask, [np.round(curve * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    if place.bottom >= height:
        return mask
    # Inside a picture the figure fades out: an edge would look like a bust sawn off.
    rows = np.arange(height, dtype=np.float32)
    keep = np.clip((place.bottom - rows) / (unit * _FADED_SHARE), 0, 1)
    return np.asarray(mask * (keep * keep * (3 - 2 * keep))[:, None], np.uint8)


def _smooth(points: npt.NDArray[np.float64], steps: int = 12) -> npt.NDArray[np.float64]:
    """A closed centripetal-like Catmull-Rom curve through the points; doubled points make corners."""
    before, after, beyond = (np.roll(points, shift, axis=0) for shift in (1, -1, -2))
    times = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * points
        + (after - before) * times
        + (2 * before - 5 * points + 4 * after - beyond) * times**2
        + (3 * points - before - 3 * after + beyond) * times**3
    )
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _lit(color: RGBColor, size: tuple[int, int], place: Box) -> RGBImage:
    """A colour, brighter to the upper left of the place and darker to its lower right."""
    height, width = size
    ys, xs = np.mgrid[0:height:4, 0:width:4].astype(np.float32)
    along = ((xs - place.left) / place.width * 1.2 + (ys - place.top) / place.height * 0.8) / 2
    shade = cv2.resize(1.14 - 0.5 * np.clip(along, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    return dithered(np.asarray(shade, np.float32)[:, :, None] * np.array(color, np.float32))
