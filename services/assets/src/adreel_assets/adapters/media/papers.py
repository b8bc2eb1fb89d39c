"""PDF through PDFium, without forms or scripts: how many pages, and the look of the first. Child process only."""

from typing import BinaryIO

import pypdfium2
from PIL import Image

from adreel_assets.adapters.media.pictures import in_screen_mode
from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaType

# FPDF_ERR_PASSWORD in PDFium's public header fpdfview.h.
_PASSWORD_ERROR = 4
_MAX_PAGE_POINTS = 200_000.0


def inspect_pdf(file: BinaryIO, row: MediaType) -> Inspection:
    """Count the pages and load the first. Raises `Refusal` when it is damaged, empty or needs a password."""
    with _open(file) as document:
        pages = len(document)
        if pages < 1:
            raise Refusal(Reason.DAMAGED)
        try:
            document[0].close()
        except pypdfium2.PdfiumError as error:
            raise Refusal(Reason.DAMAGED) from error
    return Inspection(
        type=AssetType.DOCUMENT,
        format=row.format,
        content_type=row.content_type,
        is_inline_safe=row.is_inline_safe,
        page_count=pages,
    )


def draw_first_page(file: BinaryIO, limits: InspectionLimits) -> Image.Image:
    """The first page on white, within the thumbnail's side."""
    with _open(file) as document:
        page = document[0]
        width, height = page.get_size()
        longest = max(width, height)
        if not 0 < longest < _MAX_PAGE_POINTS:
            raise Refusal(Reason.DAMAGED)
        bitmap = page.render(scale=limits.thumbnail_side_px / longest, may_draw_forms=False)
        return in_screen_mode(bitmap.to_pil().copy())


def _open(file: BinaryIO) -> pypdfium2.PdfDocument:
    file.seek(0)
    try:
        return pypdfium2.PdfDocument(file, autoclose=False)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == _PASSWORD_ERROR
        raise Refusal(Reason.ENCRYPTED if is_locked else Reason.DAMAGED) from error
