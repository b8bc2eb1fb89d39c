"""Transitions: what their windows look like, and how many frames they take from whom."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from adreel_render.engine.composer import compose_film
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import (
    CUT,
    Transition,
    TransitionKind,
    clip_frames,
    fitting,
    transition_from_words,
)
from adreel_render.engine.yuv import Planes

A_LUMA, B_LUMA = 60, 180


@pytest.fixture
def window_of(
    make_clip: Callable[..., FilmClip],
    film_planes: Callable[[Path, Canvas, int, int], list[Planes]],
    tmp_path: Path,
    canvas: Canvas,
) -> Callable[[Transition], list[Planes]]:
    """The decoded window between a dark and a bright flat clip, one frame more on each side."""

    def make(transition: Transition) -> list[Planes]:
        def flat(luma: int) -> Callable[[int], Planes]:
            half = (canvas.height_px // 2, canvas.width_px // 2)
            chroma = np.full(half, 128 if luma == A_LUMA else 108, np.uint8)
            return lambda _: (np.full((canvas.height_px, canvas.width_px), luma, np.uint8), chroma, chroma)

        a = make_clip(1, 40, CUT, transition, frames=flat(A_LUMA))
        b = make_clip(2, 40, transition, CUT, frames=flat(B_LUMA))
        plan = FilmPlan(canvas, (a, b), (transition,))
        film = compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path).path
        start = 40 - transition.frames_before_cut
        return film_planes(film, canvas, start - 1, start + transition.frames + 1)

    return make


def test_the_middle_of_a_crossfade_is_the_mean_of_both(window_of: Callable[[Transition], list[Planes]]) -> None:
    frames = window_of(Transition(TransitionKind.CROSSFADE, 15))
    luma = [float(y.mean()) for y, _, _ in frames]
    assert luma[0] == pytest.approx(A_LUMA, abs=1)
    assert luma[-1] == pytest.approx(B_LUMA, abs=1)
    assert luma[8] == pytest.approx((A_LUMA + B_LUMA) / 2, abs=1.5)
    assert frames[8][1].mean() == pytest.approx(118, abs=1.5)
    assert np.all(np.diff(luma) > 0)


def test_fading_through_black_is_black_at_the_cut(window_of: Callable[[Transition], list[Planes]]) -> None:
    luma = [float(y.mean()) for y, _, _ in window_of(Transition(TransitionKind.FADE_THROUGH_BLACK, 14))]
    assert luma[0] == pytest.approx(A_LUMA, abs=1)
    assert luma[7] == pytest.approx(16, abs=1.5)
    assert luma[-1] == pytest.approx(B_LUMA, abs=1)
    assert np.all(np.diff(luma[:8]) < 0)
    assert np.all(np.diff(luma[7:]) > 0)


def test_a_fade_in_starts_black_and_a_fade_out_ends_black(window_of: Callable[[Transition], list[Planes]]) -> None:
    fade_in = [float(y.mean()) for y, _, _ in window_of(Transition(TransitionKind.FADE_IN, 12))]
    assert fade_in[0] == pytest.approx(A_LUMA, abs=1)
    assert fade_in[1] == pytest.approx(16, abs=1)
    assert np.all(np.diff(fade_in[1:]) > 0)
    fade_out = [float(y.mean()) for y, _, _ in window_of(Transition(TransitionKind.FADE_OUT, 12))]
    assert np.all(np.diff(fade_out[:-1]) < 0)
    assert fade_out[-2] == pytest.approx(16, abs=1)
    assert fade_out[-1] == pytest.approx(B_LUMA, abs=1)


def test_a_wipe_uncovers_from_the_left_and_a_slide_pushes_from_the_right(
    window_of: Callable[[Transition], list[Planes]],
) -> None:
    wipe = window_of(Transition(TransitionKind.WIPE, 15))[8][0]
    assert wipe[:, :60].mean() == pytest.approx(B_LUMA, abs=3)
    assert wipe[:, -60:].mean() == pytest.approx(A_LUMA, abs=3)
    slide = window_of(Transition(TransitionKind.SLIDE, 15))[8][0]
    assert slide[:, :60].mean() == pytest.approx(A_LUMA, abs=3)
    assert slide[:, -60:].mean() == pytest.approx(B_LUMA, abs=3)


@pytest.mark.parametrize("kind", list(TransitionKind))
@pytest.mark.parametrize("frames", [0, 1, 2, 15, 24])
def test_windows_cover_their_length_and_add_none(kind: TransitionKind, frames: int) -> None:
    transition = Transition(kind, frames)
    after_cut = transition.frames_of_b - transition.head_handle_frames
    assert transition.frames_before_cut + after_cut == transition.frames
    assert transition.tail_handle_frames + transition.head_handle_frames <= transition.frames


def test_copy_range_lies_between_the_windows() -> None:
    layout = clip_frames(100, Transition(TransitionKind.CROSSFADE, 15), Transition(TransitionKind.FADE_OUT, 20))
    assert (layout.head_frames, layout.body_frames, layout.tail_frames) == (8, 100, 0)
    assert (layout.copy_start, layout.copy_end) == (15, 88)


def test_a_transition_is_shortened_to_half_of_the_shorter_neighbour() -> None:
    wanted = Transition(TransitionKind.CROSSFADE, 30)
    assert fitting(wanted, 200, 200) == wanted
    before, after = fitting(wanted, 200, 20), fitting(wanted, 20, 200)
    assert 18 <= before.frames <= 21
    assert 18 <= after.frames <= 21
    layout = clip_frames(20, before, after)
    assert layout.copy_start <= layout.copy_end
    assert fitting(wanted, 1, 200) == CUT


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Fade-In", TransitionKind.FADE_IN),
        ("FADE OUT", TransitionKind.FADE_OUT),
        ("cross-fade", TransitionKind.CROSSFADE),
        ("crossfade", TransitionKind.CROSSFADE),
        (" fast   cuts ", TransitionKind.FAST_CUTS),
        ("wipe", TransitionKind.WIPE),
        ("slide", TransitionKind.SLIDE),
        ("Cut", TransitionKind.CUT),
        ("star swirl", None),
        ("", None),
    ],
)
def test_words_name_a_kind_in_any_case_and_spelling(words: str, kind: TransitionKind | None) -> None:
    assert transition_from_words(words) == kind
