"""Smooth sub-pixel windows out of whole numbers ("rational windows").

`cv2.resize` is five times cheaper than `cv2.warpAffine` but takes whole regions and whole sizes only. A
camera wants the axis map

    source(i) = scale * (i + 1/2) + offset          for target pixels i = 0 .. n-1

in continuous coordinates (pixel j covers j .. j+1). Resizing `length` source pixels from `start` onto
`size` target pixels, and keeping n of them from `skip` on, gives

    source(i) = start + (i + skip + 1/2) * length / size

so a search over whole (size, length, start, skip) with size in n .. n+ROOM finds a window that is off by
less than 0.05 px at its worst end and about 0.015 px rms: well under what an eye or an encoder sees.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ROOM_PX = 64
"""How much larger than the target the intermediate picture may be; 32 leaves 0.053 px at worst, 64 0.044."""

PAD_PX = 144
"""Border every source plane needs on each side, so that a window at its edge still finds whole numbers.
The search reaches ROOM_PX target pixels past the window, at scales of up to about two."""

_Grid = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class Window(NamedTuple):
    """One axis: resize `length` source pixels from `start` to `size`, keep from `skip` on."""

    start: int
    length: int
    size: int
    skip: int


@lru_cache(maxsize=32)
def _candidates(target_px: int) -> _Grid:
    """Every (size, skip) pair to be tried, as two flat arrays."""
    sizes, skips = np.meshgrid(np.arange(target_px, target_px + ROOM_PX + 1), np.arange(ROOM_PX + 1), indexing="ij")
    inside = skips <= sizes - target_px
    return sizes[inside].astype(np.float64), skips[inside].astype(np.float64)


def fit_window(scale: float, offset: float, target_px: int, source_px: int) -> Window:
    """The best window for one axis of `target_px` pixels out of a plane of `source_px` (padding included)."""
    sizes, skips = _candidates(target_px)
    lengths = np.rint(scale * sizes)
    ratios = lengths / sizes
    first = (skips + 0.5) * ratios - offset - 0.5 * scale
    drift = (target_px - 1) * (ratios - scale)
    starts = np.rint(-(first + drift / 2))
    worst = np.abs(first + starts + drift / 2) + np.abs(drift) / 2
    worst[(starts < 0) | (starts + lengths > source_px)] = np.inf
    best = int(np.argmin(worst))
    return Window(int(starts[best]), int(lengths[best]), int(sizes[best]), int(skips[best]))


def window_error_px(window: Window, scale: float, offset: float, target_px: int) -> float:
    """How far, in source pixels, the worst target pixel of a window is from where it should read."""
    ratio = window.length / window.size
    ends = (0, target_px - 1)
    return max(abs(window.start + (i + window.skip + 0.5) * ratio - scale * (i + 0.5) - offset) for i in ends)
