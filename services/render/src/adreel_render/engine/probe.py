"""Opens files from outside with every guard we know of, and says what is in them.

The guards: only local files, only the formats we take (playlists and scripts such as ffconcat or HLS,
which make a demuxer open *other* files, are not among them), few streams, little probing, short
time-outs, and pixel and length limits before anything is decoded. Decoding a hostile file belongs in a
child process with resource limits all the same; this module keeps it from reaching beyond the file.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from adreel_render.engine.errors import MediaRejected

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,webm,avi,ogg,mp3,wav,aac,flac",
    "max_streams": "16",
    "probesize": "5000000",
    "analyzeduration": "5000000",
}
_TIMEOUTS_SECONDS = (5.0, 5.0)


@dataclass(frozen=True)
class MediaLimits:
    """What we are willing to decode."""

    pixels: int = 7680 * 4320
    duration_seconds: float = 900.0
    frames_per_second: float = 240.0


@dataclass(frozen=True)
class MediaInfo:
    """What a file says of itself. Sizes are as shown, after rotation; none of it is proven by decoding."""

    format_name: str
    duration_seconds: float | None
    has_video: bool
    has_audio: bool
    width_px: int = 0
    height_px: int = 0
    rate: Fraction = Fraction(0)
    rotation_degrees: int = 0
    video_codec: str = ""
    audio_codec: str = ""


@contextlib.contextmanager
def open_guarded(path: Path) -> Iterator["av.container.InputContainer"]:
    """Open a file from outside. Raises MediaRejected also for what goes wrong while it is used."""
    try:
        with av.open(
            str(path.resolve()), options=dict(_OPTIONS), timeout=_TIMEOUTS_SECONDS, metadata_errors="replace"
        ) as container:
            yield container
    except (av.FFmpegError, OSError, UnicodeDecodeError) as error:
        raise MediaRejected("unreadable", "the file is damaged or of a kind that is not taken") from error


def probe(path: Path, limits: MediaLimits | None = None) -> MediaInfo:
    """Read a file's headers and hold them to the limits. Raises MediaRejected."""
    with open_guarded(path) as container:
        info = describe(container)
    check_limits(info, limits or MediaLimits())
    return info


def describe(container: "av.container.InputContainer") -> MediaInfo:
    """What an open file says of itself."""
    video = container.streams.video[0] if container.streams.video else None
    audio = container.streams.audio[0] if container.streams.audio else None
    duration = container.duration / av.time_base if container.duration and container.duration > 0 else None
    width = height = rotation = 0
    rate = Fraction(0)
    if video is not None:
        width, height = video.codec_context.width, video.codec_context.height
        rate = video.average_rate or video.guessed_rate or Fraction(0)
    return MediaInfo(
        format_name=container.format.name,
        duration_seconds=duration,
        has_video=video is not None,
        has_audio=audio is not None,
        width_px=width,
        height_px=height,
        rate=rate,
        rotation_degrees=rotation,
        video_codec=video.codec_context.name if video is not None else "",
        audio_codec=audio.codec_context.name if audio is not None else "",
    )


def check_limits(info: MediaInfo, limits: MediaLimits) -> None:
    """Raises MediaRejected for a file that says it is too large, too long or too fast."""
    if not info.has_video and not info.has_audio:
        raise MediaRejected("no_media", "the file holds neither picture nor sound")
    if info.has_video and info.width_px * info.height_px > limits.pixels:
        raise MediaRejected("too_large", f"pictures of {info.width_px}x{info.height_px} are too large")
    if info.duration_seconds is not None and info.duration_seconds > limits.duration_seconds:
        raise MediaRejected("too_long", f"{info.duration_seconds:.0f} s are too long")
    if info.rate > limits.frames_per_second:
        raise MediaRejected("too_fast", f"{float(info.rate):.0f} frames a second are too many")
