"""The gate a finished film passes before anyone calls it finished.

Reads the file as a stranger would: box order, streams, every time stamp, then every picture and every
sample. Each check that fails becomes one sentence; an empty list means the file keeps all its promises.
The cheap half (`check_structure`) reads packets only and costs milliseconds; the thorough half decodes.
"""

import itertools
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import numpy as np

from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE
from adreel_render.engine.errors import CompositionError, VerificationError
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.spec import Canvas
from adreel_render.engine.yuv import BT709, LIMITED_RANGE

_AAC_FRAME_SAMPLES = 1024


def require_valid(path: Path, canvas: Canvas, frame_count: int, *, thorough: bool = True) -> None:
    """Raises VerificationError naming everything that is wrong with a film; returns if nothing is."""
    problems = check_structure(path, canvas, frame_count)
    if thorough and not problems:
        problems += check_decoding(path, frame_count)
    if problems:
        raise VerificationError(tuple(problems))


def check_structure(path: Path, canvas: Canvas, frame_count: int) -> list[str]:
    """Boxes, streams and time stamps of a film, without decoding."""
    problems = _check_boxes(path)
    try:
        with av.open(str(path)) as container:
            video, audio = container.streams.video, container.streams.audio
            if len(video) != 1 or len(audio) != 1 or len(container.streams) != 2:
                return [*problems, "the film has other streams than one picture and one sound"]
            problems += _check_picture_stream(video[0], canvas)
            problems += _check_sound_stream(audio[0])
            pictures: list[tuple[Fraction, Fraction]] = []
            sounds: list[tuple[Fraction, Fraction]] = []
            for packet in container.demux():
                if not packet.size:
                    continue
                if packet.pts is None or packet.dts is None or packet.time_base is None:
                    return [*problems, "a packet has no time stamp"]
                stamps = (packet.pts * packet.time_base, packet.dts * packet.time_base)
                (pictures if packet.stream.type == "video" else sounds).append(stamps)
            length = Fraction(frame_count, canvas.fps)
            sound_end = Fraction(audio[0].duration or 0) * (audio[0].time_base or Fraction(0))
    except (av.FFmpegError, OSError):
        return [*problems, "the film cannot be opened"]
    problems += _check_picture_stamps(pictures, canvas.fps, frame_count)
    problems += _check_sound_stamps(sounds)
    if abs(sound_end - length) > Fraction(1, canvas.fps):
        problems.append(f"sound ends at {float(sound_end):.3f} s, picture at {float(length):.3f} s")
    return problems


def check_decoding(path: Path, frame_count: int) -> list[str]:
    """Decode everything once; any word of warning from the decoders is a problem."""
    problems: list[str] = []
    pictures = samples = 0
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as messages, av.open(str(path)) as container:
            for packet in container.demux():
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        pictures += 1
                        if frame.is_corrupt:
                            problems.append(f"picture {pictures - 1} is corrupt")
                    elif isinstance(frame, av.AudioFrame):
                        samples += frame.samples
        problems += [f"decoder: {message.strip()}" for _, _, message in messages]
    except av.FFmpegError as error:
        problems.append(f"decoding stops at picture {pictures}: {error.strerror}")
    finally:
        av.logging.set_level(level)
    if pictures != frame_count:
        problems.append(f"{pictures} pictures can be decoded instead of {frame_count}")
    if not samples:
        problems.append("no sound can be decoded")
    return problems


def check_bodies(film_path: Path, plan: FilmPlan) -> list[str]:
    """Compare the decoded film, bit for bit, with the clips where it should be a copy of them."""
    problems: list[str] = []
    fps = plan.canvas.fps
    for number, clip in enumerate(plan.clips):
        start, end = plan.copied_body(number)
        if start == end:
            continue
        film_start = plan.body_start(number)
        shown = decode_frames(film_path, film_start + start, film_start + end, fps)
        made = decode_frames(clip.path, clip.head_frames + start, clip.head_frames + end, fps)
        try:
            pairs = zip(shown, made, strict=True)
            different = sum(not all(map(np.array_equal, a, b)) for a, b in pairs)
        except CompositionError as error:
            problems.append(f"clip {number + 1}: {error}")
            continue
        if different:
            problems.append(f"clip {number + 1}: {different} of {end - start} copied pictures differ")
    return problems


def _check_boxes(path: Path) -> list[str]:
    names = list(_box_names(path))
    if not names or names[0] != "ftyp":
        return ["the file does not begin like an MP4"]
    if "moov" not in names or "mdat" not in names:
        return ["the file lacks its index or its media"]
    if names.index("moov") > names.index("mdat"):
        return ["the index stands behind the media: players would have to load the whole file first"]
    return []


def _box_names(path: Path) -> Iterable[str]:
    """Names of the top-level boxes (ISO/IEC 14496-12, 4.2)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        while position + 8 <= size:
            file.seek(position)
            header = file.read(16)
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            yield header[4:8].decode("latin-1")
            position = position + length if length >= 8 else size


def _check_picture_stream(stream: "av.VideoStream", canvas: Canvas) -> list[str]:
    context = stream.codec_context
    problems = []
    if context.name != "h264" or context.pix_fmt != "yuv420p":
        problems.append(f"pictures are {context.name} in {context.pix_fmt}")
    if (context.width, context.height) != (canvas.width_px, canvas.height_px):
        problems.append(f"pictures are {context.width}x{context.height}")
    if stream.average_rate != canvas.fps:
        problems.append(f"the rate is {stream.average_rate} frames a second")
    if (context.color_range, context.colorspace) != (LIMITED_RANGE, BT709):
        problems.append("colours are not tagged as BT.709 in limited range")
    return problems


def _check_sound_stream(stream: "av.AudioStream") -> list[str]:
    context = stream.codec_context
    if (context.name, context.sample_rate, context.layout.nb_channels) != ("aac", SAMPLE_RATE, CHANNELS):
        return [f"sound is {context.name} at {context.sample_rate} Hz in {context.layout.name}"]
    return []


def _check_picture_stamps(stamps: list[tuple[Fraction, Fraction]], fps: int, frame_count: int) -> list[str]:
    problems = []
    if len(stamps) != frame_count:
        problems.append(f"{len(stamps)} pictures instead of {frame_count}")
    if sorted(shown * fps for shown, _ in stamps) != list(range(len(stamps))):
        problems.append("pictures do not stand exactly one frame apart from 0 on")
    if any(decoded > shown for shown, decoded in stamps):
        problems.append("a picture is shown before it is decoded")
    if any((b[1] - a[1]) * fps != 1 for a, b in itertools.pairwise(stamps)):
        problems.append("decoding times do not stand exactly one frame apart")
    return problems


def _check_sound_stamps(stamps: list[tuple[Fraction, Fraction]]) -> list[str]:
    step = Fraction(_AAC_FRAME_SAMPLES, SAMPLE_RATE)
    if any(b[0] - a[0] != step for a, b in itertools.pairwise(stamps)):
        return ["sound has a gap or an overlap"]
    return []
