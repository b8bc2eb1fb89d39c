"""The table of accepted formats says what the contract says."""

from adreel_assets.domain.media_types import MEDIA_TYPES, AssetType, MediaFormat, accepted_formats, media_type

CONTENT_TYPES = {
    "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "svg": "image/svg+xml",
    "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "aac": "audio/aac",
    "pdf": "application/pdf", "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
TYPES = {
    "image": ("jpeg", "png", "webp", "gif", "svg"), "video": ("mp4", "webm", "mov", "avi", "mkv"),
    "audio": ("mp3", "wav", "ogg", "aac"), "document": ("pdf", "doc", "docx"),
}  # fmt: skip


def test_the_table_names_each_accepted_format_once_per_type() -> None:
    pairs = [(row.format, row.type) for row in MEDIA_TYPES]
    assert len(pairs) == len(set(pairs))
    for kind, names in TYPES.items():
        assert {name.upper() for name in names} <= set(accepted_formats(AssetType(kind)))
        for name in names:
            row = media_type(MediaFormat(name), AssetType(kind))
            assert row is not None
            assert row.content_type == CONTENT_TYPES[name]
    assert media_type(MediaFormat.MKV, AssetType.AUDIO) is None
