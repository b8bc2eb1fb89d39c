"""Raster pictures through Pillow: measured by the header first, decoded second, shrunk third. Child process only.

Invariant: pixels are counted before any are decoded, and only the plugin of the sniffed format may open the file.
"""

import time
import warnings
from typing import BinaryIO

from PIL import Image

from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaFormat, MediaType

PICTURE_FORMATS = {
    MediaFormat.JPEG: "JPEG",
    MediaFormat.PNG: "PNG",
    MediaFormat.WEBP: "WEBP",
    MediaFormat.GIF: "GIF",
}
_ORIENTATION_TAG = 0x0112
_TURNED_ORIENTATIONS = range(5, 9)
# A moving picture is decoded this far; a player decodes the rest at its leisure.
_MAX_FRAMES_DECODED = 500
# EXIF 2.32, tag 274: what undoes each orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Shrunk as they are, which saves a copy of every pixel; others would lose by it.
_SHRINKABLE_MODES = ("L", "RGB", "RGBA", "CMYK")
_DEEP_GREY_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def open_picture(file: BinaryIO, media_format: MediaFormat, limits: InspectionLimits) -> Image.Image:
    """Read the header. Raises `Refusal` for a damaged header and for more pixels than the limit."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = limits.max_image_pixels
    file.seek(0)
    try:
        image = Image.open(file, formats=[PICTURE_FORMATS[media_format]])
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refusal(Reason.TOO_MANY_PIXELS) from error
    if image.width * image.height > limits.max_image_pixels:
        raise Refusal(Reason.TOO_MANY_PIXELS)
    if image.width < 1 or image.height < 1:
        raise Refusal(Reason.DAMAGED)
    return image


def inspect_picture(file: BinaryIO, row: MediaType, limits: InspectionLimits) -> Inspection:
    """Decode every pixel (of a moving picture, its first frames) and tell the size as shown."""
    image = open_picture(file, row.format, limits)
    size = image.size
    try:
        image.load()
        is_whole = _decode_frames(image, limits)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refusal(Reason.TOO_MANY_PIXELS) from error
    orientation = _orientation(image)
    width, height = size[::-1] if orientation in _TURNED_ORIENTATIONS else size
    return Inspection(
        type=AssetType.IMAGE,
        format=row.format,
        content_type=row.content_type,
        is_inline_safe=row.is_inline_safe,
        width=width,
        height=height,
        orientation=orientation,
        is_fully_decoded=is_whole,
    )


def shrink_picture(file: BinaryIO, media_format: MediaFormat, limits: InspectionLimits) -> Image.Image:
    """The first frame, turned upright, within the thumbnail's side, in RGB or RGBA."""
    image = open_picture(file, media_format, limits)
    side = limits.thumbnail_side_px
    orientation = _orientation(image)
    image.draft("RGB", (side * 2, side * 2))
    image.load()
    if image.mode not in _SHRINKABLE_MODES:
        image = in_screen_mode(image)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return turn(in_screen_mode(image), orientation)


def in_screen_mode(image: Image.Image) -> Image.Image:
    """The picture in RGB, or RGBA where it has transparency, whatever its mode."""
    if image.mode in _DEEP_GREY_MODES:
        # 16 bits to 8: Pillow's own conversion clips instead of scaling.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """The picture upright, given its EXIF orientation."""
    step = _TURNS.get(orientation)
    return image if step is None else image.transpose(step)


def _decode_frames(image: Image.Image, limits: InspectionLimits) -> bool:
    """Decode the further frames of a moving picture; False when the limits ended that."""
    if not getattr(image, "is_animated", False):
        return True
    give_up_at = time.monotonic() + limits.decode_seconds / 2
    for number in range(1, _MAX_FRAMES_DECODED):
        try:
            image.seek(number)
        except EOFError:
            image.seek(0)
            return True
        image.load()
        if time.monotonic() > give_up_at:
            break
    image.seek(0)
    return False


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 where there is none or the EXIF data is damaged, as viewers do."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged tag block raises almost anything and concerns nobody
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
