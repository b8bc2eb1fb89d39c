"""Pictures and clips for the engine's tests, drawn here: nothing is downloaded."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.spec import Medium, MediumKind
from PIL import Image

RGB = npt.NDArray[np.uint8]


@pytest.fixture
def as_medium() -> Callable[..., Medium]:
    """A medium for a file that is already there."""

    def make(path: Path, kind: MediumKind = MediumKind.IMAGE) -> Medium:
        return Medium(hashlib.sha256(path.read_bytes()).hexdigest(), path, kind)

    return make


@pytest.fixture
def picture_file(tmp_path: Path, as_medium: Callable[..., Medium]) -> Callable[..., Medium]:
    """Writes pixels (H, W, 3 or 4) to a PNG and hands out the medium."""

    def write(pixels: RGB, name: str = "picture.png") -> Medium:
        path = tmp_path / name
        Image.fromarray(pixels).save(path)
        return as_medium(path)

    return write


@pytest.fixture
def texture() -> Callable[..., RGB]:
    """Soft random texture with detail at many sizes, brightness between `low` and `high`."""

    def draw(width: int, height: int, *, low: int = 0, high: int = 255, seed: int = 5) -> RGB:
        dice = np.random.default_rng(seed)
        total = np.zeros((height, width, 3), np.float32)
        for cells in (6, 18, 54, 160):
            grid = dice.uniform(0, 1, (cells, cells, 3)).astype(np.float32)
            total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / cells**0.35
        total -= total.min()
        return np.asarray(low + total / total.max() * (high - low), np.uint8)

    return draw
