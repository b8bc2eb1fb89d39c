"""Small files that really play: a moving gradient with a tone, and a picture, each different for each creation."""

import colorsys
import io
import math
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from PIL import Image

_SIZES = {"16:9": (160, 90), "9:16": (90, 160), "1:1": (96, 96), "3:4": (96, 128), "4:3": (128, 96)}
_FPS = 24
_SAMPLE_RATE = 44_100


def make_clip(seconds: float, *, aspect_ratio: str = "16:9", seed: int = 0, with_audio: bool = True) -> bytes:
    """An MP4 (H.264, AAC) of this length."""
    width, height = (side // 2 * 2 for side in _SIZES.get(aspect_ratio, _SIZES["16:9"]))
    with TemporaryDirectory(prefix="standin-") as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            video = container.add_stream("libx264", rate=_FPS, options={"preset": "ultrafast", "crf": "30"})
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            audio = container.add_stream("aac", rate=_SAMPLE_RATE) if with_audio else None
            for index in range(max(1, round(seconds * _FPS))):
                frame = av.VideoFrame.from_ndarray(_picture(width, height, index, seed), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, _FPS)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if audio is not None:
                for sound in _tone(seconds, seed):
                    container.mux(audio.encode(sound))
                container.mux(audio.encode(None))
        return path.read_bytes()


def make_picture(*, aspect_ratio: str = "1:1", seed: int = 0, image_format: str = "PNG") -> bytes:
    """A picture of four times the clips' size."""
    width, height = _SIZES.get(aspect_ratio, _SIZES["1:1"])
    content = io.BytesIO()
    Image.fromarray(_picture(4 * width, 4 * height, 0, seed)).save(content, image_format)
    return content.getvalue()


def _picture(width: int, height: int, index: int, seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """`(H, W, 3)`, uint8, sRGB: waves that wander in a direction and a colour of the seed's own."""
    chance = np.random.default_rng(seed)
    angle, hue = chance.uniform(0, 2 * math.pi), chance.uniform(0, 1)
    frequency = chance.uniform(0.6, 1.6)
    x = np.linspace(-0.5, 0.5, width)[None, :] * width / height
    y = np.linspace(-0.5, 0.5, height)[:, None]
    along = (x * math.cos(angle) + y * math.sin(angle)) * frequency
    wave = 0.5 + 0.5 * np.sin(2 * math.pi * (along - index / _FPS / 4))
    dark, bright = np.array(colorsys.hsv_to_rgb(hue, 0.9, 0.25)), np.array(colorsys.hsv_to_rgb(hue + 0.12, 0.55, 1.0))
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = (
        (dark + wave[..., None] * (bright - dark)) * 255
    ).astype(np.uint8)
    return np.ascontiguousarray(picture)


def _tone(seconds: float, seed: int) -> list[av.AudioFrame]:
    count = round(seconds * _SAMPLE_RATE)
    wave = 0.2 * np.sin(2 * math.pi * (220 + seed % 200) * np.arange(count) / _SAMPLE_RATE)
    samples = np.repeat(wave[None, :], 2, axis=0).astype(np.float32)
    frames = []
    for start in range(0, count, 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + 1024]), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = _SAMPLE_RATE, start, Fraction(1, _SAMPLE_RATE)
        frames.append(frame)
    return frames
