"""The poster of a film: one of its frames as a JPEG."""

import uuid
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from adreel_render.engine.encoder import publish_file
from adreel_render.engine.errors import CompositionError
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.spec import Canvas
from adreel_render.engine.yuv import Planes

_JPEG_QUALITY = 90


def write_poster(film_path: Path, poster_path: Path, frame: int, canvas: Canvas) -> None:
    """Write frame `frame` of a film in canonical form as a JPEG that appears only when it is whole."""
    for planes in decode_frames(film_path, frame, frame + 1, canvas.fps):
        coded, data = cv2.imencode(".jpg", bgr_of(planes), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not coded:
            raise CompositionError("the poster cannot be written")
        temporary_path = poster_path.with_name(f".{poster_path.name}.{uuid.uuid4().hex}.partial")
        try:
            temporary_path.write_bytes(data.tobytes())
            publish_file(temporary_path, poster_path)
        finally:
            temporary_path.unlink(missing_ok=True)


def bgr_of(planes: Planes) -> npt.NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 BGR, full range, by the BT.709 matrix (ITU-R BT.709-6, section 3)."""
    y, u, v = planes
    size = (y.shape[1], y.shape[0])
    luma = (y.astype(np.float32) - 16.0) * (255.0 / 219.0)
    cb, cr = (
        (cv2.resize(chroma, size, interpolation=cv2.INTER_LINEAR).astype(np.float32) - 128.0) * (255.0 / 224.0)
        for chroma in (u, v)
    )
    bgr = np.stack((luma + 1.8556 * cb, luma - 0.1873 * cb - 0.4681 * cr, luma + 1.5748 * cr), axis=-1)
    picture: npt.NDArray[np.uint8] = np.clip(np.rint(bgr), 0, 255).astype(np.uint8)
    return picture
