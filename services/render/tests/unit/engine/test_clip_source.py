"""User clips: right frame at the right time, upright, fitted, and nothing a hostile file can reach."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from adreel_render.engine.clip_source import ClipReader, ClipShot, scaled_frame
from adreel_render.engine.colour import blank_yuv, yuv_to_rgb
from adreel_render.engine.errors import MediumUnreadable
from adreel_render.engine.layout import Box
from adreel_render.engine.mount import Mount
from adreel_render.engine.spec import Canvas, Medium, MediumKind, SceneSpec
from adreel_render.engine.stills import draw_still
from adreel_render.engine.yuv import planes_of

CANVAS = Canvas(320, 180, 30)
WHOLE = Box(0, 0, 320, 180)


@pytest.fixture
def clip(tmp_path: Path, as_medium: Callable[..., Medium]) -> Callable[..., Medium]:
    """Writes a clip whose frame n is an even grey of level 40 + 3n, with a red disc in the middle."""

    def write(frames: int = 40, fps: int = 25, size: tuple[int, int] = (320, 180), name: str = "clip.mp4") -> Medium:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "4", "g": "12"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for number in range(frames):
                pixels = np.full((size[1], size[0], 3), 40 + 3 * number, np.uint8)
                cv2.circle(pixels, (size[0] // 2, size[1] // 2), min(size) // 4, (255, 0, 0), -1)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return as_medium(path, MediumKind.VIDEO)

    return write


def number_seen(shot: ClipShot, index: int) -> int:
    """Which source frame a canvas frame shows, by its grey."""
    rgb = yuv_to_rgb(shot.read(index))
    return round((float(rgb[10:30, 10:60].mean()) - 40) / 3)


def test_frames_are_chosen_by_time_from_another_rate(clip: Callable[..., Medium]) -> None:
    shot = ClipShot(clip(frames=40, fps=25), CANVAS, WHOLE, start=0, end=45)
    for index in range(0, 45, 4):
        assert number_seen(shot, index) == int(index / 30 * 25 + 1e-6)


def test_reading_may_jump_back_and_forth(clip: Callable[..., Medium]) -> None:
    shot = ClipShot(clip(), CANVAS, WHOLE, start=0, end=45)
    assert [number_seen(shot, index) for index in (36, 6, 42, 0, 18)] == [30, 5, 35, 0, 15]


def test_a_clip_used_from_the_middle_starts_there(clip: Callable[..., Medium]) -> None:
    whole = clip()
    later = Medium(whole.key, whole.path, MediumKind.VIDEO, start_seconds=0.4)
    assert number_seen(ClipShot(later, CANVAS, WHOLE, start=0, end=20), 0) == 10


def test_a_slightly_short_clip_holds_its_last_frame(clip: Callable[..., Medium]) -> None:
    shot = ClipShot(clip(frames=25), CANVAS, WHOLE, start=0, end=42)
    assert [number_seen(shot, index) for index in (29, 35, 41)] == [24, 24, 24]


def test_a_far_too_short_clip_runs_in_a_loop(clip: Callable[..., Medium]) -> None:
    shot = ClipShot(clip(frames=10), CANVAS, WHOLE, start=0, end=120)
    seen = [number_seen(shot, index) for index in range(120)]
    assert set(seen[60:]) == set(range(10))


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (240, 240), (640, 160)])
@pytest.mark.parametrize("canvas", [CANVAS, Canvas(180, 320, 30), Canvas(240, 240, 30)], ids=["wide", "tall", "square"])
def test_clips_are_never_stretched(size: tuple[int, int], canvas: Canvas, clip: Callable[..., Medium]) -> None:
    spec = SceneSpec(2, 3, 20, media=(clip(frames=20, fps=30, size=size),))
    rgb = draw_still(spec, canvas, 10).astype(int)
    red = ((rgb[:, :, 0] > 170) & (rgb[:, :, 1] < 70)).astype(np.uint8)
    outline = max(cv2.findContours(red, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    _, (minor, major), _ = cv2.fitEllipse(outline)
    assert max(minor, major) / min(minor, major) < 1.06


def test_rotation_in_the_container_is_honoured(clip: Callable[..., Medium], as_medium, tmp_path: Path) -> None:
    """A quarter turn written into the track header's matrix, as phones do it."""
    data = bytearray(clip(size=(320, 180)).path.read_bytes())
    upright = b"".join(n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    turned = b"".join(n.to_bytes(4, "big") for n in (0, 0x10000, 0, 0xFFFF0000, 0, 0, 180 << 16, 0, 0x40000000))
    at = data.index(upright, data.index(b"tkhd"))
    data[at : at + len(turned)] = turned
    path = tmp_path / "turned.mp4"
    path.write_bytes(data)
    reader = ClipReader(as_medium(path, MediumKind.VIDEO))
    assert reader.at(0.0).frame.rotation % 180 != 0
    tall = Canvas(180, 320, 30)
    shot = ClipShot(as_medium(path, MediumKind.VIDEO), tall, Box(0, 0, 180, 320), start=0, end=10)
    rgb = yuv_to_rgb(shot.read(0)).astype(int)
    assert np.abs(rgb[6, 6] - rgb[-6, -6]).max() < 12  # it fills the tall canvas: no dark backdrop
    assert rgb[6, 6].min() > 30


def test_colours_survive_the_way_through(clip: Callable[..., Medium]) -> None:
    shot = ClipShot(clip(frames=5), CANVAS, WHOLE, start=0, end=5)
    red = yuv_to_rgb(shot.read(0))[90, 160].astype(int)
    assert np.abs(red - [255, 0, 0]).max() < 25


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 4000, b"ffconcat version 1.0\nfile secret.mp4\n", b"#EXTM3U\nsecret.mp4\n"]
)
def test_hostile_and_broken_files_are_named_by_their_key(data: bytes, tmp_path: Path, clip) -> None:
    clip(name="secret.mp4")
    path = tmp_path / "given.mp4"
    path.write_bytes(data)
    with pytest.raises(MediumUnreadable) as caught:
        ClipReader(Medium("k" * 64, path, MediumKind.VIDEO))
    assert caught.value.key == "k" * 64


def test_a_clip_cut_short_shows_what_there_is(clip: Callable[..., Medium], as_medium, tmp_path: Path) -> None:
    whole = clip(frames=60, name="whole.mkv").path.read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    shot = ClipShot(as_medium(path, MediumKind.VIDEO), CANVAS, WHOLE, start=0, end=70)
    assert number_seen(shot, 6) == 5
    assert all(0 <= number_seen(shot, index) < 60 for index in range(0, 70, 5))


@pytest.mark.parametrize("matrix", [1, 5, 9], ids=["BT.709", "BT.601", "BT.2020"])
@pytest.mark.parametrize("is_full", [False, True], ids=["limited", "full"])
def test_every_labelled_colour_space_gives_the_same_picture(matrix: int, is_full: bool) -> None:
    """A frame coded by the textbook for a matrix and range comes out as the colours it was made of."""
    kr, kb = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    red, green, blue = 0.8, 0.35, 0.2
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    scale = (255, 0, 255) if is_full else (219, 16, 224)
    coded = [round(luma * scale[0] + scale[1]), round(cb * scale[2] + 128), round(cr * scale[2] + 128)]
    frame = av.VideoFrame(64, 64, "yuvj420p" if is_full else "yuv420p")
    for plane, value in zip(planes_of(frame), coded, strict=True):
        plane[:] = value
    frame.colorspace = matrix
    frame.color_range = 2 if is_full else 1
    rgb = yuv_to_rgb(scaled_frame(frame, 48, 48))[20, 20].astype(int)
    assert np.abs(rgb - np.array([red, green, blue]) * 255).max() <= 4


def test_grey_stays_grey_in_every_size() -> None:
    for size in ((64, 64), (48, 40), (200, 120)):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane, value in zip(planes_of(frame), (120, 128, 128), strict=True):
            plane[:] = value
        picture = scaled_frame(frame, *size)
        assert set(np.unique(picture.u)) | set(np.unique(picture.v)) == {128}
        assert set(np.unique(picture.y)) == {120}


@pytest.mark.parametrize(("width", "is_rounded"), [(120, True), (320, False)], ids=["card", "to the edges"])
def test_a_fitted_clip_lies_on_its_ground_like_a_card(width: int, is_rounded: bool) -> None:
    canvas = Canvas(320, 320, 25)
    box = Box((320 - width) // 2, 100, width, 100)
    ground, part = blank_yuv(320, 320), blank_yuv(100, width)
    ground.y[:], part.y[:], part.u[:] = 120, 220, 90
    Mount(canvas, box).lay(part, ground)
    assert bool(ground.y[box.top, box.left] < 180) is is_rounded
    assert bool(ground.y[box.bottom - 1, box.right - 1] < 180) is is_rounded
    assert ground.y[box.top, 160] == ground.y[150, box.left] == ground.y[150, 160] == 220
    assert ground.u[75, 80] == 90
    assert ground.u[20, 80] == 128
    assert ground.y[box.bottom + 3, 160] < ground.y[box.bottom + 10, 160] < ground.y[310, 160] == 120  # the shadow
