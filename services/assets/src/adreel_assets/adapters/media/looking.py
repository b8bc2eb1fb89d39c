"""From an open file to facts or a picture: the dispatch over formats that runs inside the child process."""

from io import BytesIO
from typing import BinaryIO

from PIL import Image

from adreel_assets.adapters.media.cards import draw_card
from adreel_assets.adapters.media.containers import TIMED_FORMATS
from adreel_assets.adapters.media.films import inspect_film
from adreel_assets.adapters.media.ooxml import check_word_package
from adreel_assets.adapters.media.papers import draw_first_page, inspect_pdf
from adreel_assets.adapters.media.pictures import PICTURE_FORMATS, inspect_picture, shrink_picture
from adreel_assets.adapters.media.riff import check_riff_length
from adreel_assets.adapters.media.sniffing import sniff
from adreel_assets.adapters.media.svg import read_svg
from adreel_assets.adapters.media.telling_frame import draw_telling_frame
from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.adapters.media.word_binary import check_word_binary
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaFormat, media_type

_WEBP_QUALITY = 80


def look_into(file: BinaryIO, limits: InspectionLimits) -> Inspection:
    """Sniff, then confirm with the one reader of that format. Raises `Refusal`."""
    file.seek(0, 2)
    if file.tell() == 0:
        raise Refusal(Reason.EMPTY)
    media_format = sniff(file)
    if media_format is None:
        raise Refusal(Reason.UNKNOWN_FORMAT)
    check_riff_length(file)
    if media_format in TIMED_FORMATS:
        return inspect_film(file, media_format, limits)
    asset_type = AssetType.IMAGE if media_format in (*PICTURE_FORMATS, MediaFormat.SVG) else AssetType.DOCUMENT
    row = media_type(media_format, asset_type)
    assert row is not None  # every format that is not timed has one row
    if media_format in PICTURE_FORMATS:
        return inspect_picture(file, row, limits)
    if media_format is MediaFormat.PDF:
        return inspect_pdf(file, row)
    width = height = None
    if media_format is MediaFormat.SVG:
        width, height = read_svg(file, limits.max_svg_bytes)
    elif media_format is MediaFormat.DOCX:
        check_word_package(file)
    else:
        check_word_binary(file)
    return Inspection(
        type=asset_type,
        format=media_format,
        content_type=row.content_type,
        is_inline_safe=row.is_inline_safe,
        width=width,
        height=height,
    )


def draw_thumbnail(file: BinaryIO, inspection: Inspection, limits: InspectionLimits) -> tuple[bytes, int, int]:
    """A small WebP with its size. Raises `Refusal`."""
    picture = _small_picture(file, inspection, limits)
    packed = BytesIO()
    picture.save(packed, "WEBP", quality=_WEBP_QUALITY, method=4)
    return packed.getvalue(), picture.width, picture.height


def _small_picture(file: BinaryIO, inspection: Inspection, limits: InspectionLimits) -> Image.Image:
    if inspection.type is AssetType.VIDEO:
        return draw_telling_frame(file, inspection, limits)
    if inspection.format in PICTURE_FORMATS:
        return shrink_picture(file, inspection.format, limits)
    if inspection.format is MediaFormat.PDF:
        return draw_first_page(file, limits)
    has_size = inspection.width is not None and inspection.height is not None
    ratio = inspection.width / inspection.height if has_size and inspection.width and inspection.height else None
    return draw_card(inspection.format, limits.thumbnail_side_px, ratio)
