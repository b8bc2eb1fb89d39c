"""High dynamic range frames against the conversion written out colour by colour."""

from collections.abc import Callable

import av
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.clip_source import scaled_frame
from adreel_render.engine.colour import yuv_to_rgb
from adreel_render.engine.hdr import HLG, PQ
from adreel_render.engine.yuv import deep_planes_of

Values = npt.NDArray[np.float64]

# Light of (R, G, B) as shares of reference white, BT.709 primaries: greys, a face, a leaf, a sky, brick, and a lamp.
COLORS = {
    "black": (0.0, 0.0, 0.0),
    "grey": (0.18, 0.18, 0.18),
    "white": (1.0, 1.0, 1.0),
    "glare": (3.5, 3.5, 3.5),
    "face": (0.55, 0.33, 0.24),
    "leaf": (0.10, 0.18, 0.05),
    "sky": (0.22, 0.36, 0.62),
    "brick": (0.30, 0.11, 0.07),
}
BT2020_OF_BT709 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593])


def pq(light: Values) -> Values:
    """cd/m2 to code, BT.2100-2, table 4."""
    power = (light / 10000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def hlg(light: Values) -> Values:
    """cd/m2 on a display of 1000 to code, BT.2100-2, table 5."""
    shown = light / 1000
    scene = shown * max(float(shown @ BT2020_LUMA), 1e-9) ** (-0.2 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def film_rgb(light: Values) -> Values:
    """What should be seen: exposed, rolled off above 0.6 of full light, display gamma 2.4."""
    exposed = 0.85 * light
    rolled = 0.6 + 0.4 * (1 - np.exp(-np.maximum(exposed - 0.6, 0) / 0.4))
    return np.asarray(np.where(exposed <= 0.6, exposed, rolled) ** (1 / 2.4) * 255)


def frame_of(
    light: Values, transfer: int, curve: Callable[[Values], Values], *, is_full: bool = False
) -> av.VideoFrame:
    """A plain 10-bit frame of one colour."""
    red, _, blue = code = curve(BT2020_OF_BT709 @ light * 203)
    luma = float(code @ BT2020_LUMA)
    cb, cr = (blue - luma) / 1.8814, (red - luma) / 1.4746
    low, span, chroma_span = (0, 1023, 1023) if is_full else (64, 876, 896)
    frame = av.VideoFrame(64, 48, "yuv420p10le")
    coded = (low + span * luma, 512 + chroma_span * cb, 512 + chroma_span * cr)
    for plane, value in zip(deep_planes_of(frame), coded, strict=True):
        plane[:] = round(value)
    frame.colorspace, frame.color_primaries, frame.color_trc = 9, 9, transfer
    frame.color_range = 2 if is_full else 1
    return frame


@pytest.mark.parametrize(("transfer", "curve"), [(HLG, hlg), (PQ, pq)], ids=["HLG", "PQ"])
@pytest.mark.parametrize("color", COLORS)
def test_colours_of_a_wide_range_come_out_as_on_a_reference_display(
    color: str, transfer: int, curve: Callable[[Values], Values]
) -> None:
    light = np.array(COLORS[color])
    seen = yuv_to_rgb(scaled_frame(frame_of(light, transfer, curve), 48, 36))[16, 20]
    assert np.abs(seen - film_rgb(light)).max() < 9


def test_full_range_gives_the_same_picture() -> None:
    light = np.array(COLORS["face"])
    limited, full = (scaled_frame(frame_of(light, HLG, hlg, is_full=is_full), 64, 48) for is_full in (False, True))
    for one, other in zip(limited, full, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_ten_bits_of_ordinary_range_keep_their_brightness() -> None:
    frame = frame_of(np.array(COLORS["grey"]), 1, lambda light: np.asarray(light / 203))
    assert scaled_frame(frame, 64, 48).y[20, 20] == round(16 + 219 * 0.18)
