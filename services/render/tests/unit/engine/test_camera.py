"""Camera moves: where a frame reads its plate, against where the move says it should."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.motion import Move, ShotType, View, choose_move
from adreel_render.engine.planes import OVERSAMPLING, Easel, Plate, plate_size
from adreel_render.engine.spec import Canvas
from adreel_render.engine.window import fit_window, window_error_px

CANVAS = Canvas(640, 360, 30)
FRAMES = 90


def move(shot_type: str = "wide") -> Move:
    return choose_move(ShotType.of(shot_type), seconds=FRAMES / 30, seed=4, index=1)


def ideal_luma(rgb: npt.NDArray[np.uint8], view: View) -> npt.NDArray[np.float32]:
    """The luma of a view by a floating-point warp: the reference, itself good to 1/32 pixel."""
    height, width = rgb.shape[:2]
    scale = min(width / CANVAS.width_px, height / CANVAS.height_px) / view.zoom
    left = (width - CANVAS.width_px * scale) * (view.x + 1) / 2
    top = (height - CANVAS.height_px * scale) * (view.y + 1) / 2
    luma = rgb.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32) * (219 / 255) + 16
    # warpAffine works on pixel centres: add and take away the half.
    matrix = np.array([[scale, 0, left + scale / 2 - 0.5], [0, scale, top + scale / 2 - 0.5]], np.float64)
    size = (CANVAS.width_px, CANVAS.height_px)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(luma, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def displacement(drawn: npt.NDArray[np.float32], ideal: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(dx, dy) between two pictures at four patches, in pixels, by least squares on gradients."""
    shifts = []
    for y in (40, 200):
        for x in (60, 420):
            a, b = (cv2.GaussianBlur(p, (0, 0), 3.0)[y : y + 120, x : x + 160] for p in (drawn, ideal))
            gx, gy = cv2.Sobel(b, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(b, cv2.CV_32F, 0, 1) / 8
            normal = np.array([[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]])
            error = b - a
            shifts.append(np.linalg.solve(normal, np.array([(gx * error).sum(), (gy * error).sum()])))
    return np.array(shifts, np.float64)


@pytest.mark.parametrize("shot_type", ["wide", "medium", "close-up", "aerial", "over the shoulder", "point of view"])
def test_drawn_frames_follow_the_ideal_path_within_a_tenth_of_a_pixel(shot_type: str, texture) -> None:
    glide = move(shot_type)
    rgb = texture(*plate_size(CANVAS, glide.max_zoom))
    plate, easel = Plate(rgb), Easel(CANVAS)
    errors = []
    for index in range(0, FRAMES, 6):
        view = glide.at(index / (FRAMES - 1))
        drawn = plate.read(view, CANVAS, easel).y.astype(np.float32)
        errors.append(displacement(drawn, ideal_luma(rgb, view)))
    flat = np.array(errors)
    assert np.sqrt(np.mean(flat**2)) < 0.05
    assert np.abs(flat).max() < 0.15


def test_measuring_finds_a_shift_of_a_fifth_of_a_pixel(texture) -> None:
    """The measuring rod of the test above is itself good to a few hundredths."""
    rgb = texture(*plate_size(CANVAS, 1.1))
    shifted = np.array([[1, 0, 0.1875], [0, 1, -0.1875]], np.float64)  # whole 32nds, OpenCV's own resolution
    ideal = ideal_luma(rgb, View(1.05, 0, 0))
    moved = cv2.warpAffine(ideal, shifted, (CANVAS.width_px, CANVAS.height_px), flags=cv2.INTER_LINEAR)
    assert np.allclose(displacement(np.asarray(moved, np.float32), ideal), [0.1875, -0.1875], atol=0.03)


def test_moves_have_no_sudden_steps() -> None:
    for shot_type in ShotType:
        glide = choose_move(shot_type, seconds=6, seed=9, index=3)
        zooms = np.array([glide.at(i / 179).zoom for i in range(180)])
        speed = np.diff(np.log(zooms))
        assert np.abs(np.diff(speed)).max() < 6e-5, shot_type
        assert np.ptp(zooms) > 0.005 or glide.start.x != glide.end.x, shot_type


def test_neighbouring_scenes_move_differently() -> None:
    moves = {choose_move(ShotType.MEDIUM, seconds=5, seed=1, index=index) for index in range(6)}
    assert len(moves) >= 3


def test_same_seed_gives_the_same_move() -> None:
    assert move() == move()


def test_windows_are_within_a_tenth_of_a_pixel() -> None:
    dice = np.random.default_rng(0)
    errors = []
    for _ in range(400):
        target = int(dice.choice([1920, 1080, 960, 540, 1280, 720, 360]))
        scale = dice.uniform(OVERSAMPLING, 1.3)
        offset = 144 + dice.uniform(0, 200)
        window = fit_window(scale, offset, target, int(target * 1.4 + 500))
        errors.append(window_error_px(window, scale, offset, target))
    assert np.sqrt(np.mean(np.square(errors))) < 0.03
    assert max(errors) < 0.15


def test_windows_stay_inside_the_plane_at_its_very_edges() -> None:
    for offset in (144.0, 144.3, 160.9):
        window = fit_window(1.07, offset, 640, 1000)
        assert window.start >= 0
        assert window.start + window.length <= 1000
        assert window.skip + 640 <= window.size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Close-Up", "close up"), ("CLOSEUP shot", "close up"), ("Over-the-shoulder", "over the shoulder"),
     ("POV", "point of view"), ("dutch tilt", "medium"), ("", "medium"), ("Montage", "montage")],
)  # fmt: skip
def test_shot_words_are_understood_in_any_case(text: str, expected: str) -> None:
    assert ShotType.of(text) == expected
