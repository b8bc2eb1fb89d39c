"""Logos: in proportion, visible on the dimmed ground, and no reason for a render to fail."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from adreel_render.engine.colour import blank_yuv, yuv_to_rgb
from adreel_render.engine.errors import MediumUnreadable
from adreel_render.engine.logo import logo_sprite
from adreel_render.engine.spec import Brand, Canvas, Medium, SceneSpec
from adreel_render.engine.stills import draw_still

CANVAS = Canvas(640, 360, 25)


def mark(shade: int) -> np.ndarray:
    """A plain bar, four times as wide as high, with clear margins."""
    pixels = np.zeros((100, 260, 4), np.uint8)
    pixels[30:70, 50:210] = (shade, shade, shade, 255)
    return pixels


def test_a_dark_logo_stands_on_a_light_chip(picture_file: Callable[..., Medium]) -> None:
    medium = picture_file(mark(20))
    picture = blank_yuv(200, 400)
    logo_sprite(medium.path, medium.key, (240, 80), 0.06).moved_to(60, 60).lay_over(picture)
    rgb = yuv_to_rgb(picture)
    assert rgb.max() > 240
    assert rgb[60 + 40, 60 + 60].max() < 60


def test_a_light_logo_needs_no_chip_and_keeps_its_proportions(picture_file: Callable[..., Medium]) -> None:
    medium = picture_file(mark(250))
    sprite = logo_sprite(medium.path, medium.key, (240, 80), 0.06)
    assert sprite.width_px / sprite.height_px == pytest.approx(4, rel=0.05)
    assert sprite.width_px <= 240
    assert sprite.height_px <= 80


def test_a_broken_logo_is_a_typed_error_and_leaves_the_scene_standing(tmp_path: Path) -> None:
    broken = tmp_path / "logo.png"
    broken.write_bytes(b"nothing")
    with pytest.raises(MediumUnreadable):
        logo_sprite(broken, "k", (100, 50), 0.06)
    spec = SceneSpec(2, 2, 60, product="Olio", call_to_action="Buy", brand=Brand(logo=broken))
    assert draw_still(spec, CANVAS, 50).std() > 5


def test_a_picture_with_the_role_of_a_logo_goes_on_the_end_card(
    picture_file: Callable[..., Medium], texture: Callable[..., np.ndarray]
) -> None:
    photo = picture_file(texture(640, 360), "photo.png")
    logo = replace(picture_file(mark(250), "logo.png"), role="Logo")
    spec = SceneSpec(2, 2, 100, media=(logo, photo), product="Olio", call_to_action="Buy", captions=False)
    without = replace(spec, media=(photo,))
    assert np.array_equal(draw_still(spec, CANVAS, 5), draw_still(without, CANVAS, 5))
    assert not np.array_equal(draw_still(spec, CANVAS, 95), draw_still(without, CANVAS, 95))
