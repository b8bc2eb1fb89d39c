"""Files made to crash, mislead, starve or leak: each gets a typed error in time, and nothing gets out."""

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.adapters.media.messages import inspection_to_json
from adreel_assets.domain.errors import AssetCorrupt, AssetError, AssetTooLarge, AssetTypeMismatch, AssetTypeUnsupported
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType
from PIL import Image

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "TOP-SECRET-9f3a"
LIMITS = InspectionLimits(wall_seconds=20, cpu_seconds=15, decode_seconds=4)
SVG_NS = 'xmlns="http://www.w3.org/2000/svg"'


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, *chunks: bytes, data: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    header = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = _png_chunk(b"IDAT", data or zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + _png_chunk(b"IEND", b"")


def _gif(width: int, height: int, frames: int, frame_size: tuple[int, int] = (1, 1)) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, *frame_size, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def _atom(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _patched(data: bytes, where: bytes, offset: int, what: bytes) -> bytes:
    at = data.index(where) + offset
    return data[:at] + what + data[at + len(what) :]


def _zip(entries: dict[str, bytes], **kw: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **kw) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return buffer.getvalue()


def _huge_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG")
    data = buffer.getvalue()
    return _patched(data, b"\xff\xc0", 5, struct.pack(">HH", 65_500, 65_500))


def _shuffled(data: bytes, seed: int, count: int) -> bytes:
    """The file with `count` bytes changed after its head."""
    damaged, dice = bytearray(data), random.Random(seed)
    for _ in range(count):
        damaged[dice.randrange(min(64, len(damaged) - 1), len(damaged))] = dice.randrange(256)
    return bytes(damaged)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("bcdefghij", "cdefghijk", strict=True))
    + f"]><svg {SVG_NS}><text>&k;</text></svg>"
)

# Texts and bytes that are none of ours, under the names of things that are.
FOREIGN: dict[str, bytes] = {
    "page.jpg": b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>",
    "page_upper.png": b"<HTML><BODY>hi</BODY></HTML>",
    "xhtml.svg": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><svg/></body></html>',
    "playlist.mp4": b"ffconcat version 1.0\nfile secret.txt\nfile /etc/passwd\n",
    "hls.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\nsecret.txt\n",
    "dash.mp4": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/</BaseURL></MPD>',
    "smil.mov": b"<smil><body><video src='file:///etc/passwd'/></body></smil>",
    "subtitle.mkv": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "sdp.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "script.gif": b"#!/bin/sh\ncat /etc/passwd\n",
    "elf.avi": b"\x7fELF\x02\x01\x01" + b"\0" * 200,
    "windows.wav": b"MZ\x90\0" + b"\0" * 200,
    "archive.docx": _zip({"a.txt": b"hello"}),
    "sheet.docx": _zip(
        {
            "[Content_Types].xml": b'<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.'
            b'openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
            "xl/workbook.xml": b"<workbook/>",
        }
    ),
    "macros.docx": _zip(
        {
            "[Content_Types].xml": b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.'
            b'ms-word.document.macroEnabled.main+xml"/></Types>',
            "word/document.xml": b"<document/>",
        }
    ),
    "packed.svgz": gzip.compress(b"<svg/>"),
    "rtf.doc": b"{\\rtf1\\ansi hello}",
    "postscript.pdf": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
    "imagetragick.png": b"push graphic-context\nfill 'url(https://127.0.0.1/x|ls)'\npop graphic-context\n",
    "bitmap.jpg": b"BM" + b"\0" * 100,
    "tiff.jpg": b"II*\0" + b"\0" * 100,
    "icon.png": b"\0\0\1\0\1\0" + b"\0" * 100,
    "photoshop.png": b"8BPS\0\1" + b"\0" * 100,
    "heic.jpg": _atom(b"ftyp", b"heic\0\0\0\0mif1heic") + b"\0" * 100,
    "avif.webp": _atom(b"ftyp", b"avif\0\0\0\0avifmif1") + b"\0" * 100,
    "phone.mp4": _atom(b"ftyp", b"3gp5\0\0\0\0") + b"\0" * 100,
    "riff.webp": b"RIFF\x20\0\0\0XXXX" + b"\0" * 100,
    "midi.mp3": b"MThd\0\0\0\6\0\0\0\1\0\x60",
    "flac.ogg": b"fLaC\0\0\0\x22" + b"\0" * 100,
    "flash.mp4": b"FLV\1\5\0\0\0\t" + b"\0" * 100,
    "transport.mp4": (b"\x47\x40\0\x10" + b"\xff" * 184) * 10,
    "weird.webm": b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88unknown1" + b"\0" * 100,
    "nodoctype.mkv": b"\x1a\x45\xdf\xa3" + b"\0" * 5000,
    "one_byte.png": b"\x89",
    "nul.mp4": b"\0" * 100_000,
    "spaces.svg": b" " * 100_000,
    "sync_only.mp3": b"\xff\xfb\x90\x00" + b"\0" * 1000,
    "id3_only.mp3": b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + b"x" * 1000,
    "id3_chain.mp3": b"ID3\x03\0\0\0\0\0\0" * 5000,
    "random.mp4": random.Random(1).randbytes(100_000),
    "random.jpg": random.Random(2).randbytes(65_537),
    "wav_channels.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\xff\xff\x44\xac\0\0"
    + b"\xff" * 8
    + b"data\xff\xff\xff\xff"
    + b"\0" * 64,
    "text.pdf": b"just some text, and %PDF-1.7 later on",
}

# Bytes that begin like ours and cannot be read.
DAMAGED: dict[str, bytes] = {
    "empty.jpg": b"",
    "jpeg_magic.jpg": b"\xff\xd8\xff\xe0",
    "jpeg_then_html.jpg": b"\xff\xd8\xff\xe0<html><script>alert(1)</script>",
    "png_magic.png": b"\x89PNG\r\n\x1a\n",
    "png_wrong_sum.png": _patched(_png(8, 8), b"IHDR", 20, b"\0\0\0\0"),
    "png_no_data.png": _png(500, 500, data=b"\x78\x9c"),
    "png_lying_chunk.png": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0x7FFFFFFF) + b"IHDR" + b"\0" * 50,
    "gif_magic.gif": b"GIF89a",
    "gif_then_script.gif": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//",
    "webp_magic.webp": b"RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0\0\0\0\0",
    "svg_cut.svg": f"<svg {SVG_NS}><g>".encode(),
    "svg_twice.svg": f"<svg {SVG_NS}/><svg {SVG_NS}/>".encode(),
    "svg_laughs.svg": BOMB.encode(),
    "svg_quadratic.svg": (
        f'<!DOCTYPE svg [<!ENTITY a "{"x" * 50_000}">]><svg {SVG_NS}>{"&a;" * 20_000}</svg>'
    ).encode(),
    "svg_external.svg": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "secret.txt">]><svg {SVG_NS}>&x;</svg>'.encode(),
    "svg_passwd.svg": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {SVG_NS}>&x;</svg>'.encode(),
    "svg_parameter.svg": f'<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]><svg {SVG_NS}/>'.encode(),
    "svg_undefined.svg": f"<svg {SVG_NS}>&nbsp;</svg>".encode(),
    "svg_deep.svg": (f"<svg {SVG_NS}>" + "<g>" * 200_000).encode(),
    "svg_charset.svg": b'<?xml version="1.0" encoding="x-none"?><svg/>',
    "mp4_head.mp4": _atom(b"ftyp", b"isom\0\0\2\0isomavc1"),
    "mp4_no_moov.mp4": _atom(b"ftyp", b"isom\0\0\2\0isomavc1") + _atom(b"mdat", b"\0" * 5000),
    "mp4_endless_atom.mp4": _atom(b"ftyp", b"isom\0\0\2\0")
    + b"\0\0\0\1moov\xff\xff\xff\xff\xff\xff\xff\xff"
    + b"\0" * 50,
    "mp4_nested.mp4": _atom(b"ftyp", b"isom\0\0\2\0")
    + b"".join(struct.pack(">I", 80_000 - 8 * n) + b"moov" for n in range(9_999)),
    "mov_bare.mov": b"\0\0\0\x08wide" + b"\0\0\1\0mdat" + b"\0" * 300,
    "mkv_head.mkv": b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska",
    "webm_lying.webm": b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    + b"\xff" * 500,
    "avi_head.avi": b"RIFF\xff\xff\xff\x7fAVI LIST\xff\xff\xff\x7fhdrlavih" + b"\xff" * 100,
    "wav_head.wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "wav_no_rate.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\0\0" + b"\0" * 12 + b"data\4\0\0\0\0\0\0\0",
    "ogg_head.ogg": b"OggS\0\2" + b"\0" * 100,
    "adts_nonsense.aac": (b"\xff\xf1\x50\x80\x02\x1f\xfc" + b"\xaa" * 9) * 400,
    "pdf_magic.pdf": b"%PDF-1.7\n",
    "pdf_loop.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 9>>endobj\ntrailer<</Root 1 0 R>>",
    "pdf_xref.pdf": b"%PDF-1.4\ntrailer<</Prev 0/Size 99999999/Root 9 0 R>>\nstartxref\n9\n%%EOF",
    "doc_bad_stream.doc": b"",  # replaced below
    "docx_cut.docx": b"",  # replaced below
}


def _make_documents(make) -> None:  # type: ignore[no-untyped-def]
    DAMAGED["doc_bad_stream.doc"] = make.doc("x.doc", magic=b"\0\0").read_bytes()
    DAMAGED["docx_cut.docx"] = make.docx("x.docx", main=b"<w:document xmlns:w='x'><w:body>").read_bytes()


# Small files that would become large ones.
TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "two_gigapixels.png": lambda: _png(46_341, 46_341),
    "largest.png": lambda: _png(0x7FFFFFFF, 0x7FFFFFFF),
    "wide.png": lambda: _png(0x7FFFFFFF, 1),
    "sixteen_bit_rgba.png": lambda: _png(30_000, 30_000, depth=16, colour=6),
    "huge_canvas.gif": lambda: _gif(65_535, 65_535, 1),
    "frame_larger_than_canvas.gif": lambda: _gif(10, 10, 1, (65_535, 65_535)),
    "huge.jpg": _huge_jpeg,
    "huge.webp": lambda: b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xfe\x3f\0" * 2 + b"VP8 \0\0\0\0",
    "lying.webp": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 40,
    "docx_bomb.docx": lambda: _docx_with({"word/media/a.bin": b"\0" * 60_000_000}),
    "docx_main_bomb.docx": lambda: _docx_with({}, b"<d>" + b" " * 5_000_000 + b"</d>"),
    "docx_many.docx": lambda: _docx_with({f"e{number}": b"" for number in range(10_001)}),
    "svg_large.svg": f"<svg {SVG_NS}>{'<g/>' * 1_300_000}</svg>".encode,
}


def _docx_with(extra: dict[str, bytes], main: bytes = b"<document/>") -> bytes:
    types = (
        b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document.main+xml"/></Types>'
    )
    return _zip({"[Content_Types].xml": types, "word/document.xml": main, **extra}, compresslevel=9)


async def _inspect(inspector: SandboxedInspector, path: Path, asked: AssetType | None = None) -> Inspection:
    return await inspector.inspect(path, asked_type=asked, limits=LIMITS)


def _everything_said(error: AssetError) -> str:
    return error.message + json.dumps(error.details)


@pytest.fixture(autouse=True)
def secret_neighbour(make) -> None:  # type: ignore[no-untyped-def]
    """The file that play lists and entities ask for, right beside them."""
    make.write("secret.txt", SECRET.encode())


async def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(FOREIGN) + len(DAMAGED) + len(TOO_LARGE) >= 60


@pytest.mark.parametrize("name", FOREIGN)
async def test_bytes_of_no_format_of_ours(name: str, make, inspector: SandboxedInspector) -> None:  # type: ignore[no-untyped-def]
    path = make.write(name, FOREIGN[name])
    with pytest.raises(AssetTypeUnsupported) as refused:
        await _inspect(inspector, path)
    assert SECRET not in _everything_said(refused.value)
    for asked in AssetType:
        with pytest.raises(AssetTypeMismatch):
            await _inspect(inspector, path, asked)


@pytest.mark.parametrize("name", DAMAGED)
async def test_bytes_that_begin_well_and_end_badly(name: str, make, inspector: SandboxedInspector) -> None:  # type: ignore[no-untyped-def]
    _make_documents(make)
    with pytest.raises(AssetCorrupt) as refused:
        await _inspect(inspector, make.write(name, DAMAGED[name]))
    said = _everything_said(refused.value)
    assert SECRET not in said
    assert "root:" not in said


@pytest.mark.parametrize("name", TOO_LARGE)
async def test_small_files_that_would_become_large(name: str, make, inspector: SandboxedInspector) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AssetTooLarge) as refused:
        await _inspect(inspector, make.write(name, TOO_LARGE[name]()))
    assert refused.value.http_status == 413


async def test_a_film_of_sixteen_thousand_pixels_is_refused_by_its_header(make, inspector) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AssetTooLarge):
        await _inspect(
            inspector, make.film("wide.mkv", seconds=0.1, size=(16384, 1200), with_sound=False, codec="mjpeg")
        )


@pytest.mark.parametrize("part", [0.02, 0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize(
    "name", ["jpeg", "png", "webp", "gif", "svg", "mp4", "webm", "mov", "avi", "mkv", "pdf", "docx", "doc"]
)
async def test_cut_files_are_an_error_or_a_whole_answer(name, part, samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    whole = samples[name].read_bytes()
    path = make.write(f"cut.{name}", whole[: int(len(whole) * part)])
    try:
        found = await _inspect(inspector, path)
    except AssetError:
        return
    # What is still taken was not hurt in what matters: a film may lose its very end, a page file its padding.
    assert found.format == name
    if name in ("mp4", "webm", "mov", "avi", "mkv"):
        assert found.duration_seconds is not None
        assert found.duration_seconds >= 1.2
    else:
        assert part > 0.5


@pytest.mark.parametrize("name", ["jpeg", "png", "mp4", "mov", "webm", "mkv", "avi"])
async def test_a_file_cut_in_half_is_not_taken(name, samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    whole = samples[name].read_bytes()
    with pytest.raises(AssetCorrupt):
        await _inspect(inspector, make.write("half", whole[: len(whole) // 2]))


async def test_a_film_whose_index_is_whole_but_whose_pictures_are_cut_is_not_taken(make, inspector) -> None:  # type: ignore[no-untyped-def]
    film = make.film("fast.mp4", seconds=4, options={"movflags": "faststart"})
    whole = film.read_bytes()
    with pytest.raises(AssetCorrupt) as refused:
        await _inspect(inspector, make.write("cut.mp4", whole[: int(len(whole) * 0.6)]))
    assert refused.value.details["reason"] in ("truncated", "damaged")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "name",
    [
        "jpeg",
        "png",
        "webp",
        "gif",
        "svg",
        "mp4",
        "webm",
        "mov",
        "avi",
        "mkv",
        "mp3",
        "wav",
        "ogg",
        "aac",
        "pdf",
        "doc",
        "docx",
    ],
)
async def test_changed_bytes_never_hurt_the_service(name, seed, samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    whole = samples[name].read_bytes()
    path = make.write("changed", _shuffled(whole, seed, 1 + len(whole) * (seed + 1) // 400))
    try:
        found = await _inspect(inspector, path)
        thumbnail = await inspector.thumbnail(path, found, make.folder / "thumbnail", limits=LIMITS)
    except AssetError:
        assert not (make.folder / "thumbnail").exists()
        return
    inspection_to_json(found)
    assert thumbnail is None or thumbnail.size_bytes < 200_000


async def test_a_gif_of_a_hundred_thousand_frames_ends_in_time(make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.write("many.gif", _gif(1000, 1000, 100_000))
    try:
        found = await _inspect(inspector, path)
    except AssetError:
        return
    assert found.is_fully_decoded is False


@pytest.mark.parametrize(
    "body",
    [
        "<script>fetch('http://127.0.0.1/')</script>", "<image href='file:///etc/passwd'/>",
        "<use href='secret.txt#a'/>",
        "<foreignObject><iframe src='http://127.0.0.1/'/></foreignObject>",
        "<style>@import url(file:///etc/passwd);</style>",
        "<a onclick='alert(1)'>x</a>", "<animate onbegin='alert(1)'/>",
    ],
)  # fmt: skip
async def test_an_svg_with_active_content_is_taken_but_never_drawn_or_shown_inline(body, make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.svg("active.svg", body=body)
    found = await _inspect(inspector, path, AssetType.IMAGE)
    assert found.is_inline_safe is False
    plain = make.svg("plain.svg")
    drawn, neutral = make.folder / "a", make.folder / "b"
    await inspector.thumbnail(path, found, drawn, limits=LIMITS)
    await inspector.thumbnail(plain, found, neutral, limits=LIMITS)
    assert drawn.read_bytes() == neutral.read_bytes()


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04" + b"\0" * 100, b"#!/bin/sh\nrm -rf /\n", b"\0" * 100_000]
)
async def test_a_polyglot_is_only_ever_what_its_decoder_confirmed(tail, samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    found = await _inspect(inspector, make.write("x.html", samples["gif"].read_bytes() + tail))
    assert found.content_type == "image/gif"


async def test_a_picture_with_a_word_package_behind_it_is_a_picture(samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    both = samples["jpeg"].read_bytes() + samples["docx"].read_bytes()
    assert (await _inspect(inspector, make.write("both.docx", both))).content_type == "image/jpeg"


async def test_a_film_with_a_play_list_behind_it_opens_nothing(samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    both = samples["mp4"].read_bytes() + b"\nffconcat version 1.0\nfile secret.txt\n"
    assert (await _inspect(inspector, make.write("both.mp4", both))).content_type == "video/mp4"


async def test_a_mov_that_refers_to_another_file_does_not_get_it(samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    """The data reference is made external: flags say not self-contained, the URL names a neighbour."""
    data = samples["mov"].read_bytes()
    at = data.index(b"dref")
    url = data.index(b"url ", at) if b"url " in data[at : at + 40] else data.index(b"alis", at)
    outside = data[: url + 4] + b"\0\0\0\0" + data[url + 8 :]
    try:
        found = await _inspect(inspector, make.write("refers.mov", outside))
    except AssetError as error:
        said = _everything_said(error)
    else:
        said = json.dumps(inspection_to_json(found))
    assert SECRET not in said


@pytest.mark.parametrize(
    ("where", "offset", "what"),
    [
        (b"stsz", 12, b"\x7f\xff\xff\xff"), (b"stts", 8, b"\xff\xff\xff\xff"), (b"stco", 8, b"\xff\xff\xff\xff"),
        (b"stsc", 8, b"\x7f\xff\xff\xff"), (b"mdhd", 16, b"\0\0\0\0"), (b"tkhd", 80, b"\xff" * 8),
        (b"avcC", 4, b"\xff" * 8),
        (b"mvhd", 16, b"\0\0\0\0\xff\xff\xff\xff"), (b"elst", 8, b"\xff" * 12), (b"stsd", 4, b"\xff" * 8),
        (b"hdlr", 12, b"xxxx"),
        (b"trak", 4, b"\0\0\0\0"), (b"avc1", 28, b"\xff\xff\xff\xff"), (b"esds", 4, b"\xff" * 20),
    ],
)  # fmt: skip
async def test_lying_tables_in_an_mp4_never_hurt_the_service(where, offset, what, samples, make, inspector) -> None:  # type: ignore[no-untyped-def]
    path = make.write("lies.mp4", _patched(samples["mp4"].read_bytes(), where, offset, what))
    try:
        found = await _inspect(inspector, path)
    except AssetError:
        return
    assert found.type in (AssetType.VIDEO, AssetType.AUDIO)
    assert (found.width or 1) * (found.height or 1) <= LIMITS.max_video_pixels


async def test_a_pdf_with_a_password_is_named_as_such(make, inspector) -> None:  # type: ignore[no-untyped-def]
    locked = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/O<" + b"00" * 32 + b">/U<" + b"11" * 32 + b">/P -4>>endobj\n"
        b"trailer<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\n%%EOF"
    )
    with pytest.raises(AssetCorrupt) as refused:
        await _inspect(inspector, make.write("locked.pdf", locked))
    assert refused.value.details == {"reason": "encrypted"}


async def test_a_pdf_page_of_absurd_size_draws_small_or_not_at_all(make, inspector) -> None:  # type: ignore[no-untyped-def]
    pages = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    for box in (b"0 0 9999999 9999999", b"0 0 0 0", b"0 0 1 100000", b"5 5 -5 -5", b"a b c d"):
        page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[" + box + b"]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
        path = make.write("absurd.pdf", pages + page)
        try:
            found = await _inspect(inspector, path)
            info = await inspector.thumbnail(path, found, make.folder / "t", limits=LIMITS)
        except AssetError:
            continue
        assert info is not None
        assert max(info.width, info.height) <= LIMITS.thumbnail_side_px
