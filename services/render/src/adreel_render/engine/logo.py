"""A brand's logo as a sprite: fitted, kept in proportion, put on a chip where the ground would swallow it."""

from pathlib import Path

import cv2
import numpy as np

from adreel_render.engine.colour import contrast, luminance_map
from adreel_render.engine.pictures import load_picture
from adreel_render.engine.plates import pasted, rounded_mask, scaled
from adreel_render.engine.sprites import Sprite

_VISIBLE_FROM = 2.6
"""Contrast under which a logo's mean colour is lost on the ground; WCAG asks 3 of graphics."""


def logo_sprite(path: Path, key: str, max_px: tuple[int, int], ground_luminance: float) -> Sprite:
    """The logo no larger than (width, height), at (0, 0). Raises MediumUnreadable naming `key`."""
    picture = load_picture(path, key, cover_px=max_px)
    height, width = picture.rgb.shape[:2]
    alpha = picture.alpha if picture.alpha is not None else np.full((height, width), 255, np.uint8)
    rows, columns = np.flatnonzero(alpha.max(1) > 8), np.flatnonzero(alpha.max(0) > 8)
    if not rows.size or not columns.size:
        rows, columns = np.arange(height), np.arange(width)
    trim = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    rgb, alpha = picture.rgb[trim], alpha[trim]
    weight = alpha.astype(np.float64) / 255
    mean = float((luminance_map(rgb) * weight).sum() / max(weight.sum(), 1.0))
    needs_chip = picture.alpha is not None and contrast(mean, ground_luminance) < _VISIBLE_FROM
    inner = (round(max_px[0] * 0.8), round(max_px[1] * 0.7)) if needs_chip else max_px
    scale = min(inner[0] / rgb.shape[1], inner[1] / rgb.shape[0])
    size = (max(2, round(rgb.shape[1] * scale)), max(2, round(rgb.shape[0] * scale)))
    rgb = scaled(rgb, size)
    alpha = np.asarray(
        cv2.resize(alpha, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8
    )
    if picture.alpha is None:
        alpha = rounded_mask(size[0], size[1], round(min(size) * 0.12))
    if not needs_chip:
        return Sprite.from_rgba(rgb, alpha, 0, 0)
    margin = round(max_px[1] * 0.15)
    chip_size = (size[0] + 2 * margin, size[1] + 2 * margin)
    shade = 255 if mean < 0.5 else 24
    chip = np.full((chip_size[1], chip_size[0], 3), shade, np.uint8)
    return Sprite.from_rgba(
        pasted(chip, rgb, alpha, margin, margin), rounded_mask(*chip_size, round(margin * 0.9)), 0, 0
    )
