"""A user's video clip as the picture of a scene: decoded frame by frame, fitted, at the canvas' own rate.

Frame rates are converted by time stamps: each canvas frame shows the source frame that stands at its time, so
24, 29.97 or variable rates come out without drift. A clip that is a little too short holds its last frame; a much
shorter one starts over. Rotation, pixel-shape and high-dynamic-range metadata are honoured. The picture fills the
canvas by a crop where that keeps enough of it, else it is fitted over its own blurred and darkened copy.

Files come from strangers: they are opened through `probe.open_guarded`, and damage after the first good
frame ends the clip there instead of ending the render.
"""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from adreel_render.engine.colour import YUV, Plane, as_plane, blank_yuv, to_bt709, to_limited_range
from adreel_render.engine.errors import EngineError, MediumUnreadable
from adreel_render.engine.hdr import is_hdr, to_sdr
from adreel_render.engine.layout import Box
from adreel_render.engine.mount import Mount
from adreel_render.engine.pictures import MAX_PICTURE_PIXELS
from adreel_render.engine.probe import open_guarded
from adreel_render.engine.spec import Canvas, Medium
from adreel_render.engine.yuv import deep_planes_of, planes_of

_KEEP_TO_FILL = 0.55
_HOLD_SECONDS = 0.7
"""A clip that ends this much too early holds its last frame; one that ends earlier starts over at once."""
_SEEK_FROM_SECONDS = 2.5
"""Reading further ahead than this seeks instead of decoding everything between."""
_LONGEST_PIXEL = 4.0
_BACKDROP_LIGHT = 0.42
_BACKDROP_COLOR = 0.5
"""Colour differences shrink with the light, or a dark backdrop would glow; a little less, as blurring greys out."""

_BT709 = (0.2126, 0.0722)
_BT601 = (0.299, 0.114)
_LUMA_WEIGHTS = {1: _BT709, 4: (0.30, 0.11), 5: _BT601, 6: _BT601, 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
"""ITU-T H.273 matrix codes, as frames carry them, to the luma weights of red and blue."""


class ClipFrame(NamedTuple):
    """A decoded frame, the time it stands at, from the start of the used range, and its width over height as shown."""

    frame: av.VideoFrame
    seconds: float
    aspect: float


def round_seconds(last_seconds: float, step_seconds: float, needed_seconds: float) -> float | None:
    """How long one round of a clip is that has to start over; None for one that is long enough or holds its last frame.

    `last_seconds` is the time of its last picture, `step_seconds` how long that stands. The clip's sound asks too.
    """
    length = last_seconds + step_seconds
    return length if needed_seconds - length > _HOLD_SECONDS else None


class ClipReader:
    """Frames of one file by time, mostly forwards. Close it, or use it as a context manager."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._stack = ExitStack()
        self._frames: Iterator[ClipFrame] = iter(())
        self._current: ClipFrame | None = None
        self._next: ClipFrame | None = None
        self._container = self._open()
        self._start(0.0)
        if self._current is None:
            self.close()
            raise MediumUnreadable(medium.key, "not one frame of it can be decoded")

    def at(self, seconds: float) -> ClipFrame:
        """The frame that stands at a time of the used range: the last one, if the clip has ended by then."""
        assert self._current is not None
        ahead = self._next.seconds if self._next else self._current.seconds
        is_behind = 0 < self._current.seconds > seconds + 1e-6
        is_far_ahead = self._next is not None and seconds > ahead + _SEEK_FROM_SECONDS
        if is_behind or is_far_ahead:
            self._start(seconds)
        while self._next is not None and self._next.seconds <= seconds + 1e-6:
            self._current, self._next = self._next, self._advance()
        return self._current

    @property
    def has_ended(self) -> bool:
        """Whether the current frame is the last."""
        return self._next is None

    @property
    def step_seconds(self) -> float:
        """How long a frame stands, by the file's own rate."""
        return 1 / float(self._container.streams.video[0].average_rate or 25)

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()

    def _open(self) -> "av.container.InputContainer":
        try:
            container = self._stack.enter_context(open_guarded(self._medium.path))
        except EngineError as error:
            raise MediumUnreadable(self._medium.key, str(error)) from error
        if not container.streams.video:
            raise MediumUnreadable(self._medium.key, "it holds no pictures")
        context = container.streams.video[0].codec_context
        if context.width * context.height > MAX_PICTURE_PIXELS:
            raise MediumUnreadable(self._medium.key, f"{context.width}x{context.height} is too large")
        container.streams.video[0].thread_type = "AUTO"
        return container

    def _start(self, seconds: float) -> None:
        """Begin to decode at or before a time of the used range."""
        stream = self._container.streams.video[0]
        wanted = self._medium.start_seconds + seconds
        if self._current is not None or wanted > 0:
            origin = (stream.start_time or 0) * float(stream.time_base or 0)
            target = int((wanted + origin) / float(stream.time_base or 1))
            with contextlib.suppress(av.FFmpegError):
                self._container.seek(target, stream=stream, backward=True)
        self._frames = self._decoded()
        before = self._current
        self._current = self._advance()
        if self._current is None:
            self._current = before
        self._next = self._advance()

    def _advance(self) -> ClipFrame | None:
        return next(self._frames, None)

    def _decoded(self) -> Iterator[ClipFrame]:
        """Frames of the used range until the file ends or breaks."""
        stream = self._container.streams.video[0]
        origin = float((stream.start_time or 0) * (stream.time_base or 0))
        step = self.step_seconds
        seconds = -step
        pixel = _pixel_aspect(stream)
        try:
            for frame in self._container.decode(stream):
                stamp = frame.time
                seconds = seconds + step if stamp is None else stamp - origin - self._medium.start_seconds
                if seconds > -step:
                    yield ClipFrame(frame, max(seconds, 0.0), _shown_aspect(frame, pixel))
        except (av.FFmpegError, OSError, ValueError):
            return


class ClipShot:
    """A clip as a shot (see `shots.Shot`), seen from frame `start` to `end` of the scene.

    `starts_over` is false for a clip that is to be shown once, whatever its length.
    """

    def __init__(
        self, medium: Medium, canvas: Canvas, place: Box, *, start: int, end: int, starts_over: bool = True
    ) -> None:
        self._reader = ClipReader(medium)
        self._canvas = canvas
        self._place = place
        self._start = start
        self._needed_seconds = (end - start) / canvas.fps if starts_over else 0.0
        self._picture = blank_yuv(canvas.height_px, canvas.width_px)
        self._fitted: tuple[float, YUV] | None = None
        self._loop_seconds: float | None = None
        self._mount: Mount | None = None

    def read(self, index: int) -> YUV:
        """See `Shot`."""
        seconds = (index - self._start) / self._canvas.fps
        if self._loop_seconds is not None:
            seconds %= self._loop_seconds
        current = self._reader.at(max(0.0, seconds))
        if self._reader.has_ended and self._loop_seconds is None:
            current = self._starting_over(seconds, current)
        if self._fitted is None or self._fitted[0] != current.seconds:
            self._fitted = (current.seconds, self._fit(current))
        for target, source in zip(self._picture, self._fitted[1], strict=True):
            np.copyto(target, source)
        return self._picture

    def _starting_over(self, seconds: float, last: ClipFrame) -> ClipFrame:
        """The last frame, or, behind it, where the clip turns out to be far too short, the frame of its next round."""
        length = round_seconds(last.seconds, self._reader.step_seconds, self._needed_seconds)
        if length is None or seconds < length - 1e-6:
            return last
        self._loop_seconds = length
        return self._reader.at(seconds % length)

    def _fit(self, current: ClipFrame) -> YUV:
        frame, aspect, canvas = current.frame, current.aspect, self._canvas
        if _is_filled(aspect, canvas):
            return _covering(frame, aspect, canvas.width_px, canvas.height_px)
        place = self._place
        scale = min(place.width / aspect, place.height)
        width, height = max(2, 2 * round(scale * aspect / 2)), max(2, 2 * round(scale / 2))
        picture = _backdrop(_covering(frame, aspect, canvas.width_px // 8 * 2, canvas.height_px // 8 * 2), canvas)
        left = (place.left + (place.width - width) // 2) // 2 * 2
        top = (place.top + (place.height - height) // 2) // 2 * 2
        box = Box(left, top, width, height)
        if self._mount is None or self._mount.box != box:
            self._mount = Mount(canvas, box)
        self._mount.lay(scaled_frame(frame, width, height), picture)
        return picture


def clip_fills(frame: ClipFrame, canvas: Canvas) -> bool:
    """Whether a clip with such frames is shown over the whole canvas."""
    return _is_filled(frame.aspect, canvas)


def _is_filled(aspect: float, canvas: Canvas) -> bool:
    shape = canvas.width_px / canvas.height_px
    return min(aspect / shape, shape / aspect) >= _KEEP_TO_FILL


def _quarter_turns(frame: av.VideoFrame) -> int:
    """How often a frame has to be turned clockwise by 90 degrees to stand upright."""
    return round(-frame.rotation / 90) % 4


def _pixel_aspect(stream: "av.VideoStream") -> float:
    """Width over height of a coded pixel: 64/45 for wide pictures on old cameras' tapes. Nonsense counts as square."""
    told = float(stream.sample_aspect_ratio or 1)  # frames carry it too, but PyAV does not hand it out
    return told if 1 / _LONGEST_PIXEL <= told <= _LONGEST_PIXEL else 1.0


def _shown_aspect(frame: av.VideoFrame, pixel: float) -> float:
    """Width over height as shown: pixel shape and rotation included."""
    aspect = frame.width / frame.height * pixel
    return 1 / aspect if _quarter_turns(frame) % 2 else aspect


def scaled_frame(frame: av.VideoFrame, width: int, height: int) -> YUV:
    """The frame upright, at a size, in our colours: new memory."""
    turns = _quarter_turns(frame)
    size = (height, width) if turns % 2 else (width, height)
    if is_hdr(int(frame.color_trc)) and not frame.format.is_rgb:
        deep = _resized(frame, *size, "yuv420p10le", is_full=int(frame.color_range) == int(ColorRange.JPEG))
        picture = to_sdr(*deep_planes_of(deep), int(frame.color_trc))
    else:
        scaled = _resized(frame, *size, "yuvj420p" if frame.format.name.startswith("yuvj") else "yuv420p")
        picture = _in_our_colours(YUV(*(np.ascontiguousarray(plane) for plane in planes_of(scaled))), frame)
    return YUV(*(np.ascontiguousarray(np.rot90(plane, -turns)) for plane in picture)) if turns else picture


def _resized(frame: av.VideoFrame, width: int, height: int, pixels: str, *, is_full: bool = False) -> av.VideoFrame:
    """The frame at a size; `is_full` has full range made limited."""
    shrinks = frame.width * frame.height > 1.5 * width * height
    # Same matrix on both sides: the scaler then leaves the colours alone, we convert them exactly.
    return frame.reformat(
        width=width,
        height=height,
        format=pixels,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.AREA if shrinks else Interpolation.BICUBIC,
        threads=1,
    )


def _in_our_colours(picture: YUV, frame: av.VideoFrame) -> YUV:
    """BT.709 and limited range, whatever the frame says it is; unlabelled frames by their size, as players do."""
    if frame.format.is_rgb:
        return picture  # the scaler has made BT.709 of it
    if int(frame.color_range) == int(ColorRange.JPEG) or frame.format.name.startswith("yuvj"):
        picture = to_limited_range(picture)
    weights = _LUMA_WEIGHTS.get(int(frame.colorspace), _BT709 if frame.height >= 720 else _BT601)
    return picture if weights == _BT709 else to_bt709(picture, *weights)


def _covering(frame: av.VideoFrame, aspect: float, width: int, height: int) -> YUV:
    """The middle of the frame, covering (width, height): one scale for both axes."""
    scale = max(width / aspect, height)
    full_width, full_height = max(width, 2 * round(scale * aspect / 2)), max(height, 2 * round(scale / 2))
    left, top = (full_width - width) // 4 * 2, (full_height - height) // 4 * 2
    y, u, v = scaled_frame(frame, full_width, full_height)
    half = slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2)
    return YUV(y[top : top + height, left : left + width], u[half], v[half])


def _backdrop(small: YUV, canvas: Canvas) -> YUV:
    """A quarter-size picture, blurred, darkened and enlarged over the canvas."""
    sizes = ((canvas.width_px, canvas.height_px), *(((canvas.width_px // 2, canvas.height_px // 2),) * 2))
    planes: list[Plane] = []
    for plane, size in zip(small, sizes, strict=True):
        tiny = cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(tiny, (0, 0), max(1.0, tiny.shape[0] * 0.03))
        planes.append(as_plane(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC)))
    luma = as_plane(cv2.convertScaleAbs(planes[0], alpha=_BACKDROP_LIGHT, beta=16 * (1 - _BACKDROP_LIGHT)))
    u, v = (
        as_plane(cv2.convertScaleAbs(plane, alpha=_BACKDROP_COLOR, beta=128 * (1 - _BACKDROP_COLOR)))
        for plane in planes[1:]
    )
    return YUV(luma, u, v)
