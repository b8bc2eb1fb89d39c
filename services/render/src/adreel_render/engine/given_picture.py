"""A picture that a stranger gave, decoded once and written again: upright sRGB pixels and nothing else.

What is handed on (to a provider, to a later drawing) is never the stranger's own bytes: no metadata, no second frame,
no trick of one decoder that another one falls for.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from adreel_render.engine.errors import MediumUnreadable
from adreel_render.engine.pictures import load_picture

LEAST_SIDE_PX = 64
"""Smaller ones show nothing that a clip could be made from."""
_LONGEST_SIDE_PX = 2048
_JPEG_QUALITY = 93


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """What was written."""

    content_type: str
    width_px: int
    height_px: int


def write_clean_copy(source: Path, out_path: Path) -> CleanPicture:
    """Write `source` as JPEG, or as PNG where it has transparency, no longer than 2048 pixels on its longer side.

    Raises MediumUnreadable for what is no picture, or one that is too small or too large.
    """
    picture = load_picture(source, "reference", cover_px=(_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    if min(picture.width_px, picture.height_px) < LEAST_SIDE_PX:
        raise MediumUnreadable("reference", f"it is smaller than {LEAST_SIDE_PX} pixels")
    has_alpha = picture.alpha is not None
    pixels = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    image = Image.fromarray(pixels)
    image.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if has_alpha:
        image.save(out_path, "PNG", compress_level=6)
    else:
        image.save(out_path, "JPEG", quality=_JPEG_QUALITY, subsampling="4:4:4")
    return CleanPicture("image/png" if has_alpha else "image/jpeg", *image.size)
