"""Measures loudness and true peak, and brings a mix to a target without ever exceeding a ceiling.

Loudness is ITU-R BS.1770-5 integrated loudness (K-weighting, 400 ms blocks every 100 ms, gates at -70 LUFS
and 10 LU under the ungated mean). True peak is the largest sample of a fourfold oversampled signal
(annex 2 of the same recommendation). Silence, and what is as good as silence, is left as it is.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.filtering import convolve
from adreel_render.engine.soundtrack import Samples

# Below this a signal is room noise or dither: making it loud would only make a hiss.
NEAR_SILENCE_LUFS = -48.0
MOST_GAIN_DB = 32.0

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_LUFS_OFFSET = -0.691
_STEP = SAMPLE_RATE // 10
_STEPS_PER_BLOCK = 4

_LOOKAHEAD_SAMPLES = SAMPLE_RATE // 200  # 5 ms: shorter is heard as distortion of low tones
_RELEASE_PER_SAMPLE = 1.0 / (0.2 * SAMPLE_RATE)
# Three passes bring dense music, where the limiter works most, to within 0.1 LU.
_MOST_PASSES = 4
_GOOD_ENOUGH_LU = 0.1
# What the limiter takes away may be given back by this much; beyond it the mix is quieter, not denser.
_MOST_MAKE_UP_DB = 6.0

_TAPS = 24
_BLOCK = 2048
# Between two samples a signal may rise above both; by more than this only if it was built to.
_MOST_OVERSHOOT = 2.0


def integrated_lufs(samples: Samples) -> float:
    """Integrated loudness; -inf for silence. Signals shorter than a block count as if silence followed."""
    powers = _block_powers(convolve(samples, _k_weighting()))
    loud = powers[powers > _power(_ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return -math.inf
    gate = _power(_lufs(float(loud.mean())) + _RELATIVE_GATE_LU)
    return _lufs(float(loud[loud > gate].mean()))


def true_peak_dbtp(samples: Samples) -> float:
    """Largest fourfold oversampled magnitude in dB relative to full scale; -inf for silence."""
    highest = float(np.abs(samples).max(initial=0.0))
    peak = float(oversampled_magnitude(samples, highest / _MOST_OVERSHOOT).max(initial=0.0))
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf


@dataclass(frozen=True)
class Levelled:
    """A mix and the integrated loudness it has."""

    samples: Samples
    lufs: float


def normalised(samples: Samples, target_lufs: float, ceiling_dbtp: float) -> Levelled:
    """The mix at `target_lufs`, peaks held under `ceiling_dbtp` by a look-ahead limiter.

    The gain is one number for the whole film, so the balance within it stays as mixed. Where the mix is
    too dynamic to reach the target under the ceiling, it stays quieter rather than being crushed.
    """
    measured = integrated_lufs(samples)
    ceiling = _amplitude(ceiling_dbtp)
    gain_db = min(MOST_GAIN_DB, target_lufs - measured) if measured > NEAR_SILENCE_LUFS else 0.0
    if float(_peaks_near(samples, ceiling, gain_db).max(initial=0.0)) * _amplitude(gain_db) <= ceiling:
        return Levelled(samples * np.float32(_amplitude(gain_db)), measured + gain_db)
    most_gain_db = gain_db + _MOST_MAKE_UP_DB
    magnitude = _peaks_near(samples, ceiling, most_gain_db)
    for _ in range(_MOST_PASSES):
        gain = _amplitude(gain_db)
        result = samples * (_limiting(magnitude * np.float32(gain), ceiling) * np.float32(gain))
        lufs = integrated_lufs(result)
        error = target_lufs - lufs
        if abs(error) < _GOOD_ENOUGH_LU or measured <= NEAR_SILENCE_LUFS or gain_db >= most_gain_db:
            break
        gain_db = min(gain_db + error, most_gain_db)
    return Levelled(result, lufs)


def _peaks_near(samples: Samples, ceiling: float, gain_db: float) -> npt.NDArray[np.float32]:
    """Magnitudes, oversampled wherever the signal, raised by `gain_db`, could reach the ceiling."""
    return oversampled_magnitude(samples, ceiling / (_MOST_OVERSHOOT * _amplitude(gain_db)))


def oversampled_magnitude(samples: Samples, floor: float) -> npt.NDArray[np.float32]:
    """For every sample the largest magnitude, over channels, of it and of three points on each side of it.

    Stretches without a sample above `floor` are not oversampled: there the samples' own magnitude stands.
    """
    magnitude: npt.NDArray[np.float32] = np.abs(samples).max(axis=0)
    for start, end in _loud_stretches(magnitude, floor):
        first, last = max(0, start - _TAPS), min(magnitude.size, end + _TAPS)
        for channel in samples[:, first:last]:
            for phase in _oversampling_phases():
                between = np.abs(np.convolve(channel, phase, mode="same"))[start - first : end - first]
                np.maximum(magnitude[start:end], between, out=magnitude[start:end])
    return magnitude


def _loud_stretches(magnitude: npt.NDArray[np.float32], floor: float) -> Iterator[tuple[int, int]]:
    """Runs of blocks that have a sample above `floor`, as sample ranges."""
    blocks = np.maximum.reduceat(magnitude, np.arange(0, magnitude.size, _BLOCK)) if magnitude.size else magnitude
    edges = np.flatnonzero(np.diff(np.concatenate(([False], blocks > floor, [False])).astype(np.int8)))
    for first, last in edges.reshape(-1, 2):
        yield int(first) * _BLOCK, min(magnitude.size, int(last) * _BLOCK)


def _limiting(magnitude: npt.NDArray[np.float32], ceiling: float) -> npt.NDArray[np.float32]:
    """Gain per sample, at most 1, that keeps `magnitude` under `ceiling`.

    A running minimum over the look-ahead, then a mean over the same width: the mean only averages values
    that are low enough for the sample in its centre, so the ceiling holds and the gain has no steps.
    """
    needed = np.minimum(1.0, ceiling / np.maximum(magnitude, 1e-9)).astype(np.float64)
    ramp = np.arange(needed.size) * _RELEASE_PER_SAMPLE
    released = (np.minimum.accumulate(needed - ramp) + ramp).astype(np.float32)
    width = 2 * _LOOKAHEAD_SAMPLES + 1
    row = released.reshape(1, -1)
    lowest = cv2.erode(row, np.ones((1, width), np.uint8), borderType=cv2.BORDER_REPLICATE)
    smooth = cv2.blur(lowest, (width, 1), borderType=cv2.BORDER_REPLICATE)
    return smooth.ravel().astype(np.float32, copy=False)


def _block_powers(weighted: Samples) -> npt.NDArray[np.float64]:
    """Sum over channels of the mean square of every 400 ms block, one each 100 ms."""
    length = max(weighted.shape[1], _STEP * _STEPS_PER_BLOCK)
    steps = length // _STEP
    padded = np.zeros((weighted.shape[0], steps * _STEP), np.float32)
    padded[:, : min(weighted.shape[1], padded.shape[1])] = weighted[:, : padded.shape[1]]
    squares = np.square(padded.reshape(weighted.shape[0], steps, _STEP), dtype=np.float64).mean(axis=2).sum(axis=0)
    return np.convolve(squares, np.full(_STEPS_PER_BLOCK, 1.0 / _STEPS_PER_BLOCK), mode="valid")


@functools.cache
def _k_weighting() -> npt.NDArray[np.float32]:
    """Impulse response of the two K-weighting biquads at 48 kHz (BS.1770, tables 1 and 2).

    The slower one, a high-pass at 38 Hz, has died down to 1e-12 after the 16384 samples kept.
    """
    shelf = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
    high_pass = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
    signal = [0.0] * 16384
    signal[0] = 1.0
    for (b0, b1, b2), (a1, a2) in (shelf, high_pass):
        x1 = x2 = y1 = y2 = 0.0
        for n, x0 in enumerate(signal):
            y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x2, x1, y2, y1 = x1, x0, y1, y0
            signal[n] = y0
    return np.array(signal, np.float32)


@functools.cache
def _oversampling_phases() -> tuple[npt.NDArray[np.float32], ...]:
    """Interpolators for the points at 1/4, 1/2 and 3/4 between samples: Kaiser-windowed sinc of 24 taps."""
    taps = np.arange(_TAPS) - _TAPS // 2  # with `same`, tap 12 is aligned with the sample itself
    phases = []
    for fraction in (0.25, 0.5, 0.75):
        kernel = (
            np.sinc(taps + fraction)
            * np.i0(6.0 * np.sqrt(np.clip(1.0 - ((taps + fraction) / 12.0) ** 2, 0.0, 1.0)))
            / np.i0(6.0)
        )
        phases.append((kernel / kernel.sum()).astype(np.float32))
    return tuple(phases)


def _lufs(power: float) -> float:
    return _LUFS_OFFSET + 10.0 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _LUFS_OFFSET) / 10.0))


def _amplitude(decibels: float) -> float:
    return float(10.0 ** (decibels / 20.0))
