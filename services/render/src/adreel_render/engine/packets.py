"""What is inside a clip file, frame by frame, and how to take a part of it without decoding.

`index_clip` reads a canonical clip once and lists its packets in decode order by the frame each shows.
From that `copyable_range` finds the largest part of a wanted range that starts and ends at sync frames
and is whole; only such a part may be copied into a film. Nothing is assumed about a file that was not
read from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av

from adreel_render.engine.encoder import CodecIdentity
from adreel_render.engine.errors import CompositionError
from adreel_render.engine.spec import Canvas
from adreel_render.engine.yuv import Planes, planes_of

VideoPacket: TypeAlias = "av.Packet[av.VideoStream]"

# H.264 table 7-1: the NAL unit type of a slice of an IDR picture.
_NAL_IDR_SLICE = 5
_NAL_SLICE_TYPES = range(1, 6)


@dataclass(frozen=True)
class ClipIndex:
    """The packets of a clip. `order[i]` is the frame shown by the i-th packet in decode order."""

    path: Path
    width_px: int
    height_px: int
    extradata: bytes
    order: tuple[int, ...]
    sync_frames: frozenset[int]

    @property
    def frame_count(self) -> int:
        return len(self.order)

    @property
    def reorder_frames(self) -> int:
        """By how many frames decoding must run ahead of showing."""
        return max((position - frame for position, frame in enumerate(self.order)), default=0)

    def has_whole_range(self, start: int, end: int) -> bool:
        """True if the packets of frames `[start, end)` stand together and begin with a sync frame."""
        if not 0 <= start < end <= self.frame_count or start not in self.sync_frames:
            return False
        position = self.order.index(start)
        return set(self.order[position : position + end - start]) == set(range(start, end))


def index_clip(path: Path, canvas: Canvas) -> ClipIndex:
    """Read the packet list of a clip of constant frame rate `canvas.fps`.

    Raises CompositionError if the file cannot be read, has other streams than one H.264 video, another
    rate, or time stamps that are not exactly one frame apart.
    """
    order: list[int] = []
    sync_frames: set[int] = set()
    try:
        with av.open(str(path)) as container:
            if len(container.streams.video) != 1:
                raise CompositionError("a clip has exactly one video stream")
            stream = container.streams.video[0]
            context = stream.codec_context
            if context.name != "h264" or context.pix_fmt != "yuv420p":
                raise CompositionError(f"a clip is H.264 in yuv420p, not {context.name} in {context.pix_fmt}")
            extradata = bytes(context.extradata or b"")
            for packet in container.demux(stream):
                if packet.size:
                    frame = _frame_index(packet, canvas.fps)
                    order.append(frame)
                    if packet.is_keyframe and _is_idr(packet):
                        sync_frames.add(frame)
            width_px, height_px = context.width, context.height
    except (av.FFmpegError, OSError) as error:
        raise CompositionError("a clip cannot be read") from error
    if sorted(order) != list(range(len(order))):
        raise CompositionError("a clip has frames that are missing, doubled or unevenly spaced")
    return ClipIndex(path, width_px, height_px, extradata, tuple(order), frozenset(sync_frames))


def copyable_range(
    index: ClipIndex, canvas: Canvas, identity: CodecIdentity, start: int, end: int
) -> tuple[int, int] | None:
    """The largest part of frames `[start, end)` that can be copied into a film of this canvas, or None."""
    same_codec = index.extradata == identity.extradata
    same_size = (index.width_px, index.height_px) == (canvas.width_px, canvas.height_px)
    if not same_codec or not same_size:
        return None
    ends = index.sync_frames | {index.frame_count}
    first = min((frame for frame in index.sync_frames if frame >= start), default=end)
    last = max((frame for frame in ends if frame <= end), default=start)
    return (first, last) if first < last and index.has_whole_range(first, last) else None


def read_packets(index: ClipIndex, start: int, end: int, fps: int) -> Iterator[tuple["VideoPacket", int]]:
    """Packets of frames `[start, end)` in decode order, each with the frame it shows, counted from `start`.

    Raises CompositionError if the file no longer holds what its index says.
    """
    expected = iter(index.order[index.order.index(start) : index.order.index(start) + end - start])
    with av.open(str(index.path)) as container:
        stream = container.streams.video[0]
        _seek(container, stream, start, fps)
        wanted = next(expected, None)
        for packet in container.demux(stream):
            if wanted is None:
                return
            if not packet.size:
                continue
            frame = _frame_index(packet, fps)
            if frame != wanted:
                if wanted == start and frame < start:
                    continue
                raise CompositionError("a clip changed while it was copied")
            yield packet, frame - start
            wanted = next(expected, None)
    if wanted is not None:
        raise CompositionError("a clip ended before its last frame")


def decode_frames(path: Path, start: int, end: int, fps: int) -> Iterator[Planes]:
    """The pictures of frames `[start, end)` of a canonical clip, in order.

    The planes are views that are valid until the next one is asked for. Raises CompositionError if a
    frame is missing or cannot be decoded.
    """
    expected = start
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            _seek(container, stream, start, fps)
            for frame in container.decode(stream):
                index = _frame_index(frame, fps)
                if index < start:
                    continue
                if index != expected or frame.is_corrupt or frame.format.name != "yuv420p":
                    break
                expected += 1
                yield planes_of(frame)
                if expected == end:
                    return
    except av.FFmpegError as error:
        raise CompositionError("a clip cannot be decoded") from error
    if expected < end:
        raise CompositionError("a clip has a frame that cannot be decoded")


def _seek(container: "av.container.InputContainer", stream: "av.VideoStream", frame: int, fps: int) -> None:
    """Go to the sync frame at or before `frame`. The start of the file needs no seek."""
    if frame > 0 and stream.time_base is not None:
        container.seek(int(Fraction(frame, fps) / stream.time_base), stream=stream, backward=True)


def _frame_index(timed: "VideoPacket | av.VideoFrame", fps: int) -> int:
    """Frame number of a packet or picture; raises CompositionError if its time lies between two frames."""
    if timed.pts is None or timed.time_base is None:
        raise CompositionError("a clip has a frame without a time stamp")
    position = timed.pts * timed.time_base * fps
    if position.denominator != 1:
        raise CompositionError("a clip has frames that are unevenly spaced")
    return int(position)


def _is_idr(packet: "VideoPacket") -> bool:
    """True if the first slice of a length-prefixed H.264 packet belongs to an IDR picture."""
    data = memoryview(packet)
    position = 0
    while position + 5 <= len(data):
        kind = data[position + 4] & 0x1F
        if kind in _NAL_SLICE_TYPES:
            return kind == _NAL_IDR_SLICE
        position += 4 + int.from_bytes(data[position : position + 4], "big")
    return False
