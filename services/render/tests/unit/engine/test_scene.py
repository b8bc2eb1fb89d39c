"""Whole scenes: exact length, same pictures twice, prompt cancellation, nothing left behind."""

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.engine.errors import MediumUnreadable, RenderCancelled
from adreel_render.engine.scene import render_scene
from adreel_render.engine.spec import Canvas, Medium, SceneSpec
from adreel_render.engine.stage import build_stage
from adreel_render.engine.stills import draw_poster, draw_still
from PIL import Image

CANVAS = Canvas(320, 180, 24)


@pytest.fixture
def photo(tmp_path: Path) -> Medium:
    """A textured landscape picture."""
    noise = np.random.default_rng(3).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise).resize((800, 600), Image.Resampling.BICUBIC).save(path, quality=92)
    return Medium(hashlib.sha256(path.read_bytes()).hexdigest(), path)


@pytest.fixture
def spec(photo: Medium) -> SceneSpec:
    """The only scene of a film: title, captions and end card at once."""
    return SceneSpec(
        1, 1, 40, head_frames=3, tail_frames=4, media=(photo,), script="One thing. And another.",
        product="Adreel", call_to_action="Try it",
    )  # fmt: skip


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]


def test_clip_has_exactly_the_frames_of_head_body_and_tail(spec: SceneSpec, tmp_path: Path) -> None:
    info = render_scene(spec, CANVAS, tmp_path / "clip.mp4")
    assert info.frame_count == 47
    assert (info.head_frames, info.tail_frames) == (3, 4)
    assert info.size_bytes == (tmp_path / "clip.mp4").stat().st_size
    assert len(decoded(info.path)) == 47


def test_same_scene_draws_the_same_pictures(spec: SceneSpec) -> None:
    first, second = (
        [tuple(plane.tobytes() for plane in stage.frame(index)) for index in range(spec.frame_count)]
        for stage in (build_stage(spec, CANVAS), build_stage(spec, CANVAS))
    )
    assert first == second
    assert len(set(first)) > 40


def test_progress_counts_every_frame(spec: SceneSpec, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    render_scene(spec, CANVAS, tmp_path / "clip.mp4", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 47) for done in range(1, 48)]


def test_cancelling_stops_within_a_frame_and_leaves_nothing(spec: SceneSpec, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    done: list[int] = []
    with pytest.raises(RenderCancelled):
        render_scene(
            spec, CANVAS, target / "clip.mp4",
            progress=lambda count, _: done.append(count), cancelled=lambda: len(done) >= 5,
        )  # fmt: skip
    assert done == [1, 2, 3, 4, 5]
    assert list(target.iterdir()) == []


def test_broken_picture_is_named_by_its_key(spec: SceneSpec, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    with pytest.raises(MediumUnreadable) as caught:
        render_scene(replace(spec, media=(Medium("f" * 64, broken),)), CANVAS, tmp_path / "clip.mp4")
    assert caught.value.key == "f" * 64
    assert not (tmp_path / "clip.mp4").exists()


def test_picture_moves_from_frame_to_frame(spec: SceneSpec) -> None:
    first, later = (draw_still(replace(spec, captions=False), CANVAS, index) for index in (0, 20))
    assert np.abs(first.astype(int) - later.astype(int)).mean() > 2


def test_scene_without_media_is_a_designed_picture(spec: SceneSpec) -> None:
    still = draw_still(replace(spec, media=(), of_total=2), CANVAS, 20)
    assert still.std() > 8
    assert np.unique(still.reshape(-1, 3), axis=0).shape[0] > 200


def test_poster_is_a_jpeg_of_the_canvas(spec: SceneSpec, tmp_path: Path) -> None:
    draw_poster(spec, CANVAS, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert (poster.format, poster.size) == ("JPEG", (320, 180))


def test_a_player_sees_the_colours_that_were_drawn(tmp_path: Path) -> None:
    """The planes, the file's colour tags and a decoder agree: patches come out as the still shows them."""
    patches = np.array([[(255, 0, 0), (0, 200, 0), (0, 0, 255)], [(255, 220, 0), (128, 128, 128), (250, 250, 250)]])
    path = tmp_path / "patches.png"
    Image.fromarray(patches.astype(np.uint8)).resize((960, 540), Image.Resampling.NEAREST).save(path)
    spec = SceneSpec(2, 3, 10, media=(Medium("p" * 64, path),))
    drawn = draw_still(spec, CANVAS, 5).astype(int)
    clip = render_scene(spec, CANVAS, tmp_path / "clip.mp4").path
    with av.open(str(clip)) as container:
        frame = list(container.decode(video=0))[5]
        assert (frame.colorspace, frame.color_range) == (1, 1)
        seen = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
    for y in (45, 135):
        for x in (53, 160, 266):
            area = np.s_[y - 10 : y + 10, x - 10 : x + 10]
            assert np.abs(seen[area].mean((0, 1)) - drawn[area].mean((0, 1))).max() < 6
