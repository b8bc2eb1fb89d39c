"""Every accepted format, through the real child process: type, MIME type and measures are read, not guessed."""

from pathlib import Path

import pytest
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.domain.errors import AssetTypeMismatch
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaFormat
from PIL import Image

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
TYPE_OF = {name: AssetType(kind) for kind, names in TYPES.items() for name in names}


async def _inspect(inspector: SandboxedInspector, path: Path, asked: AssetType | None = None) -> Inspection:
    return await inspector.inspect(path, asked_type=asked, limits=InspectionLimits())


@pytest.mark.parametrize("name", CONTENT_TYPES)
async def test_the_bytes_alone_tell_type_and_mime_type(
    name: str, samples: dict[str, Path], make, inspector: SandboxedInspector
) -> None:
    disguised = make.write("holiday.exe", samples[name].read_bytes())
    found = await _inspect(inspector, disguised, TYPE_OF[name])
    assert (found.format, found.type, found.content_type) == (name, TYPE_OF[name], CONTENT_TYPES[name])
    assert found.is_inline_safe is (name not in ("svg", "pdf", "doc", "docx"))
    assert found.is_fully_decoded


@pytest.mark.parametrize("name", CONTENT_TYPES)
async def test_another_type_than_asked_is_a_mismatch(
    name: str, samples: dict[str, Path], inspector: SandboxedInspector
) -> None:
    asked = AssetType.AUDIO if TYPE_OF[name] is not AssetType.AUDIO else AssetType.IMAGE
    with pytest.raises(AssetTypeMismatch) as refused:
        await _inspect(inspector, samples[name], asked)
    assert refused.value.details == {"asked": asked.value, "found": TYPE_OF[name].value}
    assert refused.value.http_status == 415


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif"])
async def test_pictures_tell_their_size(name: str, samples: dict[str, Path], inspector: SandboxedInspector) -> None:
    found = await _inspect(inspector, samples[name])
    assert (found.width, found.height, found.orientation) == (64, 40, 1)
    assert (found.duration_seconds, found.has_audio, found.page_count) == (None, None, None)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photographs_size_is_the_one_shown(orientation: int, make, inspector: SandboxedInspector) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = make.picture("p.jpg", "JPEG", (64, 40), exif=exif.tobytes())
    found = await _inspect(inspector, path)
    assert found.orientation == orientation
    assert (found.width, found.height) == ((40, 64) if orientation >= 5 else (64, 40))


@pytest.mark.parametrize("name", ["mp4", "webm", "mov", "avi", "mkv"])
async def test_films_tell_size_length_rate_and_sound(
    name: str, samples: dict[str, Path], inspector: SandboxedInspector
) -> None:
    found = await _inspect(inspector, samples[name])
    assert (found.width, found.height, found.fps, found.has_audio) == (160, 90, 25.0, True)
    assert found.duration_seconds == pytest.approx(2.0, abs=0.06)
    assert len(found.codecs) == 2


@pytest.mark.parametrize("name", ["mp4", "webm", "mov", "avi", "mkv"])
async def test_a_silent_film_says_so(name: str, make, inspector: SandboxedInspector) -> None:
    found = await _inspect(inspector, make.film(f"s.{name}", seconds=0.6, with_sound=False))
    assert found.has_audio is False
    assert found.duration_seconds == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(
    ("rotation", "orientation", "size"),
    [(0, 1, (160, 90)), (90, 8, (90, 160)), (-90, 6, (90, 160)), (180, 3, (160, 90))],
)
async def test_a_turned_film_tells_the_size_shown(rotation, orientation, size, make, inspector) -> None:  # type: ignore[no-untyped-def]
    found = await _inspect(inspector, make.film("t.mp4", seconds=0.5, rotation=rotation))
    assert (found.orientation, (found.width, found.height)) == (orientation, size)


@pytest.mark.parametrize("name", ["mp3", "wav", "ogg", "aac"])
async def test_sound_tells_its_length(name: str, samples: dict[str, Path], inspector: SandboxedInspector) -> None:
    found = await _inspect(inspector, samples[name])
    assert found.duration_seconds == pytest.approx(1.5, abs=0.06)
    assert (found.has_audio, found.width, found.height, found.fps) == (True, None, None, None)


@pytest.mark.parametrize(("name", "content_type"), [("s.m4a", "audio/mp4"), ("s.weba", "audio/webm")])
async def test_a_films_container_with_sound_alone_is_audio(name, content_type, make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.sound(name)
    found = await _inspect(inspector, path, AssetType.AUDIO)
    assert (found.type, found.content_type) == (AssetType.AUDIO, content_type)
    with pytest.raises(AssetTypeMismatch):
        await _inspect(inspector, path, AssetType.VIDEO)


async def test_cover_art_does_not_make_a_song_a_film(make, inspector: SandboxedInspector) -> None:
    """An ID3 tag with an attached picture before the frames."""
    cover = make.picture("c.jpg", "JPEG").read_bytes()
    body = b"\x00image/jpeg\x00\x03\x00" + cover
    frame = b"APIC" + len(body).to_bytes(4, "big") + b"\0\0" + body
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path = make.write("song.mp3", b"ID3\x03\0\0" + size + frame + make.sound("x.mp3").read_bytes())
    found = await _inspect(inspector, path, AssetType.AUDIO)
    assert (found.type, found.format, found.width) == (AssetType.AUDIO, MediaFormat.MP3, None)


@pytest.mark.parametrize("pages", [1, 3, 200])
async def test_a_pdf_tells_its_pages(pages: int, make, inspector: SandboxedInspector) -> None:
    assert (await _inspect(inspector, make.pdf("p.pdf", pages))).page_count == pages


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="120" height="80"', (120, 80)), ('width="120px" height="80.4px"', (120, 80)),
        ('viewBox="0 0 300 200"', (300, 200)),
        ('width="10mm" height="1in"', (38, 96)), ('width="100%" height="100%" viewBox="0,0,40,30"', (40, 30)),
        ('width="80" viewBox="0 0 40 30"', (80, 60)), ('height="60" viewBox="0 0 40 30"', (80, 60)), ("", (300, 150)),
        ('width="-5" height="0"', (300, 150)), ('width="1e30" height="nan"', (100_000, 150)),
        ('viewBox="0 0 0 -1"', (300, 150)),
        ('viewBox="a b c d"', (300, 150)), ('viewBox="0 0 1e999 5"', (300, 150)),
        ('width="72pt" height="6pc"', (96, 96)),
    ],
)  # fmt: skip
async def test_an_svgs_size_follows_css(
    attributes: str, size: tuple[int, int], make, inspector: SandboxedInspector
) -> None:
    found = await _inspect(inspector, make.svg("s.svg", attributes))
    assert (found.width, found.height) == size


async def test_an_svg_with_a_public_doctype_and_a_declaration_is_taken(make, inspector: SandboxedInspector) -> None:
    before = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->\n'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    )
    assert (await _inspect(inspector, make.svg("s.svg", before=before))).format is MediaFormat.SVG


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
async def test_an_svg_may_be_in_any_unicode_encoding(encoding: str, make, inspector: SandboxedInspector) -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"><title>Überschrift</title></svg>'
    found = await _inspect(inspector, make.write("s.svg", text.encode(encoding)))
    assert (found.width, found.height) == (9, 7)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
async def test_png_of_every_kind_is_read(mode: str, make, inspector: SandboxedInspector) -> None:
    found = await _inspect(inspector, make.picture("p.png", "PNG", mode=mode))
    assert (found.width, found.height) == (64, 40)


async def test_a_print_jpeg_in_cmyk_is_read(make, inspector: SandboxedInspector) -> None:
    assert (await _inspect(inspector, make.picture("p.jpg", "JPEG", mode="CMYK"))).format is MediaFormat.JPEG
