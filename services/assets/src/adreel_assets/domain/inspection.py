"""What is known of a file once it was looked into, and the limits of the looking."""

from dataclasses import dataclass

from adreel_assets.domain.media_types import AssetType, MediaFormat


@dataclass(frozen=True, slots=True)
class InspectionLimits:
    """How much one file may cost. The wall, CPU and memory limits hold for the child process and are enforced by
    the kernel; the others are checked before or while decoding, so that they can be told in words."""

    # A 64-megapixel phone writes 9248 x 6944. A lossless WebP of that size takes about 1.1 GB to decode.
    max_image_pixels: int = 66_000_000
    max_video_pixels: int = 4096 * 4096
    max_svg_bytes: int = 5_000_000
    max_duration_seconds: float = 6 * 3600.0
    # A film is decoded whole within this; what is left after it is decoded at its sync frames only.
    decode_seconds: float = 15.0
    wall_seconds: float = 45.0
    cpu_seconds: int = 40
    memory_bytes: int = 1_400_000_000
    thumbnail_side_px: int = 480


@dataclass(frozen=True, slots=True)
class Inspection:
    """The facts read from the bytes; None where a format has no such thing.

    `width` and `height` are as shown, after turning; `orientation` is the EXIF number (1 to 8) of the turn that was
    applied. `fps` is the average rate. `codecs` are decoder names, pictures first. `is_fully_decoded` is False where
    the film was too long to decode within the limits and its later part was sampled.
    """

    type: AssetType
    format: MediaFormat
    content_type: str
    is_inline_safe: bool
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    duration_seconds: float | None = None
    fps: float | None = None
    has_audio: bool | None = None
    codecs: tuple[str, ...] = ()
    page_count: int | None = None
    is_fully_decoded: bool = True


@dataclass(frozen=True, slots=True)
class ThumbnailInfo:
    """A thumbnail that was written."""

    content_type: str
    width: int
    height: int
    size_bytes: int
