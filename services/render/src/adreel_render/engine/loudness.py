"""Measures loudness and true peak, and brings a mix to a target without ever exceeding a ceiling.

Loudness is ITU-R BS.1770-5 integrated loudness (K-weighting, 400 ms blocks every 100 ms, gates at -70 LUFS
and 10 LU under the ungated mean). True peak is the largest sample of a fourfold oversampled signal
(annex 2 of the same recommendation). Silence, and what is as good as silence, is left as it is.
"""

import functools
import math

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
    peak = float(oversampled_magnitude(samples).max(initial=0.0))
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf


def normalised(samples: Samples, target_lufs: float, ceiling_dbtp: float) -> Samples:
    """The mix at `target_lufs`, peaks held under `ceiling_dbtp` by a look-ahead limiter.

    The gain is one number for the whole film, so the balance within it stays as mixed. Where the mix is
    too dynamic to reach the target under the ceiling, it stays quieter rather than being crushed.
    """
    measured = integrated_lufs(samples)
    magnitude = oversampled_magnitude(samples)
    ceiling = 10.0 ** (ceiling_dbtp / 20.0)
    gain_db = min(MOST_GAIN_DB, target_lufs - measured) if measured > NEAR_SILENCE_LUFS else 0.0
    most_gain_db = gain_db + 6.0
    result = samples
    for _ in range(_MOST_PASSES):
        gain = 10.0 ** (gain_db / 20.0)
        envelope = _limiting(magnitude * gain, ceiling)
        if envelope is None:
            return samples * np.float32(gain)
        result = samples * (envelope * np.float32(gain))
        error = target_lufs - integrated_lufs(result)
        if abs(error) < _GOOD_ENOUGH_LU or measured <= NEAR_SILENCE_LUFS or gain_db >= most_gain_db:
            return result
        gain_db = min(gain_db + error, most_gain_db)
    return result


def oversampled_magnitude(samples: Samples) -> npt.NDArray[np.float32]:
    """For every sample the largest magnitude, over channels, of it and the three points up to the next."""
    magnitude: npt.NDArray[np.float32] = np.abs(samples).max(axis=0)
    for phase in _oversampling_phases():
        for channel in samples:
            # `same` keeps the sample grid; the first tap pair around the centre straddles the wanted point.
            between = np.convolve(channel, phase, mode="same")
            np.maximum(magnitude, np.abs(between), out=magnitude)
    return magnitude


def _limiting(magnitude: npt.NDArray[np.float32], ceiling: float) -> npt.NDArray[np.float32] | None:
    """Gain per sample, at most 1, that keeps `magnitude` under `ceiling`; None if nothing exceeds it.

    A running minimum over the look-ahead, then a mean over the same width: the mean only averages values
    that are low enough for the sample in its centre, so the ceiling holds and the gain has no steps.
    """
    if not magnitude.size or float(magnitude.max()) <= ceiling:
        return None
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
    taps = np.arange(24) - 12  # with `same`, tap 12 is aligned with the sample itself
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
