"""Opening films and sound through PyAV with everything named: the demuxer, the decoders, no protocol, no second file.

A container that could choose would open others: a play list named .mp4 reads its neighbours by name. Here the sniffed
format is the only demuxer allowed, bytes come from the one open file, and any wish for another is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.domain.inspection import InspectionLimits
from adreel_assets.domain.media_types import MediaFormat

_DEMUXERS = {
    MediaFormat.MP4: ("mov", "mov,mp4,m4a,3gp,3g2,mj2"),
    MediaFormat.MOV: ("mov", "mov,mp4,m4a,3gp,3g2,mj2"),
    MediaFormat.WEBM: ("matroska", "matroska,webm"),
    MediaFormat.MKV: ("matroska", "matroska,webm"),
    MediaFormat.AVI: ("avi", "avi"),
    MediaFormat.MP3: ("mp3", "mp3"),
    MediaFormat.WAV: ("wav", "wav"),
    MediaFormat.OGG: ("ogg", "ogg"),
    MediaFormat.AAC: ("aac", "aac"),
}
TIMED_FORMATS = frozenset(_DEMUXERS)

# Each decoder more is attack surface; these are what cameras, editors, browsers and providers write.
_VIDEO_DECODERS = (
    "h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "mpeg4", "msmpeg4v2",
    "msmpeg4", "mjpeg", "mpeg1video", "mpeg2video", "prores", "dnxhd", "rawvideo", "h263", "theora", "png",
)  # fmt: skip
_AUDIO_DECODERS = (
    "aac", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis", "libvorbis", "flac", "alac", "ac3",
    "eac3", "speex", "libspeex", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
    "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav",
)  # fmt: skip
_KNOWN_DECODERS = frozenset(_VIDEO_DECODERS + _AUDIO_DECODERS)
# Cameras write up to six tracks, films with subtitles some dozens.
_MAX_STREAMS = 64
_READ_BUFFER_BYTES = 262_144


@dataclass(frozen=True)
class OpenMedia:
    """An open container with its picture and sound tracks, checked and set to decode on one thread."""

    container: InputContainer
    video: VideoStream | None
    audio: AudioStream | None


@contextmanager
def open_media(file: BinaryIO, media_format: MediaFormat, limits: InspectionLimits) -> Iterator[OpenMedia]:
    """Open and choose tracks. Raises `Refusal` for damage, unknown decoders and pictures over the pixel limit."""
    file.seek(0)
    container = _open(file, media_format, limits)
    try:
        video = next((stream for stream in container.streams.video if not _is_cover(stream)), None)
        audio = next(iter(container.streams.audio), None)
        if video is None and audio is None:
            raise Refusal(Reason.DAMAGED)
        for stream in (video, audio):
            if stream is not None:
                _check_decoder(stream)
        if video is not None:
            _check_size(video, limits)
        yield OpenMedia(container, video, audio)
    finally:
        container.close()


def _open(file: BinaryIO, media_format: MediaFormat, limits: InspectionLimits) -> InputContainer:
    demuxer, whitelist = _DEMUXERS[media_format]
    options = {
        "format_whitelist": whitelist,
        "protocol_whitelist": "none",
        "codec_whitelist": ",".join((*_VIDEO_DECODERS, *_AUDIO_DECODERS)),
        "max_streams": str(_MAX_STREAMS),
        "probesize": "5000000",
        "analyzeduration": "5000000",
        "max_pixels": str(limits.max_video_pixels),
    }
    try:
        return av.open(
            file,
            "r",
            format=demuxer,
            container_options=options,
            metadata_errors="replace",
            buffer_size=_READ_BUFFER_BYTES,
            io_open=_refuse_second_file,
        )
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise Refusal(Reason.DAMAGED) from error


def _refuse_second_file(_url: str, _flags: int, _options: dict[str, str]) -> BinaryIO:
    raise PermissionError("one file is one file")


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _check_decoder(stream: VideoStream | AudioStream) -> None:
    context = stream.codec_context
    if context is None or context.name not in _KNOWN_DECODERS:
        raise Refusal(Reason.UNKNOWN_CODEC)
    # Threads would multiply memory, and one file is not worth more than one core.
    context.thread_count = 1


def _check_size(stream: VideoStream, limits: InspectionLimits) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if width < 1 or height < 1:
        raise Refusal(Reason.DAMAGED)
    if width * height > limits.max_video_pixels:
        raise Refusal(Reason.TOO_MANY_PIXELS)
    stream.codec_context.options = {"max_pixels": str(limits.max_video_pixels)}
