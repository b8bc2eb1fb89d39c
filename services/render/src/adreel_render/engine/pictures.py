"""Opens a picture that a stranger gave, and hands on upright sRGB pixels.

Hostile until checked: the format comes from the bytes and from a short list, the pixel count is read
from the header and refused before anything is decoded, and whatever a decoder raises becomes
`MediumUnreadable`. Orientation (EXIF) and colour profile (ICC) are applied here and nowhere else, so
every later step may take what it gets for upright sRGB.
"""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageFile, ImageOps

from adreel_render.engine.colour import RGBImage
from adreel_render.engine.errors import MediumUnreadable

MAX_PICTURE_PIXELS = 80_000_000
"""A 80-megapixel RGB picture decodes to 240 MB; larger ones are refused by their header."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")

_OPAQUE = 250
"""Alpha from which a pixel counts as opaque: encoders leave specks of 251..254 in opaque pictures."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Upright pixels: `rgb` (H, W, 3) uint8 sRGB; `alpha` (H, W) uint8, None where all is opaque."""

    rgb: RGBImage
    alpha: npt.NDArray[np.uint8] | None

    @property
    def width_px(self) -> int:
        """Columns."""
        return int(self.rgb.shape[1])

    @property
    def height_px(self) -> int:
        """Rows."""
        return int(self.rgb.shape[0])

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width_px / self.height_px


def load_picture(path: Path, key: str, *, cover_px: tuple[int, int]) -> Picture:
    """Decode the first frame of a picture, no larger than it takes to cover `cover_px` (width, height).

    Raises `MediumUnreadable` naming `key` for anything that cannot be drawn.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(path, cover_px)
    except MemoryError as error:
        raise MediumUnreadable(key, "it needs more memory than there is") from error
    except Exception as error:  # decoders of damaged files raise nearly everything, struct.error and KeyError included
        raise MediumUnreadable(key, str(error) or type(error).__name__) from error


def _decode(path: Path, cover_px: tuple[int, int]) -> Picture:
    with Image.open(path, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PICTURE_PIXELS:
            raise ValueError(f"{width}x{height} is more than {MAX_PICTURE_PIXELS} pixels")
        if min(width, height) < 2:
            raise ValueError(f"{width}x{height} is no picture")
        side = max(cover_px)
        image.draft("RGB", (side, side))  # JPEG only: lets the decoder skip detail nobody will see
        profile = image.info.get("icc_profile")
        image.load()
        upright = _upright(image)
        small = _reduced(_plain(upright), cover_px)
        return _picture(_to_srgb(small, profile))


def _upright(image: Image.Image) -> Image.Image:
    with contextlib.suppress(Exception):  # a damaged EXIF block must not cost us the picture
        ImageOps.exif_transpose(image, in_place=True)  # otherwise it copies upright pictures too
    return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB, RGBA or CMYK with 8 bits, whatever the file's own mode."""
    if image.mode in ("RGB", "RGBA", "CMYK"):
        return image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        top = 65535.0 if values.max() > 255 else 255.0
        return Image.fromarray(np.asarray(np.clip(values / top, 0, 1) * 255, np.uint8)).convert("RGB")
    has_alpha = image.has_transparency_data
    return image.convert("RGBA" if has_alpha else "RGB")


def _reduced(image: Image.Image, cover_px: tuple[int, int]) -> Image.Image:
    """The picture made smaller, if it is more than large enough to cover a frame of that size."""
    factor = max(cover_px[0] / image.width, cover_px[1] / image.height)
    if factor >= 0.9:
        return image
    size = (max(2, round(image.width * factor)), max(2, round(image.height * factor)))
    # HAMMING takes 70 ms where LANCZOS takes 160 (12 megapixels), and the plate is resampled once more anyway.
    return image.resize(size, Image.Resampling.BOX if factor < 0.25 else Image.Resampling.HAMMING, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Through the embedded profile to sRGB; a profile that cannot be used is ignored, as browsers do."""
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode=target)
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image if image.mode == target else image.convert(target)


def _picture(image: Image.Image) -> Picture:
    pixels = np.asarray(image)
    if image.mode == "RGB":
        return Picture(np.ascontiguousarray(pixels), None)
    alpha = np.ascontiguousarray(pixels[:, :, 3])
    is_opaque = bool(alpha.min() >= _OPAQUE)
    return Picture(np.ascontiguousarray(pixels[:, :, :3]), None if is_opaque else alpha)


_SRGB = ImageCms.createProfile("sRGB")
ImageFile.LOAD_TRUNCATED_IMAGES = False
