"""The frame of a film that says most: sharp enough, neither black nor blown out, not the first fade-in. Child only."""

import time
from collections.abc import Iterator
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageFilter, ImageStat

from adreel_assets.adapters.media.containers import open_media
from adreel_assets.adapters.media.pictures import turn
from adreel_assets.adapters.media.verdict import Reason, Refusal
from adreel_assets.domain.inspection import Inspection, InspectionLimits

# Spread over the film, the likely ones first: time may end the search.
_PLACES = (0.3, 0.5, 0.15, 0.7, 0.05, 0.85, 0.0)
_MAX_FRAMES_AFTER_SEEK = 12
# Mean luma outside of this is a fade, a title on black, or a flash.
_DARKEST_MEAN, _BRIGHTEST_MEAN = 28, 232
_JUDGED_SIZE = (96, 54)


def draw_telling_frame(file: BinaryIO, inspection: Inspection, limits: InspectionLimits) -> Image.Image:
    """The best of a few frames, upright and within the thumbnail's side."""
    best: tuple[float, Image.Image] | None = None
    with open_media(file, inspection.format, limits) as media:
        if media.video is None:
            raise Refusal(Reason.DAMAGED)
        for frame in _candidates(media.container, media.video, inspection.duration_seconds or 0.0, limits):
            picture = _small(frame, media.video, limits.thumbnail_side_px)
            merit = _merit(picture)
            if best is None or merit > best[0]:
                best = merit, picture
    if best is None:
        raise Refusal(Reason.DAMAGED)
    return turn(best[1], inspection.orientation or 1)


def _candidates(
    container: InputContainer, video: VideoStream, seconds: float, limits: InspectionLimits
) -> Iterator[VideoFrame]:
    """One frame near each place; a place that cannot be reached is skipped."""
    give_up_at = time.monotonic() + limits.decode_seconds
    for place in _PLACES:
        try:
            container.seek(int(seconds * place * av.time_base))
            for number, frame in enumerate(container.decode(video)):
                is_there = frame.time is None or frame.time >= seconds * place
                if is_there or number >= _MAX_FRAMES_AFTER_SEEK:
                    yield frame
                    break
        except av.error.FFmpegError:
            continue
        if time.monotonic() > give_up_at:
            return


def _small(frame: VideoFrame, video: VideoStream, side_px: int) -> Image.Image:
    """The frame within the side, with square pixels."""
    aspect = video.codec_context.sample_aspect_ratio
    stretch = float(aspect) if aspect and 0.1 < aspect < 10 else 1.0
    width, height = frame.width * stretch, float(frame.height)
    scale = min(1.0, side_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # The child may not start threads; the scaler would, left to itself.
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", threads=1)
    plane = small.planes[0]
    # Rows may be padded; Pillow takes the row length in bytes.
    return Image.frombuffer("RGB", size, bytes(plane), "raw", "RGB", plane.line_size, 1).copy()


def _merit(picture: Image.Image) -> float:
    """Contrast plus detail of the luma, much less for a frame that is nearly black or white."""
    grey = picture.convert("L").resize(_JUDGED_SIZE)
    luma = ImageStat.Stat(grey)
    detail = ImageStat.Stat(grey.filter(ImageFilter.FIND_EDGES)).mean[0]
    merit = luma.stddev[0] + detail
    return merit if _DARKEST_MEAN < luma.mean[0] < _BRIGHTEST_MEAN else merit / 10
