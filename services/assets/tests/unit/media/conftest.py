"""Files of every accepted format, made on the spot: small, real, and with known measures."""

import io
import math
import struct
import zipfile
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import pypdfium2
import pytest
import pytest_asyncio
from adreel_assets.adapters.media.inspector import SandboxedInspector
from PIL import Image, ImageDraw

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_CODECS = {
    "mp4": ("libx264", "aac"),
    "mov": ("libx264", "aac"),
    "mkv": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "avi": ("mpeg4", "libmp3lame"),
}
_SOUND_CODECS = {
    "mp3": "libmp3lame",
    "wav": "pcm_s16le",
    "ogg": "libopus",
    "aac": "aac",
    "m4a": "aac",
    "weba": "libopus",
}
_MUXERS = {"aac": "adts", "mkv": "matroska", "m4a": "mp4", "weba": "webm"}


class Maker:
    """Makes files below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def picture(
        self, name: str, pillow_format: str, size: tuple[int, int] = (64, 40), mode: str = "RGB", **kw: object
    ) -> Path:
        return self.write(name, picture_bytes(pillow_format, size, mode, **kw))

    def film(
        self,
        name: str,
        seconds: float = 2.0,
        size: tuple[int, int] = (160, 90),
        fps: int = 25,
        with_sound: bool = True,
        rotation: int = 0,
        black_until: float = 0.0,
        codec: str | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        """A moving gradient, black until `black_until`, with a tone."""
        path = self.folder / name
        suffix = path.suffix[1:]
        video_codec, audio_codec = _CODECS[suffix]
        with av.open(path, "w", format=_MUXERS.get(suffix, suffix), options=options or {}) as out:
            video = out.add_stream(codec or video_codec, rate=fps)
            video.width, video.height = size
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if codec is None and video_codec == "libx264":
                video.codec_context.options = {"g": "12", "preset": "ultrafast"}
            if rotation:
                video.set_display_rotation(rotation)
            audio = out.add_stream(audio_codec, rate=48000, layout="mono") if with_sound else None
            for number in range(round(seconds * fps)):
                frame = av.VideoFrame.from_image(_scene(size, number, is_black=number / fps < black_until))
                frame.pts = number
                frame.time_base = Fraction(1, fps)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
            if audio is not None:
                _tone(out, audio, seconds)
        return path

    def sound(self, name: str, seconds: float = 1.5) -> Path:
        path = self.folder / name
        suffix = path.suffix[1:]
        with av.open(path, "w", format=_MUXERS.get(suffix, suffix)) as out:
            _tone(out, out.add_stream(_SOUND_CODECS[suffix], rate=48000, layout="mono"), seconds)
        return path

    def slow_gif(self, name: str) -> Path:
        """Some kilobytes that take seconds to decode: a large canvas, redrawn by hundreds of frames of one pixel."""
        head = b"GIF89a" + struct.pack("<HHBBB", 4000, 4000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
        frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
        return self.write(name, head + frame * 400 + b";")

    def pdf(self, name: str, pages: int = 3) -> Path:
        document = pypdfium2.PdfDocument.new()
        for _ in range(pages):
            document.new_page(200, 300)
        buffer = io.BytesIO()
        document.save(buffer)
        return self.write(name, buffer.getvalue())

    def docx(self, name: str, main: bytes | None = None, **extra: bytes) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(
                "[Content_Types].xml",
                '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}"/></Types>',
            )
            package.writestr(
                "word/document.xml",
                main
                or b'<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
                b"<w:body><w:p/></w:body></w:document>",
            )
            for entry, content in extra.items():
                package.writestr(entry, content)
        return self.write(name, buffer.getvalue())

    def doc(self, name: str, stream: str = "WordDocument", magic: bytes = b"\xec\xa5") -> Path:
        return self.write(name, ole_bytes(stream, magic))

    def svg(
        self, name: str, attributes: str = 'width="120" height="80"', body: str = "<rect/>", before: str = ""
    ) -> Path:
        return self.write(name, f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'.encode())


def picture_bytes(pillow_format: str, size: tuple[int, int], mode: str = "RGB", **kw: object) -> bytes:
    buffer = io.BytesIO()
    _scene(size, 3, is_black=False).convert(mode).save(buffer, pillow_format, **kw)
    return buffer.getvalue()


def ole_bytes(stream: str, magic: bytes) -> bytes:
    """A compound file of four sectors: its table, its directory, the stream's beginning."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<III", header, 40, 0, 1, 1)
    struct.pack_into("<I", header, 48, 1)  # the directory is sector 1
    header[76:512] = b"\xff" * 436
    struct.pack_into("<I", header, 76, 0)  # the table is sector 0
    table = bytearray(b"\xff" * 512)
    struct.pack_into("<III", table, 0, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE)
    directory = bytearray(512)
    for index, (name, kind) in enumerate((("Root Entry", 5), (stream, 2))):
        encoded = name.encode("utf-16-le") + b"\0\0"
        directory[index * 128 : index * 128 + len(encoded)] = encoded
        struct.pack_into("<HB", directory, index * 128 + 64, len(encoded), kind)
        struct.pack_into("<I", directory, index * 128 + 116, 2)
    return bytes(header + table + directory + magic.ljust(512, b"\0"))


def _scene(size: tuple[int, int], number: int, *, is_black: bool) -> Image.Image:
    image = Image.new("RGB", size, (0, 0, 0))
    if not is_black:
        image.paste(Image.linear_gradient("L").resize(size).convert("RGB"))
        left = number * 3 % max(1, size[0] - 10)
        ImageDraw.Draw(image).rectangle((left, 2, left + 9, size[1] // 2), fill=(220, 60, 30))
    return image


def _tone(out: av.container.OutputContainer, stream: av.audio.stream.AudioStream, seconds: float) -> None:
    rate, done = 48000, 0
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
    fifo = av.AudioFifo()
    total = round(seconds * rate)
    while done < total:
        count = min(960, total - done)
        samples = struct.pack(f"<{count}h", *(round(9000 * math.sin((done + i) * 0.06)) for i in range(count)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=count)
        frame.planes[0].update(samples)
        frame.sample_rate, frame.pts, frame.time_base = rate, done, Fraction(1, rate)
        done += count
        for ready in resampler.resample(frame):
            fifo.write(ready)
        while fifo.samples >= (stream.frame_size or 960):
            out.mux(stream.encode(fifo.read(stream.frame_size or 960)))
    rest = fifo.read(0, True)
    if rest is not None and fifo is not None:
        out.mux(stream.encode(rest))
    out.mux(stream.encode(None))


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One good file of each accepted format."""
    make = Maker(tmp_path_factory.mktemp("samples"))
    return {
        "jpeg": make.picture("a.jpg", "JPEG"),
        "png": make.picture("a.png", "PNG"),
        "webp": make.picture("a.webp", "WEBP"),
        "gif": make.picture("a.gif", "GIF"),
        "svg": make.svg("a.svg"),
        "mp4": make.film("a.mp4"),
        "webm": make.film("a.webm"),
        "mov": make.film("a.mov"),
        "avi": make.film("a.avi"),
        "mkv": make.film("a.mkv"),
        "mp3": make.sound("a.mp3"),
        "wav": make.sound("a.wav"),
        "ogg": make.sound("a.ogg"),
        "aac": make.sound("a.aac"),
        "pdf": make.pdf("a.pdf"),
        "doc": make.doc("a.doc"),
        "docx": make.docx("a.docx"),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[SandboxedInspector]:
    """The real one, with its process."""
    async with SandboxedInspector() as inspector:
        yield inspector
