"""How a still picture sits on the canvas: filled, fitted as a card, cut out, or on its own plain ground.

Decided by what is in the picture, never by stretching it. A crop keeps the part that holds the most
detail; a picture that would lose too much by a crop is fitted instead.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import RGBColor, RGBImage, as_plane
from adreel_render.engine.pictures import Picture

_KEEP_TO_FILL = 0.60
"""A crop to the canvas' shape that keeps this share of the picture is always taken: 4:3 on 16:9 keeps 0.75."""
_DETAIL_TO_FILL = 0.78
"""Below that, a crop is taken only if it holds this share of the picture's detail..."""
_KEEP_AT_LEAST = 0.45
"""...and keeps at least this share of its area."""

_KEEP_OF_A_REFERENCE = 0.64
"""A reference picture fills the canvas only where little of it is lost: 3:2 does on a square, a square not on 16:9."""

_KEEP_IN_QUICK_CUTS = 0.36
"""Seen for a second or two among others, a picture may lose more."""

_PLAIN_SPREAD = 9.0
"""Largest standard deviation (code values) of a border that counts as plain paper."""


class Framing(StrEnum):
    """What becomes of a picture on a canvas."""

    FILL = "fill"
    """Cropped to the canvas' shape around its detail."""
    CARD = "card"
    """Fitted whole, with soft corners and shadow, over a blurred and darkened copy of itself."""
    PLAIN = "plain"
    """A product on plain paper: the paper is continued over the whole canvas."""
    CUTOUT = "cutout"
    """A picture with transparency: set on the brand's gradient."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A framing; `focus` is where the detail is, -1..1 from the middle; `paper` is a plain ground's
    colour, `content` the (left, top, width, height) of what stands on it; with `is_whole` nothing may be trimmed."""

    framing: Framing
    focus: tuple[float, float]
    paper: RGBColor | None = None
    content: tuple[int, int, int, int] | None = None
    is_whole: bool = False


def decide_framing(
    picture: Picture, canvas_aspect: float, *, prefers_fill: bool = False, is_reference: bool = False
) -> Decision:
    """The framing for a canvas of that width over height; quick cuts prefer pictures that fill it."""
    if picture.alpha is not None:
        return Decision(Framing.CUTOUT, (0.0, 0.0))
    detail = detail_map(picture.rgb)
    focus = centre_of(detail)
    kept = min(picture.aspect / canvas_aspect, canvas_aspect / picture.aspect)
    paper = plain_border(picture.rgb)
    content = content_on(picture.rgb, paper) if paper is not None else None
    if content is not None:
        return Decision(Framing.PLAIN, focus, paper, content)
    if is_reference:
        return Decision(Framing.FILL if kept >= _KEEP_OF_A_REFERENCE else Framing.CARD, focus, is_whole=True)
    if kept >= (_KEEP_IN_QUICK_CUTS if prefers_fill else _KEEP_TO_FILL):
        return Decision(Framing.FILL, focus)
    if kept >= _KEEP_AT_LEAST and _detail_kept(detail, picture.aspect, canvas_aspect) >= _DETAIL_TO_FILL:
        return Decision(Framing.FILL, focus)
    return Decision(Framing.CARD, focus)


def detail_map(rgb: RGBImage) -> npt.NDArray[np.float32]:
    """Where a picture has detail and colour that stand out: (h, w) at most 96 px, sums to 1."""
    lab = cv2.cvtColor(_thumbnail(rgb, 96, 2), cv2.COLOR_RGB2LAB).astype(np.float32)
    edges = np.hypot(cv2.Sobel(lab[:, :, 0], cv2.CV_32F, 1, 0), cv2.Sobel(lab[:, :, 0], cv2.CV_32F, 0, 1))
    unusual = np.linalg.norm(lab - lab.mean((0, 1)), axis=2)
    score = cv2.GaussianBlur(edges / (edges.mean() + 1) + 0.8 * unusual / (unusual.mean() + 1), (0, 0), 3)
    score = np.maximum(score - np.percentile(score, 40), 0) ** 1.3 + 1e-6
    return np.asarray(score / score.sum(), np.float32)


def _thumbnail(rgb: RGBImage, longest_px: int, shortest_px: int) -> RGBImage:
    """The picture with its longer side at `longest_px`, the other no less than `shortest_px`.

    Halved first while it is much larger: OpenCV averages pairs ten times as fast as odd areas.
    """
    height, width = rgb.shape[:2]
    factor = longest_px / max(height, width)
    size = (max(shortest_px, round(width * factor)), max(shortest_px, round(height * factor)))
    while min(rgb.shape[:2]) >= 8 * longest_px:
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        rgb = as_plane(cv2.resize(rgb[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA))
    return as_plane(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def centre_of(detail: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The centre of detail, -1..1 from the middle along x and y, held a little towards the middle."""
    height, width = detail.shape
    x = float((detail.sum(0) * np.linspace(-1, 1, width)).sum())
    y = float((detail.sum(1) * np.linspace(-1, 1, height)).sum())
    return 1.2 * max(-0.7, min(0.7, x)), 1.2 * max(-0.7, min(0.7, y))


def best_crop(picture: Picture, aspect: float) -> tuple[int, int, int, int]:
    """The crop (left, top, width, height) of a shape that holds the most detail, centred where it is a tie."""
    width, height = picture.width_px, picture.height_px
    crop_width, crop_height = (
        (round(height * aspect), height) if picture.aspect > aspect else (width, round(width / aspect))
    )
    crop_width, crop_height = min(width, max(2, crop_width)), min(height, max(2, crop_height))
    detail = detail_map(picture.rgb)
    left = _best_start(detail.sum(0), crop_width / width, width - crop_width)
    top = _best_start(detail.sum(1), crop_height / height, height - crop_height)
    return left, top, crop_width, crop_height


def _best_start(profile: npt.NDArray[np.float32], share: float, room_px: int) -> int:
    """Where a window of that share starts, in pixels of the picture, to hold the most of a profile."""
    if room_px <= 0:
        return 0
    size = max(1, round(share * len(profile)))
    sums = np.convolve(profile, np.ones(size), "valid")
    offsets = np.linspace(-1, 1, len(sums)) if len(sums) > 1 else np.zeros(1)
    return round(room_px * int(np.argmax(sums - 0.06 * offsets**2)) / max(1, len(sums) - 1))


def _detail_kept(detail: npt.NDArray[np.float32], aspect: float, canvas_aspect: float) -> float:
    """The share of detail in the best crop of the canvas' shape."""
    profile = detail.sum(0) if aspect > canvas_aspect else detail.sum(1)
    share = min(aspect / canvas_aspect, canvas_aspect / aspect)
    return float(np.convolve(profile, np.ones(max(1, round(share * len(profile)))), "valid").max())


def plain_border(rgb: RGBImage) -> RGBColor | None:
    """The colour of a border that is plain on all four sides, or None."""
    small = _thumbnail(rgb, 128, 8)
    sides = (
        small[:2].reshape(-1, 3),
        small[-2:].reshape(-1, 3),
        small[:, :2].reshape(-1, 3),
        small[:, -2:].reshape(-1, 3),
    )
    middles = np.array([np.median(side, axis=0) for side in sides])
    if np.ptp(middles, axis=0).max() > 2 * _PLAIN_SPREAD:
        return None
    if (
        max(float(np.abs(side - middle).mean(0).max()) for side, middle in zip(sides, middles, strict=True))
        > _PLAIN_SPREAD
    ):
        return None
    red, green, blue = (round(float(value)) for value in np.median(np.concatenate(sides), axis=0))
    return red, green, blue


def content_on(rgb: RGBImage, paper: RGBColor) -> tuple[int, int, int, int] | None:
    """The box (left, top, width, height) of what differs from the paper; None if it reaches the picture's edges."""
    height, width = rgb.shape[:2]
    factor = min(1.0, 512 / max(height, width))
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.int16)
    differs = np.abs(small - np.array(paper, np.int16)).max(axis=2) > 2 * _PLAIN_SPREAD
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if not rows.size or not columns.size:
        return None
    margin = max(2, round(0.01 * max(size)))
    if min(rows[0], columns[0], size[1] - 1 - rows[-1], size[0] - 1 - columns[-1]) < margin:
        return None
    left, top = int(columns[0] / factor), int(rows[0] / factor)
    right, bottom = min(width, int((columns[-1] + 1) / factor) + 1), min(height, int((rows[-1] + 1) / factor) + 1)
    return left, top, right - left, bottom - top
