"""Drawn things laid over a picture: colour with coverage, as planes, blended in their own box only.

A sprite is premultiplied once; laying it over a frame is then `frame * inverse + colour` in whole numbers,
one multiplication and one addition a plane. All sprites stand on even pixels, so that chroma lines up.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import YUV, Plane, RGBColor, RGBImage, as_plane, color_to_yuv, halve_chroma, rgb_to_yuv

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A rectangle of colour and coverage at (left, top), both even.

    `colors` are the planes already multiplied by their coverage; `keeps` say, 0..255, how much of the
    picture below stays: one plane for luma, one for both chroma planes.
    """

    left: int
    top: int
    colors: YUV
    keeps: tuple[Plane, Plane]

    @classmethod
    def from_mask(cls, mask: Mask, color: RGBColor, left: int, top: int) -> Self:
        """One colour with a coverage mask, shape (H, W) uint8."""
        mask, left, top = _even(mask, left, top)
        half = halve_chroma(mask)
        y, u, v = color_to_yuv(color)
        return cls(left, top, YUV(_share(mask, y), _share(half, u), _share(half, v)), (255 - mask, 255 - half))

    @classmethod
    def from_rgba(cls, rgb: RGBImage, mask: Mask, left: int, top: int) -> Self:
        """A picture (H, W, 3) with its coverage (H, W)."""
        mask, new_left, new_top = _even(mask, left, top)
        before = (top - new_top, left - new_left)
        after = (mask.shape[0] - rgb.shape[0] - before[0], mask.shape[1] - rgb.shape[1] - before[1])
        rgb = np.pad(rgb, ((before[0], after[0]), (before[1], after[1]), (0, 0)), mode="edge")
        full = rgb_to_yuv(rgb)
        half = halve_chroma(mask)
        colors = YUV(
            *(as_plane(cv2.multiply(p, m, scale=1 / 255)) for p, m in zip(full, (mask, half, half), strict=True))
        )
        return cls(new_left, new_top, colors, (255 - mask, 255 - half))

    @property
    def width_px(self) -> int:
        """Luma columns."""
        return int(self.colors.y.shape[1])

    @property
    def height_px(self) -> int:
        """Luma rows."""
        return int(self.colors.y.shape[0])

    def moved_to(self, left: int, top: int) -> "Sprite":
        """The same at another place, rounded to even pixels."""
        return Sprite(left // 2 * 2, top // 2 * 2, self.colors, self.keeps)

    def faded(self, opacity: float) -> "Sprite":
        """The same with its coverage scaled by 0..1."""
        if opacity >= 1:
            return self
        colors = YUV(*(as_plane(cv2.convertScaleAbs(plane, alpha=opacity)) for plane in self.colors))
        luma, chroma = (
            as_plane(cv2.convertScaleAbs(plane, alpha=opacity, beta=255 * (1 - opacity))) for plane in self.keeps
        )
        return Sprite(self.left, self.top, colors, (luma, chroma))

    def shifted(self, down_px: float) -> "Sprite":
        """The same, lower by a part of a pixel or several; it must have clear margins of that size."""
        whole = 2 * int(down_px // 2)
        rest = down_px - whole
        if rest < 0.02:
            return Sprite(self.left, self.top + whole, self.colors, self.keeps)
        colors = YUV(*(_slid(p, d, 0) for p, d in zip(self.colors, (rest, rest / 2, rest / 2), strict=True)))
        luma, chroma = (_slid(p, d, 255) for p, d in zip(self.keeps, (rest, rest / 2), strict=True))
        return Sprite(self.left, self.top + whole, colors, (luma, chroma))

    def lay_over(self, frame: YUV) -> None:
        """Blend into a frame in place; what lies outside the frame is left away."""
        _blend(frame.y, self.colors.y, self.keeps[0], self.left, self.top)
        _blend(frame.u, self.colors.u, self.keeps[1], self.left // 2, self.top // 2)
        _blend(frame.v, self.colors.v, self.keeps[1], self.left // 2, self.top // 2)


def _blend(target: Plane, color: Plane, keep: Plane, left: int, top: int) -> None:
    height, width = target.shape
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + color.shape[1], width), min(top + color.shape[0], height)
    if x1 <= x0 or y1 <= y0:
        return
    below = target[y0:y1, x0:x1]
    part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    cv2.multiply(below, keep[part], dst=below, scale=1 / 255)
    cv2.add(below, color[part], dst=below)


def _share(mask: Mask, value: int) -> Plane:
    return np.asarray(cv2.convertScaleAbs(mask, alpha=value / 255), np.uint8)


def _slid(plane: Plane, down_px: float, border: int) -> Plane:
    matrix = np.array([[1, 0, 0], [0, 1, down_px]], np.float64)
    size = (plane.shape[1], plane.shape[0])
    slid = cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_LINEAR, borderValue=border)
    return np.asarray(slid, np.uint8)


def _even(mask: Mask, left: int, top: int) -> tuple[Mask, int, int]:
    """The mask grown by clear pixels until its corners are even."""
    dx, dy = left % 2, top % 2
    pad = ((dy, (mask.shape[0] + dy) % 2), (dx, (mask.shape[1] + dx) % 2))
    return np.pad(mask, pad), left - dx, top - dy


def stacked(sprites: list[Sprite]) -> Sprite:
    """Several sprites, lowest first, as one that covers all their boxes."""
    left, top = min(s.left for s in sprites), min(s.top for s in sprites)
    width = max(s.left + s.width_px for s in sprites) - left
    height = max(s.top + s.height_px for s in sprites) - top
    half = (height // 2, width // 2)
    colors = YUV(np.zeros((height, width), np.uint8), np.zeros(half, np.uint8), np.zeros(half, np.uint8))
    keeps = (np.full((height, width), 255, np.uint8), np.full(half, 255, np.uint8))
    for sprite in sprites:
        moved = Sprite(sprite.left - left, sprite.top - top, sprite.colors, sprite.keeps)
        moved.lay_over(colors)
        nothing = np.zeros_like(sprite.keeps[0]), np.zeros_like(sprite.keeps[1])
        _blend(keeps[0], nothing[0], sprite.keeps[0], moved.left, moved.top)
        _blend(keeps[1], nothing[1], sprite.keeps[1], moved.left // 2, moved.top // 2)
    return Sprite(left, top, colors, keeps)
