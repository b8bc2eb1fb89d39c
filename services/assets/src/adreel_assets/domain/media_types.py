"""The one table of what is accepted: format, type, canonical MIME type, extensions, and whether a page may show it.

Nothing else in the service spells a MIME type or an extension. `content_type` is what bytes are served as, whatever
their sender called them.
"""

from dataclasses import dataclass
from enum import StrEnum


class AssetType(StrEnum):
    """What an asset is to a storyboard."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class MediaFormat(StrEnum):
    """How the bytes are packed; the container where there is one."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    SVG = "svg"
    MP4 = "mp4"
    WEBM = "webm"
    MOV = "mov"
    AVI = "avi"
    MKV = "mkv"
    MP3 = "mp3"
    WAV = "wav"
    OGG = "ogg"
    AAC = "aac"
    PDF = "pdf"
    DOC = "doc"
    DOCX = "docx"


@dataclass(frozen=True, slots=True)
class MediaType:
    """One row: a format as an asset type.

    `is_inline_safe` says that a browser shows it without running anything in it: rasters, films and sound do;
    SVG carries scripts, documents carry macros and forms, so they are only ever attachments or sandboxed.
    """

    format: MediaFormat
    type: AssetType
    content_type: str
    extensions: tuple[str, ...]
    is_inline_safe: bool = True


MEDIA_TYPES: tuple[MediaType, ...] = (
    MediaType(MediaFormat.JPEG, AssetType.IMAGE, "image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    MediaType(MediaFormat.PNG, AssetType.IMAGE, "image/png", ("png",)),
    MediaType(MediaFormat.WEBP, AssetType.IMAGE, "image/webp", ("webp",)),
    MediaType(MediaFormat.GIF, AssetType.IMAGE, "image/gif", ("gif",)),
    MediaType(MediaFormat.SVG, AssetType.IMAGE, "image/svg+xml", ("svg",), is_inline_safe=False),
    MediaType(MediaFormat.MP4, AssetType.VIDEO, "video/mp4", ("mp4", "m4v")),
    MediaType(MediaFormat.WEBM, AssetType.VIDEO, "video/webm", ("webm",)),
    MediaType(MediaFormat.MOV, AssetType.VIDEO, "video/quicktime", ("mov", "qt")),
    MediaType(MediaFormat.AVI, AssetType.VIDEO, "video/x-msvideo", ("avi",)),
    MediaType(MediaFormat.MKV, AssetType.VIDEO, "video/x-matroska", ("mkv",)),
    MediaType(MediaFormat.MP3, AssetType.AUDIO, "audio/mpeg", ("mp3",)),
    MediaType(MediaFormat.WAV, AssetType.AUDIO, "audio/wav", ("wav",)),
    MediaType(MediaFormat.OGG, AssetType.AUDIO, "audio/ogg", ("ogg", "oga", "opus")),
    MediaType(MediaFormat.AAC, AssetType.AUDIO, "audio/aac", ("aac",)),
    # Containers of films that hold sound alone; AAC mostly travels so.
    MediaType(MediaFormat.MP4, AssetType.AUDIO, "audio/mp4", ("m4a",)),
    MediaType(MediaFormat.MOV, AssetType.AUDIO, "audio/mp4", ("m4a",)),
    MediaType(MediaFormat.WEBM, AssetType.AUDIO, "audio/webm", ("weba",)),
    MediaType(MediaFormat.PDF, AssetType.DOCUMENT, "application/pdf", ("pdf",), is_inline_safe=False),
    MediaType(MediaFormat.DOC, AssetType.DOCUMENT, "application/msword", ("doc",), is_inline_safe=False),
    MediaType(
        MediaFormat.DOCX,
        AssetType.DOCUMENT,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ("docx",),
        is_inline_safe=False,
    ),
)

_BY_FORMAT_AND_TYPE = {(row.format, row.type): row for row in MEDIA_TYPES}


def media_type(media_format: MediaFormat, asset_type: AssetType) -> MediaType | None:
    """The row for a format used as a type; None where that pair is not accepted (an MKV without pictures)."""
    return _BY_FORMAT_AND_TYPE.get((media_format, asset_type))


def accepted_formats(asset_type: AssetType) -> tuple[str, ...]:
    """Names of the formats of a type, for a person: `JPEG, PNG, ...`."""
    return tuple(dict.fromkeys(row.format.upper() for row in MEDIA_TYPES if row.type is asset_type))
