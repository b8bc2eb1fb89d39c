"""Opening pictures of strangers: upright, in sRGB, and never a crash."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from adreel_render.engine.errors import MediumUnreadable
from adreel_render.engine.pictures import MAX_PICTURE_PIXELS, load_picture
from PIL import Image, ImageCms

COVER = (400, 400)


def corners(path: Path) -> list[str]:
    """Which colour stands in which corner, from the upper left clockwise: r, g, b or w."""
    rgb = load_picture(path, "k", cover_px=COVER).rgb.astype(int)
    found = []
    for y, x in ((5, 5), (5, -6), (-6, -6), (-6, 5)):
        red, green, blue = rgb[y, x]
        found.append("w" if min(red, green, blue) > 180 else "rgb"[int(np.argmax((red, green, blue)))])
    return found


@pytest.fixture
def quarters() -> Image.Image:
    """Red, green, blue, white clockwise from the upper left."""
    image = Image.new("RGB", (80, 60))
    for box, color in (((0, 0, 40, 30), "red"), ((40, 0, 80, 30), "lime"), ((40, 30, 80, 60), "blue")):
        image.paste(color, box)
    image.paste("white", (0, 30, 40, 60))
    return image


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [(1, None), (2, Image.Transpose.FLIP_LEFT_RIGHT), (3, Image.Transpose.ROTATE_180),
     (4, Image.Transpose.FLIP_TOP_BOTTOM), (5, Image.Transpose.TRANSPOSE), (6, Image.Transpose.ROTATE_90),
     (7, Image.Transpose.TRANSVERSE), (8, Image.Transpose.ROTATE_270)],
)  # fmt: skip
def test_every_exif_orientation_comes_out_upright(
    orientation: int, undo: Image.Transpose | None, quarters: Image.Image, tmp_path: Path
) -> None:
    """`undo` turns the upright picture into what a camera stores under that orientation."""
    stored = quarters if undo is None else quarters.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "o.jpg", exif=exif, quality=95)
    assert corners(tmp_path / "o.jpg") == ["r", "g", "b", "w"]


def test_embedded_colour_profile_is_honoured(tmp_path: Path) -> None:
    """A profile whose red and blue primaries are exchanged makes stored red mean blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    Image.new("RGB", (50, 50), "red").save(tmp_path / "p.png", icc_profile=bytes(profile))
    assert load_picture(tmp_path / "p.png", "k", cover_px=COVER).rgb[25, 25].tolist()[2] > 200


def test_broken_colour_profile_is_ignored(tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "red").save(tmp_path / "p.png", icc_profile=b"no profile at all")
    assert load_picture(tmp_path / "p.png", "k", cover_px=COVER).rgb[25, 25].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    "name", ["cmyk.jpg", "grey16.png", "palette.png", "grey.gif", "alpha.webp", "la.png", "one.png"]
)
def test_unusual_kinds_of_picture_come_out_as_rgb(name: str, tmp_path: Path) -> None:
    makers = {
        "cmyk.jpg": lambda: Image.new("CMYK", (60, 40), (0, 255, 255, 0)),
        "grey16.png": lambda: Image.fromarray(np.full((40, 60), 40000, np.uint16)),
        "palette.png": lambda: Image.new("RGB", (60, 40), "teal").quantize(4),
        "grey.gif": lambda: Image.new("L", (60, 40), 99),
        "alpha.webp": lambda: Image.new("RGBA", (60, 40), (10, 20, 30, 128)),
        "la.png": lambda: Image.new("LA", (60, 40), (10, 128)),
        "one.png": lambda: Image.new("1", (60, 40), 1),
    }
    makers[name]().save(tmp_path / name)
    picture = load_picture(tmp_path / name, "k", cover_px=COVER)
    assert picture.rgb.shape == (40, 60, 3)
    assert (picture.alpha is not None) == (name in ("alpha.webp", "la.png"))


def test_opaque_alpha_counts_as_none(tmp_path: Path) -> None:
    Image.new("RGBA", (60, 40), (1, 2, 3, 255)).save(tmp_path / "a.png")
    assert load_picture(tmp_path / "a.png", "k", cover_px=COVER).alpha is None


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (60, 40), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert corners(tmp_path / "a.gif") == ["r"] * 4


def test_large_pictures_are_reduced_to_what_covers_the_canvas(tmp_path: Path) -> None:
    Image.new("RGB", (2400, 1600)).save(tmp_path / "l.jpg")
    picture = load_picture(tmp_path / "l.jpg", "k", cover_px=(600, 300))
    assert (picture.width_px, picture.height_px) == (600, 400)


def test_a_picture_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    side = 60_000
    assert side * side > MAX_PICTURE_PIXELS
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    (tmp_path / "bomb.png").write_bytes(data + chunk(b"IEND", b""))
    with pytest.raises(MediumUnreadable) as caught:
        load_picture(tmp_path / "bomb.png", "the key", cover_px=COVER)
    assert caught.value.key == "the key"


def test_every_way_to_be_broken_is_the_same_typed_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)).save(buffer, "PNG")
    whole = buffer.getvalue()
    cases = [
        b"",
        b"\0" * 100,
        whole[: len(whole) // 2],
        whole[:60] + bytes(200) + whole[260:],
        b"<svg/>",
        b"GIF89a",
        b"RIFF0000WEBP",
    ]
    for number, data in enumerate(cases):
        path = tmp_path / f"broken{number}"
        path.write_bytes(data)
        with pytest.raises(MediumUnreadable):
            load_picture(path, "k", cover_px=COVER)
    with pytest.raises(MediumUnreadable):
        load_picture(tmp_path / "missing", "k", cover_px=COVER)
