"""A still picture ready for a moving camera: padded planes, and the camera that reads them.

A `Plate` is larger than the canvas by the zoom that the camera will use, so the closest view still
reads at least `OVERSAMPLING` source pixels a canvas pixel: scales near one have no good rational windows
(see `window`), and a picture read at exactly one to one would pulse between sharp and soft as it drifts.
"""

import cv2
import numpy as np

from adreel_render.engine.colour import YUV, Plane, RGBImage, blank_yuv, rgb_to_yuv
from adreel_render.engine.motion import View
from adreel_render.engine.spec import Canvas
from adreel_render.engine.window import PAD_PX, ROOM_PX, Window, fit_window

OVERSAMPLING = 1.06


def plate_size(canvas: Canvas, zoom: float) -> tuple[int, int]:
    """(width, height), both even, of a plate that just covers the canvas at zoom 1 and serves up to `zoom`."""
    factor = OVERSAMPLING * zoom
    return 2 * round(canvas.width_px * factor / 2), 2 * round(canvas.height_px * factor / 2)


class Plate:
    """Padded planes of one still picture. `width_px` and `height_px` count without the padding."""

    def __init__(self, rgb: RGBImage) -> None:
        self.height_px, self.width_px = (int(side) for side in rgb.shape[:2])
        if self.height_px % 2 or self.width_px % 2:
            raise ValueError("a plate has even sides")
        self._planes = YUV(*(_padded(plane) for plane in rgb_to_yuv(rgb)))

    def base_scale(self, canvas: Canvas) -> float:
        """Plate pixels a canvas pixel at zoom 1: the largest view that stays inside the plate."""
        return min(self.width_px / canvas.width_px, self.height_px / canvas.height_px)

    def windows(self, view: View, canvas: Canvas) -> tuple[Window, Window, Window, Window]:
        """Luma x, luma y, chroma x, chroma y for one view."""
        scale = self.base_scale(canvas) / view.zoom
        left = (self.width_px - canvas.width_px * scale) * (view.x + 1) / 2
        top = (self.height_px - canvas.height_px * scale) * (view.y + 1) / 2
        (rows, columns), (half_rows, half_columns) = self._planes.y.shape, self._planes.u.shape
        return (
            fit_window(scale, PAD_PX + left, canvas.width_px, columns),
            fit_window(scale, PAD_PX + top, canvas.height_px, rows),
            fit_window(scale, PAD_PX + left / 2, canvas.width_px // 2, half_columns),
            fit_window(scale, PAD_PX + top / 2, canvas.height_px // 2, half_rows),
        )

    def read(self, view: View, canvas: Canvas, easel: "Easel") -> YUV:
        """The canvas as seen by a view: planes inside the easel's memory, valid until its next use."""
        x, y, half_x, half_y = self.windows(view, canvas)
        return YUV(
            easel.warp(0, self._planes.y, x, y, canvas.width_px, canvas.height_px),
            easel.warp(1, self._planes.u, half_x, half_y, canvas.width_px // 2, canvas.height_px // 2),
            easel.warp(2, self._planes.v, half_x, half_y, canvas.width_px // 2, canvas.height_px // 2),
        )


class Easel:
    """The memory that one camera draws into, kept from frame to frame."""

    def __init__(self, canvas: Canvas) -> None:
        room = 2 * ROOM_PX
        self._sheets = blank_yuv(canvas.height_px + room, canvas.width_px + room)

    def warp(self, channel: int, source: Plane, x: Window, y: Window, width_px: int, height_px: int) -> Plane:
        """Resize the windows' region of `source` and return the part of it that is the picture."""
        sheet = self._sheets[channel][: y.size, : x.size]
        region = source[y.start : y.start + y.length, x.start : x.start + x.length]
        cv2.resize(region, (x.size, y.size), dst=sheet, interpolation=cv2.INTER_LINEAR)
        return sheet[y.skip : y.skip + height_px, x.skip : x.skip + width_px]


def _padded(plane: Plane) -> Plane:
    border = (PAD_PX,) * 4
    return np.asarray(cv2.copyMakeBorder(plane, *border, borderType=cv2.BORDER_REPLICATE), np.uint8)
