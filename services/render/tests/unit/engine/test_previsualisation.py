"""Drawn clips: what of a prompt is shown, which shot and colours it asks for, how clips overlap when joined."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.engine.captions import columns
from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.figure import clothes_of, looks_of
from adreel_render.engine.merging import SourceClip, common_canvas, lay_out_merge
from adreel_render.engine.motion import ShotType
from adreel_render.engine.previsualisation import (
    Previsualisation,
    draw_previsualisation,
    gist,
    previsualisation_spec,
    shot_of,
)
from adreel_render.engine.reference_image import draw_reference_image
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import TransitionKind
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = Canvas(320, 180, 24)


def test_a_short_prompt_is_shown_whole_and_a_long_one_by_its_first_sentences() -> None:
    assert gist("A storm at sea.", 8) == "A storm at sea."
    long = (
        "A keeper climbs the stairs. He opens the lamp room door. " + "Then much more happens that nobody reads. " * 9
    )
    assert gist(long, 5) == "A keeper climbs the stairs. He opens the lamp room door."
    one = gist("a single sentence " * 40, 4)
    assert one.endswith("…")
    assert one.count("single") <= 4


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.floats(1, 60))
def test_a_gist_can_be_read_in_its_time(prompt: str, seconds: float) -> None:
    assert columns(gist(prompt, seconds)) <= max(28, round(seconds * 13)) + 1


@pytest.mark.parametrize(
    ("prompt", "shot"),
    [
        ("Extreme close-up of an eye", ShotType.CLOSE_UP),
        ("A drone shot over hills, then a close-up", ShotType.AERIAL),
        ("POV: running", ShotType.POINT_OF_VIEW),
        ("Over-the-shoulder of the singer", ShotType.OVER_THE_SHOULDER),
        ("Establishing shot of a city", ShotType.WIDE),
        ("He drones on about povidone", ShotType.MEDIUM),
        ("", ShotType.MEDIUM),
    ],
)
def test_the_words_of_the_trade_choose_the_shot(prompt: str, shot: ShotType) -> None:
    assert shot_of(prompt) is shot


@pytest.mark.parametrize(
    "prompt", ["🎉\u0000" * 30, "x" * 3000, "مرحبا بالعالم " * 40, "雨が降る夜の街" * 30, "[only]"]
)
def test_any_prompt_gives_a_clip(tmp_path: Path, prompt: str) -> None:
    info = draw_previsualisation(Previsualisation(prompt, 6, SMALL, seed=2), tmp_path / "clip.mp4")

    assert info.frame_count == 6
    with av.open(str(info.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6


def test_the_scene_of_a_clip_neither_opens_nor_closes_a_film() -> None:
    spec = previsualisation_spec(Previsualisation("A red door", 48, SMALL))

    assert not spec.is_first
    assert not spec.is_last
    assert spec.frame_count == 48


def test_clothes_take_the_colours_that_are_said_of_them_alone() -> None:
    looks = looks_of("An old man with a white beard and blue eyes in a navy blue pullover")
    assert len(looks.clothes) == 1
    red, _, blue = looks.clothes[0]
    assert blue > red
    assert looks.beard is not None
    assert min(looks.beard) > 200
    assert looks.hair == looks.beard  # white beard, white hair, where nothing else is said
    assert looks_of("a bald man").hair is None
    assert looks_of("a girl with long wavy brown hair").is_long
    assert not looks_of("a girl with short brown hair on a long road").is_long
    assert clothes_of(["green", "eyes", "and", "silver", "hair"]) == ()


def test_two_characters_have_two_cards() -> None:
    plain = draw_reference_image("A woman in a red coat", seed=1)
    assert draw_reference_image("A woman in a red coat with long black hair", seed=1) != plain
    assert draw_reference_image("A bald woman in a red coat", seed=1) != plain


def clip(width: int, height: int, rate: int = 24, seconds: float = 2.0) -> SourceClip:
    return SourceClip(width, height, Fraction(rate), seconds, has_audio=True)


def test_the_first_clip_gives_the_shape_the_sharpest_the_size_the_most_the_rate() -> None:
    canvas = common_canvas([clip(640, 360, 24), clip(1080, 1920, 30), clip(300, 300, 30)])
    assert (canvas.width_px, canvas.height_px, canvas.fps) == (1920, 1080, 30)
    assert common_canvas([clip(360, 640), clip(1280, 720)]) == Canvas.of("9:16", "720p", 24)
    assert common_canvas([clip(500, 480, 60)]) == Canvas.of("1:1", "720p", 30)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0.05, 9), min_size=2, max_size=6),
    st.sampled_from(list(TransitionKind)),
)
def test_joined_clips_are_used_whole_and_overlap_by_their_transitions(
    lengths: list[float], kind: TransitionKind
) -> None:
    sources = [clip(640, 360, seconds=length) for length in lengths]

    layout = lay_out_merge(sources, kind)

    frames = [int(length * 24 + 0.5) for length in lengths]
    assert [one.frame_count for one in layout.clips] == frames
    overlaps = sum(one.head_handle_frames + one.tail_handle_frames for one in layout.transitions)
    assert layout.frame_count == sum(frames) - overlaps
    assert all(one.copy_start <= one.copy_end for one in layout.clips)


def test_a_clip_without_a_frame_is_refused() -> None:
    with pytest.raises(MediaRejected):
        lay_out_merge([clip(640, 360), clip(640, 360, seconds=0.0)], TransitionKind.CUT)


def test_the_label_stands_in_the_corner_from_first_to_last(tmp_path: Path) -> None:
    canvas = Canvas.of("16:9", "720p", 24)
    path = draw_previsualisation(Previsualisation("", 4, canvas, seed=1), tmp_path / "clip.mp4").path

    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    for frame in (frames[0], frames[-1]):
        corner = frame[36:90, 60:330].astype(int)
        assert np.ptp(corner) > 100  # light letters on a dark ground
