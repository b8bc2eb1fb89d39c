"""Pictures as three planes, and how they get into and out of PyAV's frames without a copy.

Everywhere in the engine a picture is I420: uint8 planes Y (H, W), U and V (H/2, W/2), BT.709, limited
range (black is 16, white 235, neutral chroma 128).
"""

import av
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
DeepPlane = npt.NDArray[np.uint16]

BLACK_Y = 16
NEUTRAL_CHROMA = 128

BT709 = 1  # ITU-T H.273: primaries, transfer and matrix of BT.709 all carry code 1
LIMITED_RANGE = 1  # libavutil AVCOL_RANGE_MPEG


def planes_of(frame: av.VideoFrame) -> Planes:
    """Views into a yuv420p frame's own memory: valid while the frame lives, writable if it is."""
    y, u, v = (_view(plane) for plane in frame.planes)
    return y, u, v


def deep_planes_of(frame: av.VideoFrame) -> tuple[DeepPlane, DeepPlane, DeepPlane]:
    """Views into a yuv420p10le frame's own memory, one uint16 a sample: valid while the frame lives."""
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)[: plane.height, : plane.width]
        for plane in frame.planes
    )
    return y, u, v


def tag_bt709(frame: av.VideoFrame) -> None:
    """Say in the frame's metadata what its numbers mean."""
    frame.color_primaries = BT709
    frame.color_trc = BT709
    frame.colorspace = BT709
    frame.color_range = LIMITED_RANGE


def _view(plane: "av.video.plane.VideoPlane") -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]
