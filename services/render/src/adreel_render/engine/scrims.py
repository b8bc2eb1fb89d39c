"""Makes type readable on any picture: measures what is behind it and adds just enough shade.

The invariant: over all frames that were measured, type drawn in the returned colour stands on pixels with a
WCAG contrast of at least 4.5; the aim is a little higher, because the encoder moves code values. Light type
on a darkened picture is the rule; on a picture that is bright all over, dark type needs less shade, so a
product on white keeps its white.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import YUV, RGBColor, coarse_luminance, luminance
from adreel_render.engine.layout import Box
from adreel_render.engine.palette import INK, WHITE
from adreel_render.engine.spec import Canvas
from adreel_render.engine.sprites import Mask, Sprite

AIMED_CONTRAST = 5.6
_DARK_TYPE_FROM = 0.42
"""Light type is kept unless it would need a shade of this strength..."""
_DARK_TYPE_SHADE = 0.16
"""...and dark type would need no more than this one."""

FrameReader = Callable[[int], YUV]


@dataclass(frozen=True, slots=True)
class Reading:
    """How to set type on a place: its colour, and the strength 0..1 and colour of the shade behind it."""

    ink: RGBColor
    shade: RGBColor
    strength: float


def read_ground(read: FrameReader, frames: Sequence[int], box: Box) -> npt.NDArray[np.floating]:
    """Luminances (0..1) found in a box over several frames, all together, flat."""
    return np.concatenate([_box_luminance(read(index), box) for index in frames])


def choose_reading(ground: npt.NDArray[np.floating], *, may_be_dark: bool = True) -> Reading:
    """Type colour and shade for what was measured."""
    on_dark, on_light = shade_under(WHITE, ground), shade_under(INK, ground)
    if may_be_dark and on_dark.strength > _DARK_TYPE_FROM and on_light.strength <= _DARK_TYPE_SHADE:
        return on_light
    return on_dark


def shade_under(ink: RGBColor, ground: npt.NDArray[np.floating]) -> Reading:
    """The shade that type of a colour needs, where another ground has decided on the colour."""
    dark, bright = (float(value) for value in np.percentile(ground, (0.5, 99.5)))
    return (
        Reading(ink, (0, 0, 0), _shade_for_light(bright))
        if ink == WHITE
        else Reading(ink, WHITE, _shade_for_dark(dark))
    )


def _shade_for_light(bright: float) -> float:
    """How much black a ground of that luminance needs under white type."""
    allowed = _coded(1.05 / AIMED_CONTRAST - 0.05)
    present = _coded(bright)
    return 0.0 if present <= allowed else 1 - allowed / present


def _shade_for_dark(dark: float) -> float:
    """How much white a ground of that luminance needs under ink."""
    needed = _coded(AIMED_CONTRAST * (luminance(INK) + 0.05) - 0.05)
    present = _coded(dark)
    return 0.0 if present >= needed else (needed - present) / (1 - present)


def _coded(light: float) -> float:
    """Light 0..1 to an sRGB code value 0..1."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _box_luminance(frame: YUV, box: Box) -> npt.NDArray[np.floating]:
    height, width = frame.y.shape
    x0, y0 = max(0, box.left) // 2 * 2, max(0, box.top) // 2 * 2
    x1, y1 = min(width, box.right + 1) // 2 * 2, min(height, box.bottom + 1) // 2 * 2
    luma = slice(y0, y1), slice(x0, x1)
    chroma = slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2)
    return coarse_luminance(YUV(frame.y[luma], frame.u[chroma], frame.v[chroma])).ravel()


def edge_scrim(canvas: Canvas, box: Box, reading: Reading) -> Sprite | None:
    """Full width, at full strength from the box to the nearer edge of the picture, falling off smoothly beyond it."""
    if reading.strength < 0.01:
        return None
    fall = round(canvas.height_px * 0.16)
    is_low = box.top + box.height / 2 > canvas.height_px / 2
    top, bottom = (box.top - fall, canvas.height_px) if is_low else (0, box.bottom + fall)
    ys = np.arange(max(0, top), min(bottom, canvas.height_px), dtype=np.float32)
    ramp = np.clip((ys - top if is_low else bottom - ys) / fall, 0, 1)
    mask = np.repeat((_smooth(ramp) * reading.strength * 255)[:, None], canvas.width_px, axis=1)
    return Sprite.from_mask(_rounded(mask), reading.shade, 0, max(0, top))


def soft_scrim(canvas: Canvas, box: Box, reading: Reading) -> Sprite | None:
    """A cloud behind a box: full strength inside, gone some way outside."""
    if reading.strength < 0.01:
        return None
    reach = round(canvas.short_side_px * 0.24)
    x0, y0 = max(0, box.left - reach), max(0, box.top - reach)
    x1, y1 = min(canvas.width_px, box.right + reach), min(canvas.height_px, box.bottom + reach)
    ys, xs = np.mgrid[y0 : y1 + 3 : 4, x0 : x1 + 3 : 4].astype(np.float32)
    dx = np.maximum(np.maximum(box.left - xs, xs - box.right), 0) / reach
    dy = np.maximum(np.maximum(box.top - ys, ys - box.bottom), 0) / reach
    cloud = _smooth(np.clip(1 - np.hypot(dx, dy), 0, 1)) * np.float32(reading.strength * 255)
    mask = cv2.resize(cloud, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return Sprite.from_mask(_rounded(np.asarray(mask, np.float32)), reading.shade, x0, y0)


def _smooth(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Rises from 0 to 1 with no corner at either end, where an eye would see an edge."""
    return np.asarray(share**3 * (share * (share * 6 - 15) + 10))


def _rounded(values: npt.NDArray[np.floating]) -> Mask:
    noise = np.random.default_rng(11).uniform(-0.5, 0.5, values.shape).astype(np.float32)
    return np.asarray(np.clip(np.rint(np.where(values > 0.5, values + noise, values)), 0, 255), np.uint8)
