"""What the render benchmarks work on: synthetic photographs, a piece of music, and the scenes of an ad.

Everything is made from fixed seeds. The pictures have the spectrum of photographs (power falling with the square of
frequency), hard edges and grain, so that an encoder has as much to do as with real ones.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.music import music_bed
from adreel_render.engine.spec import Brand, Canvas, Medium, MediumKind, SceneSpec
from adreel_render.engine.transitions import CUT, ClipFrames, Transition, TransitionKind, clip_frames

PHOTO_SIZE = (4000, 3000)
SCRIPTS = (
    "Mornings move fast. Your coffee should keep up.",
    "Twenty-four hours cold, twelve hours hot, and never a drop in your bag.",
    "Made from recycled steel, built to outlast the trends.",
    "From the first train to the last trail, it goes where you go.",
    "Choose your colour, make it yours, leave the plastic behind.",
    "Thousands of five-star days, one bottle.",
    "Northwind. Carry less, sip more.",
)


@dataclass(frozen=True)
class Ad:
    """Scenes with the transitions between them."""

    canvas: Canvas
    scenes: tuple[SceneSpec, ...]
    layouts: tuple[ClipFrames, ...]
    transitions: tuple[Transition, ...]
    music: Path


def make_ad(folder: Path, canvas: Canvas, scene_count: int, scene_seconds: float) -> Ad:
    """An ad of equally long scenes, half-second crossfades between them, one photograph and captions in each."""
    fade = Transition(TransitionKind.CROSSFADE, canvas.fps // 2)
    transitions = (fade,) * (scene_count - 1)
    around = (CUT, *transitions, CUT)
    body = canvas.frames(scene_seconds)
    layouts = tuple(clip_frames(body, around[i], around[i + 1]) for i in range(scene_count))
    scenes = tuple(_scene(folder, i, scene_count, layouts[i]) for i in range(scene_count))
    return Ad(canvas, scenes, layouts, transitions, music(folder, scene_count * body / canvas.fps))


def _scene(folder: Path, index: int, of_total: int, layout: ClipFrames) -> SceneSpec:
    return SceneSpec(
        number=index + 1,
        of_total=of_total,
        body_frames=layout.body_frames,
        head_frames=layout.head_frames,
        tail_frames=layout.tail_frames,
        copy_start=layout.copy_start,
        copy_end=layout.copy_end,
        media=(Medium(key=f"photo-{index}", path=photo(folder, index), kind=MediumKind.IMAGE),),
        script=SCRIPTS[index % len(SCRIPTS)],
        product="Northwind Bottle",
        call_to_action="Order today" if index == of_total - 1 else None,
        brand=Brand(colors=("#0f4c5c", "#fb8b24")),
        seed=7,
    )


def photo(folder: Path, seed: int) -> Path:
    """A 12-megapixel JPEG."""
    path = folder / f"photo-{seed}.jpg"
    if path.exists():
        return path
    random = np.random.default_rng(seed)
    width, height = PHOTO_SIZE
    picture = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 11):
        size = (max(2, width >> (11 - octave)), max(2, height >> (11 - octave)))
        noise = random.standard_normal((size[1], size[0], 3)).astype(np.float32)
        picture += cv2.resize(noise, PHOTO_SIZE, interpolation=cv2.INTER_CUBIC) * 2.0 ** (-octave * 0.75)
    picture = 128 + 55 * (picture - picture.mean()) / picture.std()
    for _ in range(40):
        corner = random.integers(0, (width, height))
        opposite = corner + random.integers(100, 900, 2)
        color = tuple(float(value) for value in random.integers(0, 256, 3))
        thickness = int(random.choice([-1, 6, 14]))
        cv2.rectangle(picture, tuple(map(int, corner)), tuple(map(int, opposite)), color, thickness)
    picture += random.standard_normal((height, width, 1)).astype(np.float32) * 4
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def music(folder: Path, seconds: float) -> Path:
    """Music as a WAV file, so that every contender decodes and encodes the same sound."""
    path = folder / f"music-{seconds:.1f}.wav"
    if path.exists():
        return path
    samples = music_bed("modern", 5, round(seconds * SAMPLE_RATE)) * 0.5
    whole = np.clip(np.rint(samples.T * 32767), -32768, 32767).astype(np.int16).reshape(1, -1)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
