"""Single frames of a scene: for posters, galleries, and for looking at."""

from pathlib import Path

from PIL import Image

from adreel_render.engine.colour import RGBImage, yuv_to_rgb
from adreel_render.engine.spec import Canvas, SceneSpec
from adreel_render.engine.stage import build_stage

_JPEG_QUALITY = 88


def draw_still(spec: SceneSpec, canvas: Canvas, frame_index: int) -> RGBImage:
    """Frame `frame_index` of the scene's clip as (H, W, 3) uint8 sRGB, exactly what the encoder is given."""
    index = min(max(frame_index, 0), spec.frame_count - 1)
    return yuv_to_rgb(build_stage(spec, canvas).frame(index))


def draw_poster(spec: SceneSpec, canvas: Canvas, path: Path) -> None:
    """A telling frame of the scene as a JPEG: past the opening fades, before an end card covers the picture."""
    image = Image.fromarray(draw_still(spec, canvas, poster_frame(spec)))
    temporary = path.with_name(f".{path.name}.partial")
    image.save(temporary, "JPEG", quality=_JPEG_QUALITY, optimize=True, subsampling="4:2:0")
    temporary.replace(path)


def poster_frame(spec: SceneSpec) -> int:
    """A third into the body, where a title stands and the first caption is read."""
    return spec.head_frames + round(spec.body_frames * 0.34)
