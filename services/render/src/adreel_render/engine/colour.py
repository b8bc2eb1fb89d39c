"""Between RGB and the planes that are encoded: BT.709 matrix, limited range, 4:2:0, left-sited chroma.

Arrays: RGB is (H, W, 3) uint8, gamma-coded sRGB; Y is (H, W), U and V (H/2, W/2), uint8. sRGB's curve is
taken for BT.709's, as every player does. Chroma samples sit on the left luma column of each pair and
midway between its rows, where H.264 puts them unless told otherwise. Luminance and contrast follow
WCAG 2.2 ("relative luminance", "contrast ratio").
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
RGBImage = npt.NDArray[np.uint8]
RGBColor = tuple[int, int, int]

_KR, _KB = 0.2126, 0.0722  # ITU-R BT.709-6, item 3.2
_KG = 1 - _KR - _KB
_Y_SPAN, _C_SPAN = 219 / 255, 224 / 255


def _matrix(kr: float, kb: float) -> npt.NDArray[np.float64]:
    """RGB 0..255 to limited range without offsets, for the luma weights of red and blue (ITU-T H.273, 8.3)."""
    kg = 1 - kr - kb
    luma = np.array([kr, kg, kb])
    blue = (np.array([0, 0, 1]) - luma) / (2 - 2 * kb)
    red = (np.array([1, 0, 0]) - luma) / (2 - 2 * kr)
    return np.array([luma * _Y_SPAN, blue * _C_SPAN, red * _C_SPAN])


_TO_YUV = np.hstack([_matrix(_KR, _KB), [[16], [128], [128]]])
_FROM_YUV = np.linalg.inv(_TO_YUV[:, :3])


class YUV(NamedTuple):
    """One picture as three planes."""

    y: Plane
    u: Plane
    v: Plane


def as_plane(array: npt.NDArray[Any]) -> Plane:
    """The uint8 array that OpenCV returned: its stubs promise any number type, its functions keep ours."""
    assert array.dtype == np.uint8
    return array


def blank_yuv(height_px: int, width_px: int) -> YUV:
    """A black picture; both sides even."""
    chroma = (height_px // 2, width_px // 2)
    return YUV(
        np.full((height_px, width_px), 16, np.uint8), np.full(chroma, 128, np.uint8), np.full(chroma, 128, np.uint8)
    )


def rgb_to_yuv(rgb: RGBImage) -> YUV:
    """Planes of an RGB picture whose sides are even."""
    y, u, v = (as_plane(plane) for plane in cv2.split(cv2.transform(rgb, _TO_YUV)))
    return YUV(y, halve_chroma(u), halve_chroma(v))


def halve_chroma(plane: Plane) -> Plane:
    """A full-size plane at half size: rows averaged in pairs, columns by [1 2 1] about each even one."""
    rows = cv2.addWeighted(plane[::2], 0.5, plane[1::2], 0.5, 0)  # a third of the time of an INTER_AREA resize
    smooth = cv2.sepFilter2D(rows, -1, np.array([0.25, 0.5, 0.25]), np.array([1.0]), borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(smooth[:, ::2], np.uint8)


def yuv_to_rgb(picture: YUV) -> RGBImage:
    """RGB of planes, as a player would show them; chroma is interpolated from its left siting."""
    height, width = picture.y.shape
    full = np.empty((height, width, 3), np.float32)
    full[:, :, 0] = picture.y
    for channel, plane in ((1, picture.u), (2, picture.v)):
        full[:, :, channel] = _double_chroma(plane)
    full -= np.array([16, 128, 128], np.float32)
    rgb = cv2.transform(full, _FROM_YUV)
    return np.asarray(np.clip(np.rint(rgb), 0, 255), np.uint8)


def _double_chroma(plane: Plane) -> npt.NDArray[np.float32]:
    height, width = plane.shape
    tall = cv2.resize(plane.astype(np.float32), (width, height * 2), interpolation=cv2.INTER_LINEAR)
    wide = np.repeat(tall, 2, axis=1)
    wide[:, 1:-1:2] = (tall[:, :-1] + tall[:, 1:]) / 2
    return np.asarray(wide, np.float32)


def to_limited_range(picture: YUV) -> YUV:
    """A full-range picture (JPEG range) squeezed to 16..235 and 16..240."""
    luma = as_plane(cv2.convertScaleAbs(picture.y, alpha=_Y_SPAN, beta=16))
    u, v = (as_plane(cv2.convertScaleAbs(p, alpha=_C_SPAN, beta=128 * (1 - _C_SPAN))) for p in (picture.u, picture.v))
    return YUV(luma, u, v)


def to_bt709(picture: YUV, kr: float, kb: float) -> YUV:
    """A limited-range picture coded with other luma weights, as BT.709.

    Works on the subsampled planes: chroma does not depend on luma, and luma changes by a little chroma. The
    scaler's own conversion tints greys by up to three code values, or takes five times as long.
    """
    change = np.asarray(_TO_YUV[:, :3] @ np.linalg.inv(_matrix(kr, kb)))
    y, u, v = picture
    size = (y.shape[1], y.shape[0])

    def mixed(row: int) -> Plane:
        of_u, of_v = float(change[row, 1]), float(change[row, 2])
        return as_plane(cv2.addWeighted(u, of_u, v, of_v, 128 * (1 - of_u - of_v)))

    shift = cv2.resize(mixed(0), size, interpolation=cv2.INTER_LINEAR)
    return YUV(as_plane(cv2.addWeighted(y, 1, shift, 1, -128)), mixed(1), mixed(2))


def color_to_yuv(color: RGBColor) -> tuple[int, int, int]:
    """(Y, U, V) of one colour, 8 bit limited range."""
    y, u, v = cv2.transform(np.array([[color]], np.uint8), _TO_YUV)[0, 0]
    return int(y), int(u), int(v)


def linear_light(coded: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """sRGB code values 0..1 to light 0..1."""
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


_LIGHT = linear_light(np.arange(256) / 255).astype(np.float32)


def luminance_map(rgb: RGBImage) -> npt.NDArray[np.float32]:
    """WCAG relative luminance, 0..1, of every pixel: shape (H, W)."""
    light = cv2.LUT(rgb, _LIGHT)
    return np.asarray(cv2.transform(light, np.array([[_KR, _KG, _KB]], np.float32)), np.float32).reshape(rgb.shape[:2])


def coarse_luminance(picture: YUV) -> npt.NDArray[np.float32]:
    """WCAG luminance of every second pixel both ways: what is needed to judge a ground, at a sixth of the cost."""
    luma = cv2.resize(picture.y, (picture.u.shape[1], picture.u.shape[0]), interpolation=cv2.INTER_AREA)
    full = cv2.merge([luma, picture.u, picture.v]).astype(np.float32) - np.array([16, 128, 128], np.float32)
    rgb = np.clip(np.rint(cv2.transform(full, _FROM_YUV)), 0, 255).astype(np.uint8)
    return luminance_map(rgb)


def luminance(color: RGBColor) -> float:
    """WCAG relative luminance of one colour, 0..1."""
    return float(luminance_map(np.array([[color]], np.uint8))[0, 0])


def contrast(first: float, second: float) -> float:
    """WCAG contrast ratio of two luminances: 1..21."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def mix(first: RGBColor, second: RGBColor, share: float) -> RGBColor:
    """A colour `share` (0..1) of the way from the first to the second, in code values."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
