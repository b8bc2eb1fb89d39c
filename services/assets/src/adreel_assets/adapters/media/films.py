"""Films and sound read through from end to end: real length, frame rate, tracks, and wholeness. Child only.

A header can lie and a cut file can open without a complaint, so every packet is read, as many as the limits allow are
decoded, and what was found is compared with what the header promised.
"""

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from adreel_assets.adapters.media.containers import OpenMedia, open_media
from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaFormat, media_type

# What may be missing at the end: encoders round, players do not care.
_MISSING_PART, _MISSING_SECONDS = 0.1, 0.5
# Single broken packets happen on air; more is damage.
_BROKEN_PART, _BROKEN_PACKETS = 0.05, 3
_MAX_FPS = 1000.0
# An average this near to the nominal rate means the nominal rate.
_NOMINAL_PART = 0.03
# These hold no length of their own, or one guessed from the bit rate.
_LENGTH_UNTOLD = frozenset({MediaFormat.MP3, MediaFormat.AAC})
# FFmpeg tells the counter-clockwise turn that shows the picture upright; EXIF numbers by the same turn.
_ORIENTATION_OF_TURN = {0: 1, 90: 8, -90: 6, 180: 3, -180: 3, 270: 6, -270: 8}


@dataclass
class _Track:
    """What was read of one track."""

    first: Fraction | None = None
    end: Fraction | None = None
    packets: int = 0
    frames: int = 0
    broken: int = 0
    orientation: int = 1

    def count(self, packet: "Packet[Stream]") -> None:
        """Note a packet's place in time."""
        self.packets += 1
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None:
            return
        start = at * packet.time_base
        end = start + (packet.duration or 0) * packet.time_base
        self.first = start if self.first is None else min(self.first, start)
        self.end = end if self.end is None else max(self.end, end)

    @property
    def seconds(self) -> float:
        """From the start of the film (or of the track, where that is late) to the end of its last packet."""
        if self.first is None or self.end is None:
            return 0.0
        return float(self.end - max(Fraction(0), self.first))

    @property
    def span_seconds(self) -> float:
        """From the first packet's start to the last one's end."""
        return 0.0 if self.first is None or self.end is None else float(self.end - self.first)

    @property
    def is_broken(self) -> bool:
        return self.frames == 0 or self.broken > max(_BROKEN_PACKETS, self.packets * _BROKEN_PART)


class _Decoding:
    """Decodes until the time is used up, then sync frames only, then nothing."""

    def __init__(self, media: OpenMedia, limits: InspectionLimits) -> None:
        self._media = media
        self._limits = limits
        self._began_at = time.monotonic()
        self.is_complete = True

    def decode(self, packet: "Packet[Stream]", track: _Track) -> None:
        """Decode one packet into nothing, counting frames and failures."""
        used = time.monotonic() - self._began_at
        if used > self._limits.decode_seconds:
            self._thin_out(used)
            if used > self._limits.decode_seconds * 1.5 and track.frames:
                return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            track.broken += 1
            return
        for frame in frames:
            self._note(frame, track)

    def _thin_out(self, used: float) -> None:
        if self.is_complete:
            self.is_complete = False
            if self._media.video is not None:
                self._media.video.codec_context.skip_frame = "NONKEY"

    def _note(self, frame: object, track: _Track) -> None:
        if isinstance(frame, VideoFrame):
            if frame.width * frame.height > self._limits.max_video_pixels:
                raise Refusal(Reason.TOO_MANY_PIXELS)
            if track.frames == 0:
                track.orientation = _ORIENTATION_OF_TURN.get(frame.rotation, 1)
            track.broken += frame.is_corrupt
            track.frames += 1
        elif isinstance(frame, AudioFrame):
            track.frames += 1


def inspect_film(file: BinaryIO, media_format: MediaFormat, limits: InspectionLimits) -> Inspection:
    """Read it through. Raises `Refusal` when it is cut, damaged, too long, too large, or of a kind not taken."""
    with open_media(file, media_format, limits) as media:
        asset_type = AssetType.VIDEO if media.video is not None else AssetType.AUDIO
        row = media_type(media_format, asset_type)
        if row is None:
            raise Refusal(Reason.UNKNOWN_FORMAT)
        promised = _promised_seconds(media, media_format)
        if promised > limits.max_duration_seconds:
            raise Refusal(Reason.TOO_LONG)
        pictures, sound, is_complete = _read_through(media, limits)
        main = pictures if media.video is not None else sound
        seconds = _agreed_seconds(promised, pictures, sound, main)
        if seconds > limits.max_duration_seconds:
            raise Refusal(Reason.TOO_LONG)
        width, height = _shown_size(media, pictures.orientation)
        return Inspection(
            type=asset_type,
            format=media_format,
            content_type=row.content_type,
            is_inline_safe=row.is_inline_safe,
            width=width,
            height=height,
            orientation=pictures.orientation if media.video is not None else None,
            duration_seconds=round(seconds, 3),
            fps=_fps(media, pictures),
            has_audio=sound.frames > 0,
            codecs=_codec_names(media),
            is_fully_decoded=is_complete,
        )


def _read_through(media: OpenMedia, limits: InspectionLimits) -> tuple[_Track, _Track, bool]:
    pictures, sound = _Track(), _Track()
    decoding = _Decoding(media, limits)
    wanted = [stream for stream in (media.video, media.audio) if stream is not None]
    try:
        for packet in media.container.demux(wanted):
            track = pictures if packet.stream is media.video else sound
            if packet.size:  # the last packets are empty and flush the decoders
                track.count(packet)
            decoding.decode(packet, track)
    except av.error.FFmpegError as error:
        raise Refusal(Reason.DAMAGED) from error
    return pictures, sound, decoding.is_complete


def _promised_seconds(media: OpenMedia, media_format: MediaFormat) -> float:
    """The header's length; 0 where it tells none or only guesses."""
    if media_format in _LENGTH_UNTOLD or media.container.duration is None:
        return 0.0
    return max(0.0, media.container.duration / av.time_base)


def _agreed_seconds(promised: float, pictures: _Track, sound: _Track, main: _Track) -> float:
    """The length to report. Raises `Refusal` when the main track is damaged or ends well before its promise."""
    if main.is_broken:
        raise Refusal(Reason.DAMAGED)
    found = max(pictures.seconds, sound.seconds)
    if found < promised * (1 - _MISSING_PART) - _MISSING_SECONDS:
        raise Refusal(Reason.TRUNCATED)
    return promised if promised and abs(promised - found) <= _MISSING_SECONDS else found


def _shown_size(media: OpenMedia, orientation: int) -> tuple[int | None, int | None]:
    if media.video is None:
        return None, None
    size = media.video.codec_context.width, media.video.codec_context.height
    return size[::-1] if orientation in (6, 8) else size


def _fps(media: OpenMedia, pictures: _Track) -> float | None:
    if media.video is None:
        return None
    average = media.video.average_rate
    found = pictures.packets / pictures.span_seconds if pictures.span_seconds else 0.0
    fps = float(average) if average else found
    nominal = float(media.video.guessed_rate or 0)
    if abs(nominal - fps) <= _NOMINAL_PART * fps:
        # One long first frame, as fragmented files have it, does not make 25 frames a second 24.562.
        fps = nominal
    return round(fps, 3) if 0 < fps <= _MAX_FPS else None


def _codec_names(media: OpenMedia) -> tuple[str, ...]:
    streams = [stream for stream in (media.video, media.audio) if stream is not None]
    return tuple(stream.codec_context.codec.canonical_name for stream in streams)
