"""The local reference card: right size and format, same bytes for the same words, honest about itself."""

import io

import numpy as np
import pytest
from adreel_render.engine.reference_image import FORMATS, LABEL, NOTE, SIZES_PX, draw_reference_image
from PIL import Image

WORDS = "An old fisherman with a white beard and a teal sweater, weathered hands, kind eyes."


@pytest.mark.parametrize("aspect_ratio", SIZES_PX)
def test_size_follows_the_aspect_ratio(aspect_ratio: str) -> None:
    with Image.open(io.BytesIO(draw_reference_image(WORDS, aspect_ratio=aspect_ratio))) as image:
        assert image.size == SIZES_PX[aspect_ratio]
        assert image.format == "PNG"


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_can_be_written(image_format: str) -> None:
    with Image.open(io.BytesIO(draw_reference_image(WORDS, image_format=image_format))) as image:
        assert image.format == FORMATS[image_format]


def test_same_arguments_give_the_same_bytes_and_seeds_differ() -> None:
    assert draw_reference_image("a robot", seed=1) == draw_reference_image("a robot", seed=1)
    assert draw_reference_image("a robot", seed=1) != draw_reference_image("a robot", seed=2)


def test_colours_named_in_the_description_are_used() -> None:
    teal = np.asarray(Image.open(io.BytesIO(draw_reference_image("a teal coat"))).convert("HSV"))
    hues = teal[450:520, 400:620, 0].astype(int)
    assert abs(int(np.median(hues)) - 127) < 14


@pytest.mark.parametrize("text", ["", "   ", "word " * 900, "x" * 5000, "🎉\u0000", "مرحبا " * 50])
def test_any_description_gives_a_card(text: str) -> None:
    assert draw_reference_image(text)


def test_unknown_ratio_or_format_is_refused() -> None:
    with pytest.raises(ValueError, match="aspect ratio"):
        draw_reference_image(WORDS, aspect_ratio="2:1")
    with pytest.raises(ValueError, match="format"):
        draw_reference_image(WORDS, image_format="bmp")


def test_the_card_says_what_it_is() -> None:
    assert "PREVIS" in LABEL
    assert "not a generated" in NOTE.lower()
