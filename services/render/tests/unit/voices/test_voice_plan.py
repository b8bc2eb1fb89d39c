"""When voices are heard: in their scenes where they fit, never two at once, never beyond the film."""

from itertools import pairwise

import pytest
from adreel_render.domain.voice_plan import (
    COMFORTABLE_TEMPO,
    GAP_SECONDS,
    HURRIED_TEMPO,
    LEAD_IN_SECONDS,
    TAIL_SECONDS,
    place_voices,
)
from hypothesis import given
from hypothesis import strategies as st


def test_speech_that_fits_is_heard_as_it_was_spoken_a_moment_after_its_scene_begins() -> None:
    places = place_voices([4.0, 5.0], {1: 2.0, 2: 3.0})
    assert [(place.start, place.end, place.tempo) for place in places.values()] == [
        (0.25, 2.25, 1.0),
        (4.25, 7.25, 1.0),
    ]


def test_speech_that_is_a_little_too_long_is_said_faster_and_ends_in_its_scene() -> None:
    place = place_voices([4.0, 5.0], {1: 4.2})[1]
    assert 1.0 < place.tempo < COMFORTABLE_TEMPO
    assert place.end == pytest.approx(4.0 - TAIL_SECONDS)


def test_longer_speech_runs_on_and_the_next_one_waits_for_it() -> None:
    places = place_voices([4.0, 5.0], {1: 5.2, 2: 2.0})
    assert places[1].tempo == COMFORTABLE_TEMPO
    assert 4.0 < places[1].end < 5.0
    assert places[2].start == pytest.approx(places[1].end + GAP_SECONDS)
    assert places[2].tempo == 1.0


def test_speech_that_would_trail_its_picture_far_is_hurried() -> None:
    place = place_voices([3.0, 9.0], {1: 5.0, 2: 2.0})[1]
    assert COMFORTABLE_TEMPO < place.tempo < HURRIED_TEMPO
    assert place.end == pytest.approx(3.0 + 0.8)


def test_last_speech_is_hurried_rather_than_cut_by_the_end_of_the_film() -> None:
    place = place_voices([4.0, 3.0], {2: 4.0})[2]
    assert COMFORTABLE_TEMPO < place.tempo <= HURRIED_TEMPO
    assert place.end <= 7.0
    assert place.most_seconds is None


def test_what_cannot_be_said_at_all_ends_with_the_film() -> None:
    place = place_voices([3.0], {1: 20.0})[1]
    assert place.tempo == HURRIED_TEMPO
    assert place.most_seconds == pytest.approx(3.0 - 0.05 - place.start)


def test_silent_scenes_have_no_place() -> None:
    assert place_voices([3.0, 3.0], {}) == {}
    assert list(place_voices([3.0, 3.0, 3.0], {2: 1.0, 3: 0.0})) == [2]


@given(
    st.lists(st.tuples(st.floats(0.5, 20.0), st.one_of(st.just(0.0), st.floats(0.05, 60.0))), min_size=1, max_size=7)
)
def test_voices_never_meet_and_never_leave_the_film(scenes: list[tuple[float, float]]) -> None:
    lengths = [length for length, _ in scenes]
    places = place_voices(lengths, {number: speech for number, (_, speech) in enumerate(scenes, start=1)})
    starts = [sum(lengths[: number - 1]) for number in places]
    for place, scene_start in zip(places.values(), starts, strict=True):
        assert place.start >= scene_start
        assert place.start < place.end <= sum(lengths)
        assert 1.0 <= place.tempo <= HURRIED_TEMPO
        heard = scenes[place.scene_number - 1][1] / place.tempo
        assert place.most_seconds is not None or place.end - place.start == pytest.approx(heard)
    for one, following in pairwise(places.values()):
        assert following.start >= one.end + GAP_SECONDS - 1e-9


def test_a_changed_scene_does_not_move_the_voices_around_it() -> None:
    before = place_voices([4.0, 4.0, 4.0], {1: 2.0, 2: 3.0, 3: 2.0})
    after = place_voices([4.0, 4.0, 4.0], {1: 2.0, 2: 1.5, 3: 2.0})
    assert (before[1], before[3]) == (after[1], after[3])
    assert after[2].start == 4.0 + LEAD_IN_SECONDS
