"""Puts coded pictures and coded sound into one MP4, packet by packet, without decoding anything.

The invariants: picture time stamps are exactly 0, 1, 2, ... frames; decoding times go up by one frame
each and never lie behind the picture they belong to; sound and picture are interleaved in time order;
`moov` stands before `mdat`. Whatever breaks one of them raises before a file is published.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from adreel_render.engine.encoder import publish_file
from adreel_render.engine.errors import CompositionError, NotWritten
from adreel_render.engine.packets import ClipIndex, VideoPacket, read_packets
from adreel_render.engine.spec import Canvas
from adreel_render.engine.verify import require_valid


@dataclass(frozen=True)
class FilmSegment:
    """Frames `[start, end)` of a canonical clip, to be copied."""

    index: ClipIndex
    start: int
    end: int

    @property
    def frame_count(self) -> int:
        return self.end - self.start


def write_film(
    path: Path,
    canvas: Canvas,
    segments: Sequence[FilmSegment],
    sound_path: Path,
    packet_done: Callable[[], None],
) -> None:
    """Join the segments and the sound of `sound_path` (one AAC stream, e.g. M4A) into a film at `path`.

    `packet_done` is called once per picture and may raise to stop; then nothing is left at `path`. Before the
    file gets its name its structure is read back and checked: VerificationError if anything is amiss. Raises
    NotWritten where the disk will not take it.
    """
    temporary_path = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        _mux(temporary_path, canvas, segments, sound_path, packet_done)
        require_valid(temporary_path, canvas, sum(segment.frame_count for segment in segments), thorough=False)
        publish_file(temporary_path, path)
    except (av.FFmpegError, OSError) as error:
        raise NotWritten(f"the film could not be written: {error.strerror}") from error
    finally:
        temporary_path.unlink(missing_ok=True)


# The film's length counts in sound samples, of which every frame rate we take has a whole number per frame;
# the muxer's usual thousandths of a second would round it.
_MP4_OPTIONS = {"movflags": "+faststart", "movie_timescale": "48000", "fflags": "+bitexact"}


def _mux(
    path: Path, canvas: Canvas, segments: Sequence[FilmSegment], sound_path: Path, packet_done: Callable[[], None]
) -> None:
    with contextlib.ExitStack() as stack:
        template = stack.enter_context(av.open(str(segments[0].index.path)))
        sound = stack.enter_context(av.open(str(sound_path)))
        output = av.open(str(path), "w", format="mp4", options=_MP4_OPTIONS)
        stack.callback(output.close)
        picture_stream = output.add_stream_from_template(template.streams.video[0])
        picture_stream.time_base = Fraction(1, canvas.fps)
        sound_stream = output.add_stream_from_template(sound.streams.audio[0])
        sound_packets = _timed_sound(sound)
        waiting = next(sound_packets, None)
        for packet, decode_time in _renumbered(segments, canvas.fps):
            while waiting is not None and waiting[1] <= decode_time:
                waiting[0].stream = sound_stream
                output.mux(waiting[0])
                waiting = next(sound_packets, None)
            packet.stream = picture_stream
            output.mux(packet)
            packet_done()
        while waiting is not None:
            waiting[0].stream = sound_stream
            output.mux(waiting[0])
            waiting = next(sound_packets, None)


def _renumbered(segments: Sequence[FilmSegment], fps: int) -> Iterator[tuple[VideoPacket, Fraction]]:
    """The segments' packets with film time stamps, each with its decoding time in seconds."""
    reorder = max(segment.index.reorder_frames for segment in segments)
    coded = 0
    film_start = 0
    for segment in segments:
        for packet, frame in read_packets(segment.index, segment.start, segment.end, fps):
            packet.time_base = Fraction(1, fps)
            packet.pts = film_start + frame
            packet.dts = coded - reorder
            packet.duration = 1
            if packet.dts > packet.pts:
                raise CompositionError("a picture would have to be shown before it is decoded")
            coded += 1
            yield packet, Fraction(packet.dts, fps)
        film_start += segment.frame_count
        if coded != film_start:
            raise CompositionError("a segment has another number of pictures than it promised")


def _timed_sound(sound: "av.container.InputContainer") -> Iterator[tuple["av.Packet[av.AudioStream]", Fraction]]:
    for packet in sound.demux(sound.streams.audio[0]):
        if packet.size and packet.dts is not None:
            yield packet, packet.dts * packet.time_base
