"""A local stand-in for a generated character reference: a previsualisation card that says it is one.

No likeness is invented. The card shows a mannequin in colours taken from the description (or from the seed), the
description itself, and a label, so that nobody mistakes it for a model's picture. The same arguments give the same
bytes.
"""

import io
import random
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, ImageColor

from adreel_render.engine.colour import RGBImage, mix, rgb_to_yuv, yuv_to_rgb
from adreel_render.engine.figure import Looks, calmed, looks_of, with_figure
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Box
from adreel_render.engine.lettering import bar, text_style, words
from adreel_render.engine.palette import INK, WHITE, Palette, choose_palette
from adreel_render.engine.plates import dithered, spotlit
from adreel_render.engine.spec import Brand
from adreel_render.engine.typesetting import Align, set_text

SIZES_PX: Final = {
    "1:1": (1024, 1024),
    "3:4": (896, 1280),
    "4:3": (1280, 896),
    "9:16": (768, 1408),
    "16:9": (1408, 768),
}
FORMATS: Final = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}
LABEL: Final = "PREVISUALISATION"
NOTE: Final = "Drawn locally as a placeholder. Not a generated likeness."

_HUES = ("slateblue", "teal", "coral", "goldenrod", "seagreen", "orchid", "steelblue", "tomato")


def draw_reference_image(
    description: str, *, aspect_ratio: str = "1:1", seed: int = 0, image_format: str = "png"
) -> bytes:
    """The encoded card. Raises ValueError for an aspect ratio or format that is not in the tables above."""
    if aspect_ratio not in SIZES_PX:
        raise ValueError(f"aspect ratio {aspect_ratio!r} is none of {', '.join(SIZES_PX)}")
    if image_format.lower() not in FORMATS:
        raise ValueError(f"format {image_format!r} is none of {', '.join(FORMATS)}")
    size = SIZES_PX[aspect_ratio]
    looks = _looks(description, seed)
    palette = _palette(looks)
    place = _figure_place(size)
    ground = with_figure(spotlit(size, palette, place, seed), looks, place)
    buffer = io.BytesIO()
    options = {"quality": 92} if image_format.lower() != "png" else {"compress_level": 6}
    Image.fromarray(_with_words(ground, description, palette)).save(buffer, FORMATS[image_format.lower()], **options)
    return buffer.getvalue()


def _palette(looks: Looks) -> Palette:
    """Quiet shades of the clothes' colour: the figure stands out by light, not by another hue."""
    palette = choose_palette(Brand(colors=tuple("#{:02x}{:02x}{:02x}".format(*color) for color in looks.clothes)))
    quiet = mix(palette.deep_start, (30, 32, 40), 0.6)
    return replace(palette, deep_start=quiet, deep_end=mix(quiet, INK, 0.5))


def _looks(description: str, seed: int) -> Looks:
    """The looks that are described; clothes of no named colour get one of a few by seed."""
    looks = looks_of(description)
    if looks.clothes:
        return looks
    dice = random.Random(f"{seed}/{description}")
    return replace(looks, clothes=(calmed(ImageColor.getrgb(dice.choice(_HUES))[:3]),))


def _figure_place(size: tuple[int, int]) -> Box:
    """The upper part of a high card, the right part of a wide one."""
    width, height = size
    if width > height * 1.2:
        return Box(round(width * 0.56), round(height * 0.1), round(width * 0.38), round(height * 0.9))
    figure_height = round(height * 0.6)
    figure_width = min(round(width * 0.8), round(figure_height * 0.95))
    return Box((width - figure_width) // 2, round(height * 0.1), figure_width, figure_height)


def _with_words(ground: RGBImage, description: str, palette: Palette) -> RGBImage:
    """Label, description and note, over a ground that is darkened where they stand."""
    height, width = ground.shape[:2]
    short = min(width, height)
    margin, gap = round(short * 0.07), round(short * 0.03)
    is_wide = width > height * 1.2
    column = round(width * 0.46) if is_wide else width - 2 * margin
    small = text_style(short, 0.022, weight=Weight.REGULAR, max_lines=2, align=Align.START)
    note = set_text(NOTE, small, (column, round(short * 0.07)))
    note_top = height - margin - note.height_px
    caps = text_style(short, 0.026, weight=Weight.SEMIBOLD, max_lines=1, align=Align.START)
    label = set_text(LABEL, caps, (column, round(short * 0.06)))
    style = text_style(
        short, 0.055 if is_wide else 0.046, weight=Weight.SEMIBOLD, max_lines=9, align=Align.START, floor=0.42
    )
    text = " ".join(description.split()) or "No description was given."
    block = set_text(text, style, (column, note_top - gap - round(height * (0.2 if is_wide else 0.685))))
    top = (height - block.height_px) // 2 if is_wide else note_top - gap - block.height_px
    picture = rgb_to_yuv(ground if is_wide else _shaded_below(ground, min(top - 3 * gap, round(height * 0.57))))
    bar_height = max(4, short // 150)
    for sprite in (
        bar(Box(margin, margin, round(short * 0.06), bar_height), mix(palette.accent, WHITE, 0.3)),
        words(label, margin, margin + 2 * bar_height, WHITE, shadow=0.5),
        words(block, margin, top, WHITE, shadow=0.6),
        words(note, margin, note_top, mix(WHITE, INK, 0.12)),
    ):
        sprite.lay_over(picture)
    return yuv_to_rgb(picture)


def _shaded_below(ground: RGBImage, top: int) -> RGBImage:
    """Darkened from a row on, ever more down to the lower edge."""
    rows = np.arange(ground.shape[0], dtype=np.float32)
    ramp = np.clip((rows - top) / (ground.shape[0] * 0.14), 0, 1)
    keep = 1 - 0.78 * ramp * ramp * (3 - 2 * ramp)
    return dithered(ground.astype(np.float32) * keep[:, None, None])
