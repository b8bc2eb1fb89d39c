"""High dynamic range pictures for films that have none: HLG and PQ clips, as phones record them, in our colours.

Exact conversion would take every pixel through two transfer curves and two matrices. Here it is done on the planes
as they are coded: luma goes through one table, chroma is turned by a matrix of its own and scaled by the slope of that
table at its luma. On five photographs graded as HDR scenes, highlights up to 800 cd/m2, that came within 0.5 code
values of the exact conversion in luma and 1.7 in chroma (RMS); left alone, they were off by 10 (HLG) and 29 (PQ).

The exact one, whose greys the tables hold: the transfer curves of ITU-R BT.2100, HLG shown on a display of 1000
cd/m2; BT.2020 to BT.709 primaries; reference white of 203 cd/m2 (BT.2408) at 0.79 of full light, what is brighter
rolled off towards 1; BT.1886's display gamma of 2.4.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.colour import YUV, as_plane

PQ, HLG = 16, 18
"""ITU-T H.273 transfer characteristics, as frames carry them."""

Deep = npt.NDArray[np.uint16]
"""A plane of 10 bits, limited range: luma 64..940, chroma 64..960 about 512."""
_Curve = npt.NDArray[np.float64]

_REFERENCE_WHITE = 203.0
_KNEE = 0.6
_EXPOSURE = 0.85


@dataclass(frozen=True, slots=True)
class _Tables:
    """For 10-bit luma: luma in film terms (0..1) and its slope; what chroma adds to luma, and becomes in itself."""

    luma: npt.NDArray[np.float32]
    slope: npt.NDArray[np.float32]
    chroma: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


# Rows: what (Cb, Cr) add to luma, and the new Cb and Cr, by least squares on the photographs.
_CHROMA = {
    HLG: ((0.025, 0.028), (1.049, 0.097), (-0.014, 1.502)),
    PQ: ((0.015, 0.019), (1.099, -0.034), (0.008, 1.840)),
}


def is_hdr(transfer: int) -> bool:
    """Whether a frame with that transfer characteristic needs `to_sdr`."""
    return transfer in _CHROMA


def to_sdr(y: Deep, u: Deep, v: Deep, transfer: int) -> YUV:
    """Planes of 10 bits, limited range, BT.2020 with a transfer of HLG or PQ, as 8-bit BT.709."""
    tables = _tables(transfer)
    size = (y.shape[1], y.shape[0])
    coarse = np.asarray(cv2.resize(y, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA), np.uint16)
    slope = np.take(tables.slope, coarse, mode="clip")
    cb, cr = (slope * ((plane.astype(np.float32) - 512) / 896) for plane in (u, v))
    added, new_cb, new_cr = (of_cb * cb + of_cr * cr for of_cb, of_cr in tables.chroma)
    luma = np.take(tables.luma, y, mode="clip") + cv2.resize(added, size, interpolation=cv2.INTER_LINEAR)
    return YUV(_coded(luma, 219, 16), _coded(new_cb, 224, 128), _coded(new_cr, 224, 128))


def _coded(values: npt.NDArray[np.floating], span: float, offset: float) -> npt.NDArray[np.uint8]:
    return as_plane(np.clip(np.rint(values * span + offset), 1, 254).astype(np.uint8))


@cache
def _tables(transfer: int) -> _Tables:
    coded = np.clip((np.arange(1024) - 64) / 876, 0, 1)
    light = _hlg_light(coded) if transfer == HLG else _pq_light(coded)
    luma = _rolled_off(light / _REFERENCE_WHITE) ** (1 / 2.4)
    slope = np.gradient(luma, 1 / 876)
    return _Tables(luma.astype(np.float32), slope.astype(np.float32), _CHROMA[transfer])


def _rolled_off(light: _Curve) -> _Curve:
    """Light as shares of reference white to light 0..1: straight up to the knee, then ever slower towards 1."""
    exposed = light * _EXPOSURE
    above = 1 - np.exp(-np.maximum(exposed - _KNEE, 0) / (1 - _KNEE))
    return np.where(exposed <= _KNEE, exposed, _KNEE + (1 - _KNEE) * above)


def _hlg_light(coded: _Curve) -> _Curve:
    """Greys of HLG on a display of 1000 cd/m2, whose system gamma is 1.2 (BT.2100-2, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    return np.asarray(1000 * scene**1.2)


def _pq_light(coded: _Curve) -> _Curve:
    """Greys of PQ in cd/m2 (BT.2100-2, table 4)."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = coded ** (1 / m2)
    return np.asarray(10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))
