"""Whether what came out is the film that was asked for: read as a stranger would, from the file alone."""

from dataclasses import dataclass
from pathlib import Path

import av
from adreel_render.engine.errors import VerificationError
from adreel_render.engine.spec import Canvas
from adreel_render.engine.verify import require_valid

from adreel_embedded.demo.errors import FilmRefusedError

LONGEST_DIFFERENCE_SECONDS = 0.1


@dataclass(frozen=True)
class FilmFacts:
    """What the file says of itself, after the checks."""

    duration_seconds: float
    width_px: int
    height_px: int
    fps: int
    video: str
    audio: str
    size_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.duration_seconds:.2f} s, {self.width_px}x{self.height_px}, {self.fps} fps, {self.video}, "
            f"{self.audio}, faststart, {self.size_bytes / 1e6:.1f} MB"
        )


def check_film(path: Path, canvas: Canvas, asked_seconds: float) -> FilmFacts:
    """Decode the whole film; FilmRefusedError names everything that is wrong.

    `require_valid` looks at the order of boxes, codecs, pixel format, size, rate, each time stamp, and that every
    picture and sample can be decoded.
    """
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        frames = video.frames
        facts = FilmFacts(
            duration_seconds=frames / canvas.fps,
            width_px=video.codec_context.width,
            height_px=video.codec_context.height,
            fps=canvas.fps,
            video=f"{video.codec_context.name} {video.codec_context.pix_fmt}",
            audio=f"{audio.codec_context.name} {audio.codec_context.sample_rate} Hz",
            size_bytes=path.stat().st_size,
        )
    if abs(facts.duration_seconds - asked_seconds) > LONGEST_DIFFERENCE_SECONDS:
        raise FilmRefusedError(f"{path} is {facts.duration_seconds:.2f} s long, not {asked_seconds:g} s.")
    try:
        require_valid(path, canvas, frames)
    except VerificationError as error:
        raise FilmRefusedError(f"{path} is not sound: {error}") from error
    return facts


def check_companions(poster: Path, captions: Path | None) -> None:
    """The poster is a JPEG and the captions, where there are any, are WebVTT with at least one cue."""
    if poster.read_bytes()[:3] != b"\xff\xd8\xff":
        raise FilmRefusedError(f"{poster} is no JPEG.")
    if captions is not None:
        text = captions.read_text("utf-8")
        if not text.startswith("WEBVTT") or "-->" not in text:
            raise FilmRefusedError(f"{captions} holds no captions.")
