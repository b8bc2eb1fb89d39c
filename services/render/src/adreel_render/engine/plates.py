"""Composes the still behind a camera move: an RGB picture that is at least the canvas' shape and size.

All are drawn once a scene, at plate size (see `planes`), so nothing here is hurried. Arrays are (H, W, 3)
uint8 sRGB. Every picture keeps its own proportions: one scale for both axes, everywhere.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import RGBColor, RGBImage, as_plane, luminance, luminance_map, mix
from adreel_render.engine.framing import Decision, Framing, best_crop
from adreel_render.engine.layout import Box
from adreel_render.engine.palette import Palette
from adreel_render.engine.pictures import Picture

Mask = npt.NDArray[np.uint8]

_BRIGHTEST_GROUND = 98.0
"""Code value of luminance 0.122: white on it has a contrast of 6.1; colour put back may cost some of that."""

CARD_CORNER, CARD_SHADOW_SIGMA, CARD_SHADOW = 0.018, 0.022, 0.55
"""Radius of a card's corners and spread of its shadow, as shares of the shorter side; the shadow's strength."""

_COLOR_PUT_BACK = 1.2
"""More looks rich behind a card, and like a neon sign where a backdrop is made of what shows one already."""

_BRIGHTEST_GLOW = 0.3
"""Luminance of the light that the brand's colours throw on its gradient: white type is to need no shade there."""

_MAX_PAN_ROOM = 0.45
"""A filled picture may be this share of the view larger than it along one axis, for a camera to pan over."""


def filled(picture: Picture, size: tuple[int, int], focus: tuple[float, float]) -> RGBImage:
    """The picture covering `size` (width, height), with what it has more along one axis up to a limit."""
    width, height = size
    limit = (width * (1 + _MAX_PAN_ROOM) / height, width / (height * (1 + _MAX_PAN_ROOM)))
    rgb = picture.rgb
    if not limit[1] <= picture.aspect <= limit[0]:
        left, top, crop_width, crop_height = best_crop(picture, min(max(picture.aspect, limit[1]), limit[0]))
        rgb = rgb[top : top + crop_height, left : left + crop_width]
    return covering(rgb, size)


def covering(rgb: RGBImage, size: tuple[int, int]) -> RGBImage:
    """The picture scaled until it covers (width, height): one side equal, the other at least; both even."""
    height, width = rgb.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    target = (max(size[0], 2 * round(width * scale / 2)), max(size[1], 2 * round(height * scale / 2)))
    return scaled(rgb, target)


def cropped_to(rgb: RGBImage, size: tuple[int, int]) -> RGBImage:
    """The middle of a picture that covers `size`."""
    top, left = (rgb.shape[0] - size[1]) // 2, (rgb.shape[1] - size[0]) // 2
    return rgb[top : top + size[1], left : left + size[0]]


def scaled(rgb: RGBImage, size: tuple[int, int]) -> RGBImage:
    """Resized with the filter that suits the direction."""
    shrinks = size[0] < rgb.shape[1]
    kind = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(rgb, size, interpolation=kind), np.uint8)


def dimmed_backdrop(rgb: RGBImage, size: tuple[int, int], *, mean_luminance: float = 0.08) -> RGBImage:
    """The picture blurred over (width, height), darkened to a mean luminance and a little more colourful.

    A ground for type or a card. Blurring greys a picture out; the colour put back makes up for that. All
    but the noise against bands is done at an eighth of the size, where nothing is lost.
    """
    small = (max(2, size[0] // 8), max(2, size[1] // 8))
    soft = cv2.GaussianBlur(cropped_to(covering(rgb, small), small), (0, 0), small[1] * 0.035)
    level = float(luminance_map(as_plane(soft)).mean())
    ground = soft.astype(np.float32)
    grey = ground.mean(axis=2, keepdims=True)
    gain = min(1.0, (mean_luminance / max(level, 1e-4)) ** (1 / 2.2))
    # Highlights are rolled off below the brightest ground that white type can stand on: no patch needs a shade.
    rolled = _BRIGHTEST_GROUND * np.tanh(grey * gain / _BRIGHTEST_GROUND)
    # Colour goes with them, or a dimmed sun would be olive.
    colour = (ground - grey) * _COLOR_PUT_BACK * (rolled / np.maximum(grey, 1))
    ground = np.clip(rolled + colour, 0, 1.25 * _BRIGHTEST_GROUND)
    return dithered(cv2.resize(ground, size, interpolation=cv2.INTER_CUBIC))


def on_card(picture: Picture, size: tuple[int, int], place: Box, *, is_whole: bool = False) -> RGBImage:
    """The picture fitted into `place`, with soft corners and a shadow, over its own blurred backdrop."""
    ground = dimmed_backdrop(picture.rgb, size)
    rgb = picture.rgb if is_whole else _relaxed(picture, place)
    height, width = rgb.shape[:2]
    scale = min(place.width / width, place.height / height)
    fitted = scaled(rgb, (max(2, round(width * scale)), max(2, round(height * scale))))
    left = place.left + (place.width - fitted.shape[1]) // 2
    top = place.top + (place.height - fitted.shape[0]) // 2
    touches_edge = fitted.shape[1] >= size[0]
    corner = 0 if touches_edge else round(min(size) * CARD_CORNER)
    coverage = rounded_mask(fitted.shape[1], fitted.shape[0], corner)
    ground = with_shadow(ground, coverage, left, top, sigma_px=min(size) * CARD_SHADOW_SIGMA, strength=CARD_SHADOW)
    return pasted(ground, fitted, coverage, left, top)


def _relaxed(picture: Picture, place: Box) -> RGBImage:
    """The picture, trimmed by up to a quarter of its area where that makes it larger in its place."""
    aspect = place.width / place.height
    kept = min(picture.aspect / aspect, aspect / picture.aspect)
    if kept >= 0.999:
        return picture.rgb
    target = picture.aspect * max(kept, 0.75) if picture.aspect > aspect else picture.aspect / max(kept, 0.75)
    left, top, width, height = best_crop(picture, target)
    return picture.rgb[top : top + height, left : left + width]


def on_paper(picture: Picture, size: tuple[int, int], place: Box, decision: Decision) -> RGBImage:
    """What stands on plain paper, fitted into its place; the paper is continued to all edges, shaded to the corners."""
    paper = decision.paper or (255, 255, 255)
    left, top, width, height = decision.content or (0, 0, picture.width_px, picture.height_px)
    scale = min(place.width / width, place.height / height) * 0.94
    target = (max(2, round(picture.width_px * scale)), max(2, round(picture.height_px * scale)))
    fitted = scaled(picture.rgb, target)
    x = place.left + place.width // 2 - round((left + width / 2) * scale)
    y = place.top + place.height // 2 - round((top + height / 2) * scale)
    ground = np.empty((size[1], size[0], 3), np.uint8)
    ground[:] = paper
    margin = min(left, top, picture.width_px - left - width, picture.height_px - top - height)
    feather = max(2, round(margin * scale * 0.9))
    return vignetted(pasted(ground, fitted, _feathered(target[0], target[1], feather), x, y), 0.10)


def on_brand(picture: Picture, size: tuple[int, int], place: Box, palette: Palette, seed: int) -> RGBImage:
    """A cut-out on the brand's gradient, with a light behind it and a shadow of its own shape."""
    alpha = picture.alpha if picture.alpha is not None else np.full(picture.rgb.shape[:2], 255, np.uint8)
    rows, columns = np.flatnonzero(alpha.max(1) > 8), np.flatnonzero(alpha.max(0) > 8)
    ground = spotlit(size, palette, place, seed)
    if not rows.size or not columns.size:
        return ground
    trim = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    rgb, alpha = picture.rgb[trim], alpha[trim]
    scale = min(place.width / rgb.shape[1], place.height / rgb.shape[0]) * 0.92
    target = (max(2, round(rgb.shape[1] * scale)), max(2, round(rgb.shape[0] * scale)))
    alpha = as_plane(cv2.resize(alpha, target, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
    left = place.left + (place.width - target[0]) // 2
    top = place.top + (place.height - target[1]) // 2
    ground = with_shadow(ground, alpha, left, top, sigma_px=min(size) * 0.03, strength=0.5)
    return pasted(ground, scaled(_bled(rgb, picture, trim), target), alpha, left, top)


def _bled(rgb: RGBImage, picture: Picture, trim: tuple[slice, slice]) -> RGBImage:
    """Colours carried a little over the cut-out's edge, so that scaling mixes in no hidden background."""
    assert picture.alpha is not None
    solid = (picture.alpha[trim] > 32).astype(np.float32)
    weight = cv2.GaussianBlur(solid, (0, 0), 2.0)[:, :, None]
    spread = cv2.GaussianBlur(rgb.astype(np.float32) * solid[:, :, None], (0, 0), 2.0) / np.maximum(weight, 1e-3)
    return np.where(solid[:, :, None] > 0, rgb, np.clip(spread, 0, 255)).astype(np.uint8)


def spotlit(size: tuple[int, int], palette: Palette, place: Box, seed: int) -> RGBImage:
    """The brand's gradient with a soft light behind a place."""
    from_gradient = brand_gradient(size, palette, seed).astype(np.float32)
    ys, xs = np.mgrid[0 : size[1] : 8, 0 : size[0] : 8].astype(np.float32)
    x, y = place.left + place.width / 2, place.top + place.height / 2
    distance = np.hypot(xs - x, ys - y) / (max(place.width, place.height) * 0.62)
    light = cv2.resize(np.exp(-(distance**2) * 1.6), size, interpolation=cv2.INTER_CUBIC)[:, :, None]
    bright = np.array(palette.accent, np.float32) * 0.55 + 255 * 0.45
    return dithered(from_gradient + (bright - from_gradient) * light * 0.62)


def brand_gradient(size: tuple[int, int], palette: Palette, seed: int) -> RGBImage:
    """A dark diagonal gradient with two wide glows in the accent colours: a ground for white type."""
    width, height = size
    ys, xs = np.mgrid[0:height:8, 0:width:8].astype(np.float32)
    dice = np.random.default_rng(seed & 0xFFFFFFFF)
    across = (xs / width * 0.6 + ys / height * 0.8)[:, :, None] / 1.4
    lights = (_as_light(palette.accent), _as_light(palette.second))
    colors = [np.array(c, np.float32) for c in (palette.deep_start, palette.deep_end, *lights)]
    picture = colors[0] + (colors[1] - colors[0]) * across
    corners = dice.permutation(np.array([[0.12, 0.1], [0.9, 0.16], [0.86, 0.92], [0.1, 0.88]]))
    for corner, color, strength in zip(corners, colors[2:], (0.34, 0.13), strict=False):
        distance = np.hypot(xs - corner[0] * width, ys - corner[1] * height) / (0.62 * max(width, height))
        glow = np.exp(-((distance * 1.9) ** 2))[:, :, None] * strength
        picture = picture + color * glow * (1 - picture / 255)  # light added, not paint mixed: colours stay clean
    return dithered(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC))


def _as_light(color: RGBColor) -> RGBColor:
    """The colour, no brighter than a glow may be."""
    while luminance(color) > _BRIGHTEST_GLOW:
        color = mix(color, (0, 0, 0), 0.04)
    return color


def dithered(picture: npt.NDArray[Any]) -> RGBImage:
    """Rounded to 8 bits with a little fixed noise, so that wide gradients do not show as bands."""
    height, width = picture.shape[:2]
    rows, columns = -(-height // _NOISE.shape[0]), -(-width // _NOISE.shape[1])
    noise = np.tile(_NOISE, (rows, columns))[:height, :width]
    noisy = np.asarray(picture, np.float32) + noise[:, :, None]
    return as_plane(cv2.convertScaleAbs(np.maximum(noisy, 0, out=noisy)))


_NOISE = np.random.default_rng(7).uniform(-1.1, 1.1, (256, 256)).astype(np.float32)


def vignetted(rgb: RGBImage, strength: float) -> RGBImage:
    """Shaded towards the corners by up to `strength`."""
    height, width = rgb.shape[:2]
    ys, xs = np.mgrid[0:height:8, 0:width:8].astype(np.float32)
    distance = np.hypot((xs / width - 0.5) * 1.2, (ys / height - 0.5) * 1.2)
    shade = 1 - strength * np.clip(distance - 0.25, 0, None) ** 1.5 * 2.2
    shade = cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC)
    return dithered(rgb.astype(np.float32) * shade[:, :, None])


def rounded_mask(width: int, height: int, radius: int) -> Mask:
    """A full rectangle with round corners, antialiased."""
    if radius <= 0:
        return np.full((height, width), 255, np.uint8)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    dx = np.maximum(np.maximum(radius - 0.5 - xs, xs - (width - radius - 0.5)), 0)
    dy = np.maximum(np.maximum(radius - 0.5 - ys, ys - (height - radius - 0.5)), 0)
    return np.asarray(np.clip((radius - np.hypot(dx, dy)) * 255 + 127, 0, 255), np.uint8)


def _feathered(width: int, height: int, feather: int) -> Mask:
    """Full in the middle, falling smoothly to nothing at the edges."""
    ramps = []
    for size in (width, height):
        inside = np.minimum(np.arange(size), np.arange(size)[::-1]) / feather
        eased = np.clip(inside, 0, 1)
        ramps.append(eased * eased * (3 - 2 * eased))
    return np.asarray(np.outer(ramps[1], ramps[0]) * 255, np.uint8)


def with_shadow(ground: RGBImage, coverage: Mask, left: int, top: int, *, sigma_px: float, strength: float) -> RGBImage:
    """The ground darkened by the soft shadow that a shape at (left, top) throws downwards."""
    height, width = ground.shape[:2]
    shade = np.zeros((height, width), np.uint8)
    _put(shade, coverage, left, top + round(sigma_px * 0.7))
    factor = max(1, int(sigma_px / 3))
    small = cv2.resize(shade, (max(2, width // factor), max(2, height // factor)), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), sigma_px / factor), (width, height), interpolation=cv2.INTER_CUBIC
    )
    keep = 1 - soft.astype(np.float32)[:, :, None] / 255 * strength
    return np.asarray(ground * keep, np.uint8)


def _put(target: Mask, source: Mask, left: int, top: int) -> None:
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + source.shape[1], target.shape[1]), min(top + source.shape[0], target.shape[0])
    if x1 > x0 and y1 > y0:
        target[y0:y1, x0:x1] = source[y0 - top : y1 - top, x0 - left : x1 - left]


def pasted(ground: RGBImage, rgb: RGBImage, coverage: Mask, left: int, top: int) -> RGBImage:
    """A picture laid over the ground with a coverage; what lies outside is left away."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + rgb.shape[1], ground.shape[1]), min(top + rgb.shape[0], ground.shape[0])
    part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    share = coverage[part].astype(np.float32)[:, :, None] / 255
    below = ground[y0:y1, x0:x1].astype(np.float32)
    result = ground.copy()
    result[y0:y1, x0:x1] = np.rint(below + (rgb[part] - below) * share).astype(np.uint8)
    return result


def compose(
    picture: Picture, decision: Decision, size: tuple[int, int], place: Box, palette: Palette, seed: int
) -> RGBImage:
    """The plate of a decision; `place` is the card's box in plate pixels."""
    match decision.framing:
        case Framing.FILL:
            return filled(picture, size, decision.focus)
        case Framing.CARD:
            return on_card(picture, size, place, is_whole=decision.is_whole)
        case Framing.PLAIN:
            return on_paper(picture, size, place, decision)
        case Framing.CUTOUT:
            return on_brand(picture, size, place, palette, seed)
