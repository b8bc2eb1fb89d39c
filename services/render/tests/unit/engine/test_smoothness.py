"""Smoothness as it is seen: the frames that the encoder is given, each measured against the one before.

A pair of frames should differ by exactly what the camera's ideal path says. The first is moved by that in floating
point; what shift is left between it and the second, found by least squares on the gradients of patches, is the error.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.motion import View
from adreel_render.engine.shots import StillShot
from adreel_render.engine.spec import Canvas, Medium, SceneSpec
from adreel_render.engine.stage import Stage, build_stage

CANVAS = Canvas(640, 360, 30)
FRAMES = 75
PATCHES = [(y, x) for y in (30, 130, 230) for x in (30, 250, 470)]
PATCH_PX = (90, 140)

Luma = npt.NDArray[np.float32]


def read_from(stage: Stage, index: int) -> tuple[float, float, float]:
    """(scale, left, top) of the plate that the ideal camera shows in a frame: plate pixels, floating point."""
    shot = stage.shot
    assert isinstance(shot, StillShot)
    view: View = shot._move.at(index / shot._steps)
    scale = shot._plate.base_scale(CANVAS) / view.zoom
    left = (shot._plate.width_px - CANVAS.width_px * scale) * (view.x + 1) / 2
    top = (shot._plate.height_px - CANVAS.height_px * scale) * (view.y + 1) / 2
    return scale, left, top


def moved_ideally(frame: Luma, stage: Stage, index: int) -> Luma:
    """Frame `index` as the next one should be."""
    scale_a, left_a, top_a = read_from(stage, index)
    scale_b, left_b, top_b = read_from(stage, index + 1)
    ratio = scale_b / scale_a
    # Edges of pixels to centres: add and take away the half.
    x = (left_b - left_a) / scale_a + ratio / 2 - 0.5
    y = (top_b - top_a) / scale_a + ratio / 2 - 0.5
    matrix = np.array([[ratio, 0, x], [0, ratio, y]], np.float64)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (CANVAS.width_px, CANVAS.height_px)
    return np.asarray(cv2.warpAffine(frame, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def shift_between(first: Luma, second: Luma) -> npt.NDArray[np.float64]:
    """(dx, dy) of what is seen, in pixels: the mean of what the patches say."""
    shifts = []
    for y, x in PATCHES:
        part = slice(y, y + PATCH_PX[0]), slice(x, x + PATCH_PX[1])
        gx, gy = (cv2.Sobel(first, cv2.CV_32F, *axis)[part] / 8 for axis in ((1, 0), (0, 1)))
        normal = np.array([[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]])
        error = (first - second)[part]
        shifts.append(np.linalg.solve(normal, np.array([(gx * error).sum(), (gy * error).sum()])))
    return np.mean(shifts, axis=0)


def errors_of(stage: Stage) -> Iterator[npt.NDArray[np.float64]]:
    before: Luma | None = None
    for index in range(FRAMES):
        frame = stage.frame(index).y.astype(np.float32)
        if before is not None:
            ideal, seen = (cv2.GaussianBlur(p, (0, 0), 2.5) for p in (moved_ideally(before, stage, index - 1), frame))
            yield shift_between(np.asarray(ideal, np.float32), np.asarray(seen, np.float32))
        before = frame


@pytest.fixture
def scene(texture: Callable[..., npt.NDArray[np.uint8]], picture_file: Callable[..., Medium]) -> Callable[..., Stage]:
    """A scene without type over a textured picture of a size."""

    def build(shot_type: str, size: tuple[int, int]) -> Stage:
        picture = picture_file(texture(*size))
        return build_stage(SceneSpec(2, 3, FRAMES, media=(picture,), shot_type=shot_type, seed=4), CANVAS)

    return build


@pytest.mark.parametrize(
    ("name", "shot_type", "size"),
    [("zoom", "product feature", (1500, 900)), ("zoom closer", "close-up", (1500, 900)), ("pan", "wide", (2400, 930)),
     ("drift", "aerial", (1500, 900))],
)  # fmt: skip
def test_motion_from_frame_to_frame_is_within_a_tenth_of_a_pixel(
    scene: Callable[..., Stage], name: str, shot_type: str, size: tuple[int, int]
) -> None:
    stage = scene(shot_type, size)
    starts, ends = read_from(stage, 0), read_from(stage, FRAMES - 1)
    travel = max(abs(ends[axis] - starts[axis]) for axis in (1, 2)) / starts[0]
    assert travel > 10, "it moves"
    if name == "pan":
        assert travel > 100
        assert ends[0] / starts[0] == pytest.approx(1, abs=0.04)
    errors = np.array(list(errors_of(stage)))
    rms, largest = float(np.sqrt(np.mean(np.sum(errors**2, axis=1)))), float(np.abs(errors).max())
    print(f"{name}: {rms:.3f} px RMS, {largest:.3f} px at most, over {travel:.0f} px")
    assert rms < 0.1
    assert largest < 0.25


def test_a_jerk_of_half_a_pixel_would_be_found(scene: Callable[..., Stage]) -> None:
    stage = scene("product feature", (1500, 900))
    first = stage.frame(10).y.astype(np.float32)
    half = np.array([[1, 0, 0.5], [0, 1, 0]], np.float64)
    jerked = cv2.warpAffine(first, half, (CANVAS.width_px, CANVAS.height_px), flags=cv2.INTER_LINEAR)
    blurred = [np.asarray(cv2.GaussianBlur(p, (0, 0), 2.5), np.float32) for p in (first, jerked)]
    assert shift_between(*blurred) == pytest.approx([0.5, 0.0], abs=0.05)
