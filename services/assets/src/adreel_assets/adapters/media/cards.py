"""A neutral card that stands for a file which is not drawn: SVG (drawing could run it) and Word documents."""

from PIL import Image, ImageDraw, ImageFont

from adreel_assets.domain.media_types import MediaFormat

_PAPER = (246, 247, 249)
_LINE = (208, 213, 221)
_INK = (52, 64, 84)
_ACCENTS = {
    MediaFormat.SVG: (217, 119, 6),
    MediaFormat.DOC: (37, 99, 235),
    MediaFormat.DOCX: (37, 99, 235),
    MediaFormat.PDF: (220, 38, 38),
}
# A card stays legible and a page stays a page, however odd the picture's own proportions.
_MIN_RATIO, _MAX_RATIO = 0.5, 2.0
_PAGE_RATIO = 210 / 297


def draw_card(media_format: MediaFormat, side_px: int, ratio: float | None = None) -> Image.Image:
    """A card of `ratio` (width by height; a page's where None) within a square of `side_px`, with the format's name."""
    ratio = min(_MAX_RATIO, max(_MIN_RATIO, ratio or _PAGE_RATIO))
    width, height = (side_px, round(side_px / ratio)) if ratio >= 1 else (round(side_px * ratio), side_px)
    card = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(card)
    unit = min(width, height) / 12
    draw.rectangle((0, 0, width - 1, height - 1), outline=_LINE, width=max(1, round(unit / 6)))
    for row in range(3):
        top = unit * (1.6 + row * 1.3)
        draw.rounded_rectangle((unit * 1.5, top, width - unit * (1.5 + row * 1.8), top + unit * 0.5), unit / 4, _LINE)
    _draw_badge(draw, media_format, width, height, unit)
    return card


def _draw_badge(draw: ImageDraw.ImageDraw, media_format: MediaFormat, width: int, height: int, unit: float) -> None:
    box = (unit * 1.5, height - unit * 4, width - unit * 1.5, height - unit * 1.5)
    draw.rounded_rectangle(box, unit / 2, _ACCENTS.get(media_format, _INK))
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    # The font is built into Pillow: the sandbox cannot open a file.
    draw.text(middle, media_format.upper(), (255, 255, 255), ImageFont.load_default(unit * 1.6), anchor="mm")
