"""Opens files from outside with every guard we know of, and says what is in them.

The guards: only local files, only the formats we take (playlists and scripts such as ffconcat or HLS,
which make a demuxer open *other* files, are not among them), few streams, little probing, short
time-outs, and pixel and length limits before anything is decoded. Decoding a hostile file belongs in a
child process with resource limits all the same; this module keeps it from reaching beyond the file.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """What a file says of itself. `probe` gives sizes as shown, after rotation (clockwise); only one picture
    was decoded to prove it."""

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
    """Read a file's headers, hold them to the limits and decode one picture. Raises MediaRejected."""
    with open_guarded(path) as container:
        info = describe(container)
        check_limits(info, limits or MediaLimits())
        if not info.has_video:
            return info
        frame = next(container.decode(container.streams.video[0]), None)
    if frame is None:
        raise MediaRejected("unreadable", "not one picture can be decoded")
    quarter_turns = round(-frame.rotation / 90) % 4
    size = (frame.width, frame.height) if quarter_turns % 2 == 0 else (frame.height, frame.width)
    return replace(info, width_px=size[0], height_px=size[1], rotation_degrees=90 * quarter_turns)


@dataclass(frozen=True)
class DecodedPictures:
    """The pictures a file really holds. `is_damaged` says that decoding met something that cannot be right."""

    count: int
    start_seconds: Fraction
    end_seconds: Fraction
    is_damaged: bool


def decode_whole(path: Path, limits: MediaLimits | None = None) -> DecodedPictures:
    """Decode every picture of a file once: headers lie, and some damage shows nowhere else.

    Costs about a sixth of encoding the same pictures. Damage that leaves usable pictures is reported, not
    raised; MediaRejected is raised for files without any, and for those beyond the limits.
    """
    limits = limits or MediaLimits()
    count, is_damaged = 0, False
    start: Fraction | None = None
    end = Fraction(0)
    with open_guarded(path) as container:
        check_limits(describe(container), limits)
        if not container.streams.video:
            raise MediaRejected("no_video", "the file holds no picture")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        declared = stream.frames
        step = 1 / (stream.average_rate or Fraction(25))
        try:
            for frame in container.decode(stream):
                count += 1
                is_damaged |= frame.is_corrupt
                if frame.pts is not None and frame.time_base is not None:
                    start = frame.pts * frame.time_base if start is None else start
                    end = max(end, frame.pts * frame.time_base + (frame.duration * frame.time_base or step))
                if end - (start or 0) > limits.duration_seconds:
                    raise MediaRejected("too_long", f"more than {limits.duration_seconds:.0f} s of pictures")
        except av.FFmpegError:
            is_damaged = True
    if not count:
        raise MediaRejected("unreadable", "not one picture can be decoded")
    return DecodedPictures(count, start or Fraction(0), end, is_damaged or count < declared)


def describe(container: "av.container.InputContainer") -> MediaInfo:
    """What an open file says of itself."""
    video = container.streams.video[0] if container.streams.video else None
    audio = container.streams.audio[0] if container.streams.audio else None
    duration = container.duration / av.time_base if container.duration and container.duration > 0 else None
    width = height = 0
    rate = Fraction(0)
    if video is not None:
        width, height = video.codec_context.width, video.codec_context.height
        # Not the guessed rate: for variable ones it is that of the time base, 1000 for what browsers record.
        rate = video.average_rate or Fraction(0)
    return MediaInfo(
        format_name=container.format.name,
        duration_seconds=duration,
        has_video=video is not None,
        has_audio=audio is not None,
        width_px=width,
        height_px=height,
        rate=rate,
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
