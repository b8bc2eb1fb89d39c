"""Thumbnails: small WebPs that show the thing."""

from pathlib import Path

import pytest
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.domain.inspection import Inspection, InspectionLimits, ThumbnailInfo
from PIL import Image, ImageStat

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _draw(inspector: SandboxedInspector, path: Path) -> tuple[Image.Image, ThumbnailInfo, Inspection]:
    limits = InspectionLimits()
    out = path.with_suffix(".thumb")
    facts = await inspector.inspect(path, asked_type=None, limits=limits)
    info = await inspector.thumbnail(path, facts, out, limits=limits)
    assert info is not None
    image = Image.open(out)
    image.load()
    assert (image.format, image.size) == ("WEBP", (info.width, info.height))
    assert info.size_bytes == out.stat().st_size
    return image, info, facts


@pytest.mark.parametrize(
    "name", ["jpeg", "png", "webp", "gif", "svg", "mp4", "webm", "mov", "avi", "mkv", "pdf", "doc", "docx"]
)
async def test_every_kind_but_sound_has_one(name, samples, tmp_path, inspector) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / f"copy.{name}"
    path.write_bytes(samples[name].read_bytes())
    _, info, _ = await _draw(inspector, path)
    assert info.content_type == "image/webp"
    assert 0 < info.size_bytes < 40_000


@pytest.mark.parametrize("name", ["mp3", "wav", "ogg", "aac"])
async def test_sound_has_none_and_nothing_is_written(name, samples, tmp_path, inspector) -> None:  # type: ignore[no-untyped-def]
    limits = InspectionLimits()
    facts = await inspector.inspect(samples[name], asked_type=None, limits=limits)
    assert await inspector.thumbnail(samples[name], facts, tmp_path / "t", limits=limits) is None
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("size", "small"), [((3000, 2000), (480, 320)), ((600, 2400), (120, 480)), ((100, 50), (100, 50))]
)
async def test_pictures_are_shrunk_in_proportion_and_never_enlarged(size, small, make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, _ = await _draw(inspector, make.picture("p.jpg", "JPEG", size))
    assert image.size == small


async def test_a_turned_photograph_is_shown_upright(make, inspector) -> None:  # type: ignore[no-untyped-def]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned; the gradient's dark top edge is the picture's right edge
    image, _, _ = await _draw(inspector, make.picture("p.jpg", "JPEG", (120, 60), exif=exif.tobytes()))
    assert image.size == (60, 120)
    grey = image.convert("L")
    left = ImageStat.Stat(grey.crop((0, 0, 10, 120))).mean[0]
    right = ImageStat.Stat(grey.crop((50, 0, 60, 120))).mean[0]
    assert right < left


async def test_transparency_is_kept(make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.folder / "p.png"
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(path)
    image, _, _ = await _draw(inspector, path)
    assert image.convert("RGBA").getpixel((25, 25))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
async def test_pictures_of_every_mode_are_drawn(mode, make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, _ = await _draw(inspector, make.picture("p.png", "PNG", (64, 40), mode))
    assert image.size == (64, 40)


async def test_deep_grey_is_scaled_not_clipped(make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.folder / "deep.png"
    Image.new("I;16", (40, 40), 32768).save(path)
    image, _, _ = await _draw(inspector, path)
    assert abs(image.convert("L").getpixel((20, 20)) - 128) < 6


@pytest.mark.parametrize("name", ["f.mp4", "f.webm"])
async def test_a_film_that_fades_in_from_black_is_not_shown_black(name, make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, _ = await _draw(inspector, make.film(name, seconds=3, black_until=2.0))
    assert ImageStat.Stat(image.convert("L")).mean[0] > 40


async def test_a_wholly_black_film_still_has_one(make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, _ = await _draw(inspector, make.film("b.mp4", seconds=1, black_until=9))
    assert image.size == (160, 90)


async def test_a_film_turned_on_its_side_is_shown_upright(make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, facts = await _draw(inspector, make.film("t.mp4", seconds=0.5, rotation=90))
    assert image.size == (facts.width, facts.height) == (90, 160)


async def test_an_svg_is_stood_for_by_a_card_in_its_own_proportions(make, inspector) -> None:  # type: ignore[no-untyped-def]
    image, _, _ = await _draw(inspector, make.svg("w.svg", 'width="200" height="100"', "<script>alert(1)</script>"))
    assert image.size == (480, 240)
