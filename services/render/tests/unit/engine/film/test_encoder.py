"""The clip encoder keeps its promises about counts, sync frames, colours and half-written files."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.engine.encoder import ClipEncoder, EncoderSettings, codec_identity
from adreel_render.engine.errors import FrameCountError
from adreel_render.engine.packets import index_clip
from adreel_render.engine.plan import FilmClip
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import Transition, TransitionKind


def _grey(canvas: Canvas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    half = (canvas.height_px // 2, canvas.width_px // 2)
    return (
        np.full((canvas.height_px, canvas.width_px), 90, np.uint8),
        np.full(half, 128, np.uint8),
        np.full(half, 128, np.uint8),
    )


def test_sync_frames_stand_where_copying_starts_and_ends(make_clip: Callable[..., FilmClip], canvas: Canvas) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 14)
    clip = make_clip(1, 60, fade, fade)
    index = index_clip(clip.path, canvas)
    assert index.frame_count == 74
    assert {0, 14, 60} <= index.sync_frames
    assert index.has_whole_range(14, 60)


def test_the_copied_part_decodes_without_its_neighbours(make_clip: Callable[..., FilmClip], canvas: Canvas) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 10)
    index = index_clip(make_clip(2, 40, fade, fade).path, canvas)
    position = index.order.index(10)
    # No picture of the range is coded before its sync frame, none from outside within it.
    assert set(index.order[position : position + 30]) == set(range(10, 40))


def test_colours_are_tagged_as_bt709_in_limited_range(make_clip: Callable[..., FilmClip]) -> None:
    with av.open(str(make_clip(3, 5).path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert context.pix_fmt == "yuv420p"


@pytest.mark.parametrize("fps", [24, 25, 30])
def test_time_stamps_are_whole_frames(make_clip: Callable[..., FilmClip], fps: int) -> None:
    canvas = Canvas(180, 320, fps)
    index = index_clip(make_clip(4, 37, canvas=canvas).path, canvas)
    assert sorted(index.order) == list(range(37))


def test_parameter_sets_depend_on_the_canvas_alone(make_clip: Callable[..., FilmClip], canvas: Canvas) -> None:
    default = codec_identity(canvas, EncoderSettings())
    for settings in (EncoderSettings(crf=30), EncoderSettings(thread_count=1), EncoderSettings(keyframe_frames=30)):
        assert index_clip(make_clip(5, 9, settings=settings).path, canvas).extradata == default.extradata
    assert codec_identity(Canvas(180, 320, 30), EncoderSettings()).extradata != default.extradata
    assert "core" in default.build


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path, canvas: Canvas) -> None:
    def encoded(name: str) -> bytes:
        with ClipEncoder(tmp_path / name, canvas, frame_count=20, copy_start=5, copy_end=15) as encoder:
            for index in range(20):
                y, u, v = _grey(canvas)
                encoder.write(np.ascontiguousarray(y + np.uint8(index)), u, v)
        return (tmp_path / name).read_bytes()

    assert encoded("first.mp4") == encoded("second.mp4")


def test_too_few_frames_publish_nothing(tmp_path: Path, canvas: Canvas) -> None:
    path = tmp_path / "short.mp4"
    with pytest.raises(FrameCountError), ClipEncoder(path, canvas, frame_count=3) as encoder:
        encoder.write(*_grey(canvas))
    assert list(tmp_path.iterdir()) == []


def test_too_many_frames_publish_nothing(tmp_path: Path, canvas: Canvas) -> None:
    path = tmp_path / "long.mp4"

    def write_two() -> None:
        with ClipEncoder(path, canvas, frame_count=1) as encoder:
            encoder.write(*_grey(canvas))
            encoder.write(*_grey(canvas))

    with pytest.raises(FrameCountError):
        write_two()
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_drawing_leaves_no_file_and_is_not_hidden(tmp_path: Path, canvas: Canvas) -> None:
    def fail_half_way() -> None:
        with ClipEncoder(tmp_path / "x.mp4", canvas, frame_count=9) as encoder:
            encoder.write(*_grey(canvas))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_another_size_is_refused(tmp_path: Path, canvas: Canvas) -> None:
    with pytest.raises(ValueError), ClipEncoder(tmp_path / "x.mp4", canvas, frame_count=1) as encoder:
        encoder.write(*_grey(Canvas(160, 90, 30)))
    assert list(tmp_path.iterdir()) == []
