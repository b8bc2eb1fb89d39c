"""Builders of small real media for the tests of encoder, composer and sound."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from adreel_render.engine.cache import digest
from adreel_render.engine.cues import SAMPLE_RATE, AudioPlan
from adreel_render.engine.encoder import ClipEncoder, EncoderSettings
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.soundtrack import Samples
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import CUT, Transition, clip_frames
from adreel_render.engine.yuv import Planes

CANVAS = Canvas(320, 180, 30)


@pytest.fixture
def canvas() -> Canvas:
    return CANVAS


def picture(canvas: Canvas, look: int, index: int) -> Planes:
    """A textured picture whose content moves with `index` and whose colours belong to `look`."""
    random = np.random.default_rng(look)
    texture = random.integers(0, 256, (canvas.height_px, canvas.width_px), dtype=np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(texture, (0, 0), 4), None, 30, 220, cv2.NORM_MINMAX)
    half = (canvas.height_px // 2, canvas.width_px // 2)
    u = np.full(half, 80 + 16 * (look % 6), np.uint8)
    v = np.full(half, 170 - 16 * (look % 6), np.uint8)
    return np.roll(texture, 2 * index, axis=1), u, v


def flat(canvas: Canvas, y: int, u: int = 128, v: int = 128) -> Planes:
    half = (canvas.height_px // 2, canvas.width_px // 2)
    return (
        np.full((canvas.height_px, canvas.width_px), y, np.uint8),
        np.full(half, u, np.uint8),
        np.full(half, v, np.uint8),
    )


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., FilmClip]:
    """Encode a clip for its place between two transitions."""

    def make(
        look: int,
        body_frames: int = 60,
        before: Transition = CUT,
        after: Transition = CUT,
        *,
        canvas: Canvas = CANVAS,
        settings: EncoderSettings | None = None,
        frames: Callable[[int], Planes] | None = None,
    ) -> FilmClip:
        layout = clip_frames(body_frames, before, after)
        draw = frames or (lambda index: picture(canvas, look, index))
        path = tmp_path / f"clip-{look}-{digest(layout, canvas, settings)[:8]}.mp4"
        with ClipEncoder(
            path,
            canvas,
            frame_count=layout.frame_count,
            copy_start=layout.copy_start,
            copy_end=layout.copy_end,
            settings=settings,
        ) as encoder:
            for index in range(layout.frame_count):
                encoder.write(*draw(index))
        return FilmClip(path, digest(look, layout, settings), body_frames, layout.head_frames, layout.tail_frames)

    return make


@pytest.fixture
def make_plan(make_clip: Callable[..., FilmClip]) -> Callable[..., FilmPlan]:
    """A plan of clips with the given bodies and transitions, each clip encoded to fit."""

    def make(
        bodies: tuple[int, ...],
        transitions: tuple[Transition, ...] | None = None,
        *,
        opening: Transition = CUT,
        closing: Transition = CUT,
        canvas: Canvas = CANVAS,
        audio: AudioPlan | None = None,
        first_look: int = 0,
    ) -> FilmPlan:
        between = transitions if transitions is not None else (CUT,) * (len(bodies) - 1)
        around = (opening, *between, closing)
        clips = tuple(
            make_clip(first_look + number, body, around[number], around[number + 1], canvas=canvas)
            for number, body in enumerate(bodies)
        )
        return FilmPlan(canvas, clips, between, opening, closing, audio or AudioPlan())

    return make


@pytest.fixture
def replace_clip(make_clip: Callable[..., FilmClip]) -> Callable[[FilmPlan, int, int], FilmPlan]:
    """The same plan with another picture in one clip."""

    def make(plan: FilmPlan, number: int, look: int) -> FilmPlan:
        changed = make_clip(
            look, plan.clips[number].body_frames, plan.before(number), plan.after(number), canvas=plan.canvas
        )
        return replace(plan, clips=(*plan.clips[:number], changed, *plan.clips[number + 1 :]))

    return make


@pytest.fixture
def film_planes() -> Callable[[Path, Canvas, int, int], list[Planes]]:
    """Copies of decoded frames `[start, end)` of a film."""

    def read(path: Path, canvas: Canvas, start: int, end: int) -> list[Planes]:
        return [(y.copy(), u.copy(), v.copy()) for y, u, v in decode_frames(path, start, end, canvas.fps)]

    return read


@pytest.fixture
def write_wav(tmp_path: Path) -> Callable[..., Path]:
    """Store samples as a WAV file."""

    def write(samples: Samples, name: str = "sound.wav", rate: int = SAMPLE_RATE) -> Path:
        path = tmp_path / name
        layout = "stereo" if samples.shape[0] == 2 else "mono"
        with av.open(str(path), "w", format="wav") as container:
            stream = container.add_stream("pcm_s16le", rate=rate, layout=layout)
            whole = np.clip(np.rint(samples.T * 32767.0), -32768, 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout=layout)
            frame.sample_rate = rate
            frame.time_base = Fraction(1, rate)
            frame.pts = 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def heard() -> Callable[[Path], Samples]:
    """The decoded sound of a file as a player would play it: (2, n) float32 at 48 kHz."""

    def read(path: Path) -> Samples:
        with av.open(str(path)) as container:
            pieces = [(f.pts * f.time_base, f.to_ndarray()) for f in container.decode(container.streams.audio[0])]
        length = max(round(at * SAMPLE_RATE) + piece.shape[1] for at, piece in pieces)
        result = np.zeros((2, length), np.float32)
        for at, piece in pieces:
            start = round(at * SAMPLE_RATE)
            skipped = max(0, -start)
            result[:, start + skipped : start + piece.shape[1]] = piece[:, skipped:]
        return result

    return read


@pytest.fixture
def tone() -> Callable[..., Samples]:
    """A sine wave in both channels."""

    def make(seconds: float, hertz: float = 997.0, level: float = 0.25) -> Samples:
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        return np.tile((level * np.sin(2 * np.pi * hertz * time)).astype(np.float32), (2, 1))

    return make


@pytest.fixture
def ebur128() -> Callable[[Samples], tuple[float, float]]:
    """Integrated loudness and true peak by libavfilter's own meter: a second opinion on ours."""

    def measure(samples: Samples) -> tuple[float, float]:
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="fltp", layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
        )
        meter = graph.add("ebur128", "peak=true:metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        last = {}
        for start in range(0, samples.shape[1], SAMPLE_RATE):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + SAMPLE_RATE]), format="fltp", layout="stereo"
            )
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            source.push(frame)
            for measured in _pulled(sink):
                last = measured.metadata or last
        source.push(None)
        for measured in _pulled(sink):
            last = measured.metadata or last
        peak = float(last["lavfi.r128.true_peak"])
        return float(last["lavfi.r128.I"]), 20.0 * float(np.log10(max(peak, 1e-9)))

    return measure


def _pulled(sink: "av.filter.context.FilterContext") -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = sink.pull()
        except (BlockingIOError, av.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame
