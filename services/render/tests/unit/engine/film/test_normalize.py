"""Clips from outside: whatever their shape, rate and time base, they come out canonical and in time."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.engine.composer import compose_film
from adreel_render.engine.cues import SAMPLE_RATE, AudioPlan, ClipSound
from adreel_render.engine.encoder import EncoderSettings, codec_identity
from adreel_render.engine.errors import MediaRejected, RenderCancelled
from adreel_render.engine.normalize import normalize_clip
from adreel_render.engine.packets import copyable_range, index_clip
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.probe import MediaLimits, decode_whole, probe
from adreel_render.engine.soundtrack import Samples
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import CUT, Transition, TransitionKind, clip_frames
from adreel_render.engine.verify import require_valid
from adreel_render.engine.yuv import Planes

FilmPlanes = Callable[[Path, Canvas, int, int], list[Planes]]
WriteSource = Callable[..., Path]

CLICK_SECONDS = 0.6


def luma_at(seconds: float) -> float:
    """The sources get brighter with time, so a picture tells when it was taken."""
    return 40.0 + 80.0 * seconds


@pytest.fixture
def write_source(tmp_path: Path) -> WriteSource:
    """A file as it may come from outside, with a click in its sound at `CLICK_SECONDS`."""

    def write(
        name: str = "source.mp4",
        *,
        size: tuple[int, int] = (160, 90),
        times: list[Fraction] | None = None,
        rate: Fraction = Fraction(30),
        seconds: float = 2.0,
        codec: str = "libx264",
        sound: str | None = None,
        sound_rate: int = 44_100,
        rotation: int = 0,
        time_base: Fraction | None = None,
    ) -> Path:
        path = tmp_path / name
        stamps = times or [Fraction(n) / rate for n in range(round(seconds * rate))]
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            base = time_base or Fraction(1, 90_000)
            stream.codec_context.time_base = base
            if rotation:
                stream.set_display_rotation(float(rotation))
            audio = container.add_stream(sound, rate=sound_rate, layout="mono") if sound else None
            for stamp in stamps:
                picture = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
                picture[: size[1]] = round(luma_at(float(stamp)))
                frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
                frame.pts = round(stamp / base)
                frame.time_base = base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if audio is not None:
                samples = np.zeros(round(seconds * sound_rate), np.float32)
                first = round(CLICK_SECONDS * sound_rate)
                samples[first : first + 90] = np.hanning(90) * np.sin(np.arange(90) * 0.8)
                for start in range(0, samples.size, 1000):
                    piece = av.AudioFrame.from_ndarray(samples[None, start : start + 1000], "fltp", "mono")
                    piece.sample_rate, piece.pts, piece.time_base = sound_rate, start, Fraction(1, sound_rate)
                    container.mux(audio.encode(piece))
                container.mux(audio.encode(None))
        return path

    return write


def _assert_canonical(path: Path, canvas: Canvas, frame_count: int) -> None:
    index = index_clip(path, canvas)
    assert index.frame_count == frame_count
    identity = codec_identity(canvas, EncoderSettings())
    assert copyable_range(index, canvas, identity, 0, frame_count) == (0, frame_count)


@pytest.mark.parametrize(
    "rate", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60), Fraction(15)], ids=str
)
@pytest.mark.parametrize("fps", [24, 30])
def test_every_rate_comes_out_in_time(
    write_source: WriteSource, film_planes: FilmPlanes, tmp_path: Path, rate: Fraction, fps: int
) -> None:
    canvas = Canvas(160, 90, fps)
    clip = normalize_clip(write_source(rate=rate), canvas, tmp_path / "clip.mp4")
    assert abs(clip.frame_count - 2 * fps) <= 1
    _assert_canonical(clip.path, canvas, clip.frame_count)
    for index, (y, _, _) in enumerate(film_planes(clip.path, canvas, 0, clip.frame_count)):
        # At most one source frame old, never from the future; two levels of grey are 0.025 s.
        late = index / fps - (float(y.mean()) - 40.0) / 80.0
        assert -0.026 <= late <= float(1 / rate) + 0.026


def test_a_variable_rate_comes_out_in_time(
    write_source: WriteSource, film_planes: FilmPlanes, tmp_path: Path, canvas: Canvas
) -> None:
    steps = np.random.default_rng(3).integers(1, 7, 50)
    times = [Fraction(int(step), 90) for step in np.concatenate(([0], np.cumsum(steps)))]
    clip = normalize_clip(write_source(times=times, time_base=Fraction(1, 90)), canvas, tmp_path / "clip.mp4")
    shown = film_planes(clip.path, canvas, 0, min(clip.frame_count, 60))
    for index, (y, _, _) in enumerate(shown):
        newest = max(float(time) for time in times if time <= Fraction(index, 30) + Fraction(1, 1000))
        assert float(y.mean()) == pytest.approx(luma_at(newest), abs=1.6)


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("a.mp4", "libx264", "aac"),
        ("b.mkv", "libx264", "flac"),
        ("c.avi", "mpeg4", "pcm_s16le"),
        ("d.mov", "libx264", None),
        ("e.webm", "libvpx", "libopus"),
    ],
)
def test_every_container_gives_picture_and_sound_together(
    write_source: WriteSource, tmp_path: Path, canvas: Canvas, name: str, codec: str, sound: str | None
) -> None:
    source = write_source(name, codec=codec, sound=sound, sound_rate=48_000, time_base=Fraction(1, 30))
    layout = clip_frames(45)
    clip = normalize_clip(source, canvas, tmp_path / "clip.mp4", frames=layout)
    _assert_canonical(clip.path, canvas, 45)
    assert (clip.sound_path is None) == (sound is None)
    if clip.sound_path is not None:
        samples = _flac(clip.sound_path)
        assert samples.shape[1] <= 45 * 1600
        assert float(np.abs(samples[0]).argmax()) / SAMPLE_RATE == pytest.approx(CLICK_SECONDS, abs=0.003)


def test_a_longer_source_is_trimmed_and_a_shorter_one_holds_its_last_picture(
    write_source: WriteSource, film_planes: FilmPlanes, tmp_path: Path, canvas: Canvas
) -> None:
    source = write_source(seconds=1.0)
    trimmed = normalize_clip(source, canvas, tmp_path / "a.mp4", frames=clip_frames(20))
    assert (trimmed.frame_count, trimmed.held_frames) == (20, 0)
    held = normalize_clip(source, canvas, tmp_path / "b.mp4", frames=clip_frames(75))
    assert (held.frame_count, held.held_frames) == (75, 45)
    last = [float(y.mean()) for y, _, _ in film_planes(held.path, canvas, 29, 75)]
    assert max(last) - min(last) < 1.0
    assert last[0] == pytest.approx(luma_at(29 / 30), abs=2.0)


def test_a_portrait_clip_on_a_wide_canvas_stands_whole_in_the_middle(
    write_source: WriteSource, film_planes: FilmPlanes, tmp_path: Path, canvas: Canvas
) -> None:
    clip = normalize_clip(write_source(size=(90, 160), seconds=0.4), canvas, tmp_path / "clip.mp4")
    ((y, _, _),) = film_planes(clip.path, canvas, 5, 6)
    middle, side = y[:, 150:170].mean(), y[:, :40].mean()
    assert middle == pytest.approx(luma_at(5 / 30), abs=3)
    assert side < middle - 8  # the backdrop is darker than the picture on it


def test_a_rotated_phone_clip_is_shown_upright(write_source: WriteSource, tmp_path: Path) -> None:
    source = write_source(size=(160, 90), rotation=90, seconds=0.4)
    info = probe(source)
    assert (info.width_px, info.height_px) == (90, 160)
    assert info.rotation_degrees in (90, 270)
    canvas = Canvas(90, 160, 30)
    _assert_canonical(normalize_clip(source, canvas, tmp_path / "clip.mp4").path, canvas, 12)


def test_mixed_clips_make_one_valid_film_with_sound_in_place(
    write_source: WriteSource, tmp_path: Path, canvas: Canvas, heard: Callable[[Path], Samples]
) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 10)
    around = (CUT, fade, fade, CUT)
    sources = (
        write_source("1.mp4", size=(640, 360), rate=Fraction(24), sound="aac"),
        write_source("2.mkv", size=(90, 160), rate=Fraction(60), sound="aac", sound_rate=22_050),
        write_source("3.mov", size=(200, 200), rate=Fraction(25)),
    )
    clips, sounds = [], []
    for number, source in enumerate(sources):
        layout = clip_frames(45, around[number], around[number + 1])
        made = normalize_clip(source, canvas, tmp_path / f"clip{number}.mp4", frames=layout)
        clips.append(FilmClip(made.path, str(number), 45, layout.head_frames, layout.tail_frames))
        if made.sound_path is not None:
            sounds.append(ClipSound(number, made.sound_path, str(number)))
    plan = FilmPlan(canvas, tuple(clips), (fade, fade), audio=AudioPlan(clip_sounds=tuple(sounds)))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path)
    require_valid(info.path, canvas, 135)
    assert info.encoded_frames == 20
    samples = np.abs(heard(info.path)[0])
    for number in range(2):
        expected = (45 * number - clips[number].head_frames) / 30 + CLICK_SECONDS
        first = round((expected - 0.1) * SAMPLE_RATE)
        found = (first + int(samples[first : first + 9600].argmax())) / SAMPLE_RATE
        assert found == pytest.approx(expected + 45 / 44_100, abs=0.003)


def test_damage_is_reported_and_the_clip_still_has_its_length(
    write_source: WriteSource, tmp_path: Path, canvas: Canvas
) -> None:
    source = write_source("cut.mkv", seconds=2.0)
    whole = source.read_bytes()
    assert not decode_whole(source).is_damaged
    broken = tmp_path / "broken.mp4"
    good = write_source("good.mp4").read_bytes()
    end = good.index(b"moov") - 4
    start = (good.index(b"mdat") + end) // 2
    broken.write_bytes(good[:start] + bytes(end - start) + good[end:])
    clip = normalize_clip(broken, canvas, tmp_path / "clip.mp4", frames=clip_frames(60))
    assert clip.frame_count == 60
    assert clip.is_damaged
    (tmp_path / "short.mkv").write_bytes(whole[: len(whole) // 2])
    shorter = normalize_clip(tmp_path / "short.mkv", canvas, tmp_path / "short.mp4", frames=clip_frames(60))
    assert shorter.held_frames > 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 64, b"ffconcat version 1.0\nfile 'secret.mp4'\n", b"#EXTM3U\n#EXTINF:1,\nsecret.mp4\n", b"<MPD/>"],
    ids=["empty", "zeros", "ffconcat", "hls", "dash"],
)
def test_scripts_and_rubbish_are_refused_even_if_they_name_a_good_file(
    write_source: WriteSource, tmp_path: Path, canvas: Canvas, content: bytes
) -> None:
    write_source("secret.mp4")
    hostile = tmp_path / "hostile.mp4"
    hostile.write_bytes(content)
    with pytest.raises(MediaRejected) as error:
        probe(hostile)
    assert error.value.reason == "unreadable"
    assert str(tmp_path) not in str(error.value)
    with pytest.raises(MediaRejected):
        normalize_clip(hostile, canvas, tmp_path / "out" / "clip.mp4")


def test_limits_are_checked_before_decoding(write_source: WriteSource) -> None:
    source = write_source(seconds=1.0)
    for limits, reason in (
        (MediaLimits(pixels=100), "too_large"),
        (MediaLimits(duration_seconds=0.5), "too_long"),
        (MediaLimits(frames_per_second=20.0), "too_fast"),
    ):
        with pytest.raises(MediaRejected) as error:
            probe(source, limits)
        assert error.value.reason == reason


def test_a_sound_file_is_no_clip(write_wav: Callable[..., Path], tone: Callable[..., Samples], canvas: Canvas) -> None:
    path = write_wav(tone(1.0))
    assert probe(path).has_audio
    with pytest.raises(MediaRejected) as error:
        normalize_clip(path, canvas, path.with_suffix(".mp4"))
    assert error.value.reason == "no_video"


def test_cancelling_leaves_no_clip(write_source: WriteSource, tmp_path: Path, canvas: Canvas) -> None:
    source = write_source()
    folder = tmp_path / "out"
    folder.mkdir()
    answers = iter([False] * 5)
    with pytest.raises(RenderCancelled):
        normalize_clip(source, canvas, folder / "clip.mp4", cancelled=lambda: next(answers, True))
    assert list(folder.iterdir()) == []


def _flac(path: Path) -> Samples:
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray() for frame in container.decode(audio=0)]
    whole = np.concatenate(pieces, axis=1).reshape(-1, 2).T
    return (whole / 32768.0).astype(np.float32)
