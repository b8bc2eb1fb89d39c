"""Makes one sound step back while another is present."""

import numpy as np
import numpy.typing as npt

from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.soundtrack import Samples

_BLOCK = SAMPLE_RATE // 100
_AUDIBLE_DBFS = -45.0
# Music goes down just before a word and stays down over the pauses between words.
_BEFORE_BLOCKS = 25
_AFTER_BLOCKS = 60
_RAMP_BLOCKS = 30

Presence = npt.NDArray[np.float32]
"""One value from 0 (absent) to 1 (present) for each 10 ms."""


def presence(samples: Samples) -> Presence:
    """Where a sound is heard, widened a little to both sides and with soft ramps."""
    blocks = -(-samples.shape[1] // _BLOCK)
    padded = np.zeros(blocks * _BLOCK, np.float32)
    padded[: samples.shape[1]] = np.abs(samples).max(axis=0)
    power = np.square(padded.reshape(blocks, _BLOCK)).mean(axis=1)
    audible = power > 10.0 ** (_AUDIBLE_DBFS / 10.0)
    if not audible.any():
        return np.zeros(blocks, np.float32)
    widened = np.zeros(blocks, np.float32)
    for block in np.flatnonzero(audible):
        widened[max(0, block - _BEFORE_BLOCKS) : block + _AFTER_BLOCKS] = 1.0
    window = np.hanning(_RAMP_BLOCKS + 2)[1:-1]
    extended = np.pad(widened, _RAMP_BLOCKS, mode="edge")
    smooth = np.convolve(extended, window / window.sum(), mode="same")[_RAMP_BLOCKS:-_RAMP_BLOCKS]
    return smooth.astype(np.float32)


def stepped_back(samples: Samples, other: Presence, depth_db: float) -> Samples:
    """`samples`, lower by `depth_db` (negative) where the other is present."""
    if not other.any():
        return samples
    gains = 10.0 ** (depth_db * other / 20.0)
    centres = (np.arange(other.size) + 0.5) * _BLOCK
    curve: npt.NDArray[np.float32] = np.interp(np.arange(samples.shape[1]), centres, gains).astype(np.float32)
    result: Samples = samples * curve
    return result
