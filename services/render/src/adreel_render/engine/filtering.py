"""Linear filtering of long stereo signals by FFT, block by block, in single precision."""

import numpy as np
import numpy.typing as npt

from adreel_render.engine.soundtrack import Samples

_BLOCK = 1 << 16


def convolve(samples: Samples, response: npt.NDArray[np.float32]) -> Samples:
    """Causal convolution, cut to the input's length.

    `samples` has shape (channels, n); `response` has shape (m,) or (channels, m) with m up to 65536.
    Overlap-save: blocks of 65536 new samples behind as many of the past.
    """
    channels, length = samples.shape
    size = 2 * _BLOCK
    transfer = np.fft.rfft(response.astype(np.float32), size)
    past_and_new = np.zeros((channels, _BLOCK + -(-length // _BLOCK) * _BLOCK), np.float32)
    past_and_new[:, _BLOCK : _BLOCK + length] = samples
    result = np.empty((channels, past_and_new.shape[1] - _BLOCK), np.float32)
    for start in range(0, result.shape[1], _BLOCK):
        spectrum = np.fft.rfft(past_and_new[:, start : start + size])
        result[:, start : start + _BLOCK] = np.fft.irfft(spectrum * transfer, size)[:, _BLOCK:]
    return result[:, :length]
