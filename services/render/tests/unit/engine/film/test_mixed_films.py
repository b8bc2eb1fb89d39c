"""Whole films from what people really give: clips of any rate and shape, with sound or without.

User clips come in twice: as media that a scene is drawn from, and normalised as a provider's clip is. The film is
then read as a stranger would read it. "Plain" clips differ in rate, shape and sound; "odd" ones are what phones, old
cameras and browsers write: variable rates, odd time bases, turned by metadata, pixels that are not square, HDR.
"""

import itertools
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.colour import YUV, yuv_to_rgb
from adreel_render.engine.composer import compose_film
from adreel_render.engine.cues import SAMPLE_RATE, AudioPlan, ClipSound
from adreel_render.engine.hdr import HLG
from adreel_render.engine.normalize import normalize_clip
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.scene import render_scene
from adreel_render.engine.spec import Canvas, Medium, MediumKind, SceneSpec
from adreel_render.engine.transitions import CUT, ClipFrames, Transition, TransitionKind, clip_frames

BODY = 37
SECONDS = 2
KINDS = (TransitionKind.CROSSFADE, TransitionKind.CUT, TransitionKind.WIPE, TransitionKind.FADE_THROUGH_BLACK)
CANVASES = {"wide": Canvas(320, 180, 24), "tall": Canvas(180, 320, 25), "square": Canvas(240, 240, 30)}


@dataclass(frozen=True)
class Source:
    """A user's clip: `size` as coded; `rotation` and `pixel` (width over height) say how it is shown."""

    rate: Fraction
    size: tuple[int, int]
    sound: str | None = None
    sound_rate: int = 44_100
    ending: str = "mp4"
    time_base: Fraction = Fraction(1, 90_000)
    is_uneven: bool = False
    rotation: int = 0
    pixel: Fraction = Fraction(1)
    is_hdr: bool = False
    first_second: float = 0.0


PLAIN = (
    Source(Fraction(24), (320, 180), "aac"),
    Source(Fraction(25), (180, 320)),
    Source(Fraction(30), (240, 240), "aac"),
    Source(Fraction(25), (320, 180), "aac", sound_rate=48_000),
    Source(Fraction(30), (180, 320)),
)
ODD = (
    Source(Fraction(30), (320, 180), "libopus", 48_000, ending="mkv", time_base=Fraction(1, 1000), is_uneven=True),
    Source(Fraction(30000, 1001), (320, 180), "aac", time_base=Fraction(1001, 30000), rotation=90),
    Source(Fraction(25), (180, 144), "aac", 22_050, pixel=Fraction(64, 45)),
    Source(Fraction(60), (320, 180), is_hdr=True, time_base=Fraction(1, 19_200)),
    Source(Fraction(24000, 1001), (180, 320), "aac", time_base=Fraction(1, 24), first_second=1.4),
)


@pytest.fixture
def user_clip(tmp_path: Path) -> Callable[[int, Source], Path]:
    """Two seconds of a moving texture about a red disc that is shown round, and a tone where there is sound."""

    def write(number: int, source: Source) -> Path:
        path = tmp_path / f"user{number}.{source.ending}"
        with av.open(str(path), "w") as container:
            stream = _picture_stream(container, source)
            audio = container.add_stream(source.sound, rate=source.sound_rate, layout="mono") if source.sound else None
            for index, picture in enumerate(_pictures(number, source)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                jitter = Fraction((index * 7) % 5 - 2, 150) if source.is_uneven and index else Fraction(0)
                seconds = index / source.rate + jitter + Fraction(source.first_second)
                frame.pts, frame.time_base = round(seconds / source.time_base), source.time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if audio is not None:
                _write_tone(container, audio, source)
        return path

    return write


def _picture_stream(container: "av.container.OutputContainer", source: Source) -> "av.VideoStream":
    stream = container.add_stream("libx264", rate=source.rate)
    stream.width, stream.height = source.size
    stream.pix_fmt = "yuv420p10le" if source.is_hdr else "yuv420p"
    stream.codec_context.time_base = source.time_base
    stream.codec_context.sample_aspect_ratio = source.pixel
    if source.is_hdr:
        stream.codec_context.color_trc = HLG
        stream.codec_context.color_primaries = stream.codec_context.colorspace = 9
    if source.rotation:
        stream.set_display_rotation(float(source.rotation))
    return stream


def _pictures(number: int, source: Source) -> list[npt.NDArray[np.uint8]]:
    width, height = source.size
    texture = np.random.default_rng(number).integers(0, 160, (height, 2 * width, 3), dtype=np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 5)
    shown = []
    for index in range(round(SECONDS * source.rate)):
        picture = np.ascontiguousarray(texture[:, index : index + width])
        radius = min(width * float(source.pixel), height) / 4
        axes = (round(radius / float(source.pixel)), round(radius))
        cv2.ellipse(picture, (width // 2, height // 2), axes, 0, 0, 360, (255, 0, 0), -1)
        shown.append(picture)
    return shown


def _write_tone(container: "av.container.OutputContainer", audio: "av.AudioStream", source: Source) -> None:
    tone = (0.2 * np.sin(np.arange(SECONDS * source.sound_rate) * 0.05)).astype(np.float32)
    for start in range(0, tone.size, 960):
        piece = av.AudioFrame.from_ndarray(tone[None, start : start + 960], "flt", "mono")
        piece.sample_rate, piece.time_base = source.sound_rate, Fraction(1, source.sound_rate)
        piece.pts = start + round(source.first_second * source.sound_rate)
        container.mux(audio.encode(piece))
    container.mux(audio.encode(None))


@pytest.fixture
def make_film(user_clip: Callable[[int, Source], Path], tmp_path: Path) -> Callable[..., Path]:
    """A film of five clips, a transition of each kind between them."""

    def make(sources: tuple[Source, ...], canvas: Canvas) -> Path:
        transitions = tuple(Transition(kind, 9) for kind in KINDS)
        around = (CUT, *transitions, CUT)
        clips, sounds = [], []
        for number, source in enumerate(sources):
            frames = clip_frames(BODY, around[number], around[number + 1])
            given = user_clip(number, source)
            path = tmp_path / f"clip{number}.mp4"
            if number % 2:
                heard = normalize_clip(given, canvas, path, frames=frames).sound_path
            else:
                render_scene(_scene(number, given, frames), canvas, path)
                heard = given if source.sound else None
            clips.append(FilmClip(path, str(number), BODY, frames.head_frames, frames.tail_frames))
            if heard is not None:
                sounds.append(ClipSound(number, heard, str(number)))
        plan = FilmPlan(canvas, tuple(clips), transitions, audio=AudioPlan(clip_sounds=tuple(sounds)))
        return compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path).path

    return make


@pytest.mark.parametrize("canvas", CANVASES.values(), ids=list(CANVASES))
@pytest.mark.parametrize("sources", [PLAIN, ODD], ids=["plain", "odd"])
def test_films_of_mixed_clips_are_correct(
    make_film: Callable[..., Path], sources: tuple[Source, ...], canvas: Canvas
) -> None:
    film = make_film(sources, canvas)
    total = len(sources) * BODY
    assert_decodes_without_a_word(film, total)
    assert_stamps_are_even(film, canvas.fps, total)
    assert_ends_together(film, canvas.fps, total)
    assert_starts_before_it_is_loaded(film)
    assert_is_heard_where_it_was_recorded(film, canvas.fps, sources)
    assert_discs_are_round(film, len(sources))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs an ffmpeg program, for a second opinion")
def test_another_decoder_has_nothing_to_say_about_a_film(make_film: Callable[..., Path]) -> None:
    film = make_film(ODD, CANVASES["wide"])
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-xerror", "-v", "warning", "-i", str(film), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _scene(number: int, source: Path, frames: ClipFrames) -> SceneSpec:
    """Without words: what is measured of the pictures is all theirs."""
    return SceneSpec(
        number + 1,
        len(PLAIN),
        frames.body_frames,
        frames.head_frames,
        frames.tail_frames,
        frames.copy_start,
        frames.copy_end,
        media=(Medium(str(number), source, MediumKind.VIDEO),),
    )


def assert_is_heard_where_it_was_recorded(film: Path, fps: int, sources: tuple[Source, ...]) -> None:
    """In the middle of each scene: its clip's tone, or silence."""
    with av.open(str(film)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    for number, source in enumerate(sources):
        middle = round((number + 0.5) * BODY / fps * SAMPLE_RATE)
        level = float(np.sqrt(np.square(sound[:, middle - 2400 : middle + 2400]).mean()))
        assert (level > 0.05) == (source.sound is not None), f"scene {number + 1} has a level of {level:.4f}"


def assert_discs_are_round(film: Path, scenes: int) -> None:
    """Turned, unsquare and fitted pictures are seen as they were meant."""
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    for number in range(scenes):
        planes = frames[number * BODY + BODY // 2]
        height = planes.shape[0] * 2 // 3
        half = planes[height:].reshape(2, height // 2, -1)
        rgb = yuv_to_rgb(YUV(planes[:height], half[0], half[1])).astype(int)
        red = ((rgb[:, :, 0] > 130) & (rgb[:, :, 1] < 100) & (rgb[:, :, 2] < 100)).astype(np.uint8)
        outline = max(cv2.findContours(red, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
        _, (minor, major), _ = cv2.fitEllipse(outline)
        assert min(minor, major) > 20
        assert max(minor, major) / min(minor, major) < 1.08, f"scene {number + 1}: {minor:.1f} by {major:.1f}"


def assert_decodes_without_a_word(film: Path, total: int) -> None:
    pictures = 0
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as messages, av.open(str(film)) as container:
            for packet in container.demux():
                for frame in packet.decode():
                    pictures += isinstance(frame, av.VideoFrame)
                    assert not getattr(frame, "is_corrupt", False)
    finally:
        av.logging.set_level(level)
    assert messages == []
    assert pictures == total


def assert_stamps_are_even(film: Path, fps: int, total: int) -> None:
    with av.open(str(film)) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
        shown = sorted(packet.pts * packet.time_base * fps for packet in packets)
        decoded = [packet.dts * packet.time_base * fps for packet in packets]
    assert shown == list(range(total))
    assert [b - a for a, b in itertools.pairwise(decoded)] == [1] * (total - 1)


def assert_ends_together(film: Path, fps: int, total: int) -> None:
    """By what is decoded, not by what the header says."""
    with av.open(str(film)) as container:
        ends = {"video": Fraction(0), "audio": Fraction(0)}
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            kind = "video" if isinstance(frame, av.VideoFrame) else "audio"
            length = Fraction(1, fps) if kind == "video" else Fraction(frame.samples, SAMPLE_RATE)
            ends[kind] = max(ends[kind], frame.pts * frame.time_base + length)
    assert ends["video"] == Fraction(total, fps)
    assert abs(ends["audio"] - ends["video"]) <= Fraction(1, fps)


def assert_starts_before_it_is_loaded(film: Path) -> None:
    data = film.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    half = film.with_name("half.mp4")
    half.write_bytes(data[: len(data) // 2])
    with av.open(str(half)) as container:
        assert next(container.decode(video=0)).pts == 0
