"""Lengths add up exactly, within the bounds of film and backend."""

import math

import pytest
from adreel_scenes.domain.clip_fit import fitted_ms
from adreel_scenes.domain.limits import LOCAL_BACKEND, OMNI_BACKEND, VEO_BACKEND, StoryLimits
from adreel_scenes.domain.timing import (
    expected_scene_count,
    milliseconds,
    possible_scene_counts,
    reachable_ms,
    rebalanced_ms,
    spread_ms,
)
from hypothesis import given
from hypothesis import strategies as st


@given(
    total=st.integers(3_000, 120_000),
    weights=st.lists(st.floats(0.01, 10), min_size=1, max_size=7),
    low=st.integers(100, 1_000),
)
def test_spread_is_exact_and_within_bounds(total, weights, low):
    lows = [min(low, total // len(weights))] * len(weights)
    high = max(total // 2, math.ceil(total / len(weights)))
    parts = spread_ms(total, weights, lows, high)
    assert sum(parts) == total
    assert all(small <= part <= high for small, part in zip(lows, parts, strict=True))


@given(lengths=st.lists(st.integers(1_000, 20_000), min_size=2, max_size=7), data=st.data())
def test_rebalanced_keeps_the_fixed_length_and_the_total(lengths, data):
    fixed = data.draw(st.integers(0, len(lengths) - 1))
    total = sum(lengths)
    parts = rebalanced_ms(lengths, fixed, total, 1_000, total)
    assert parts[fixed] == lengths[fixed]
    assert sum(parts) == total


def test_spread_refuses_bounds_that_cannot_hold():
    with pytest.raises(ValueError, match="do not add up"):
        spread_ms(30_000, [1, 1, 1], [1_000] * 3, 8_000)


def test_rebalancing_a_single_scene_to_another_length_is_refused():
    with pytest.raises(ValueError, match="no other scene"):
        rebalanced_ms([5_000], 0, 6_000, 1_000, 8_000)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1, 0, True, 1e9])
def test_no_length_is_made_of_what_is_none(seconds):
    with pytest.raises(ValueError, match="finite number"):
        milliseconds(seconds)


def test_seconds_become_whole_milliseconds():
    assert milliseconds(7.3333) == 7333


@pytest.mark.parametrize(
    ("seconds", "assets", "pace", "expected"),
    [
        (5, 0, 0, 3),
        (15, 0, 0, 3),
        (30, 0, 0, 6),
        (30, 0, -1, 5),
        (30, 0, 1, 7),
        (120, 0, 0, 7),
        (15, 6, 0, 6),
        (5, 7, 0, 3),
    ],
)
def test_scene_count_follows_length_assets_and_pace(seconds, assets, pace, expected):
    assert expected_scene_count(seconds * 1000, assets, StoryLimits(), LOCAL_BACKEND, pace=pace) == expected


def test_veo_needs_scenes_enough_for_its_clips():
    assert possible_scene_counts(40_000, StoryLimits(), VEO_BACKEND) == range(5, 8)
    assert not possible_scene_counts(60_000, StoryLimits(), VEO_BACKEND)
    with pytest.raises(ValueError, match="no number of scenes"):
        expected_scene_count(60_000, 0, StoryLimits(), VEO_BACKEND)


def test_reach_is_bounded_by_what_the_others_can_take():
    assert reachable_ms(1_000, 18_000, 2, 1_000, 8_000) == 2_000
    assert reachable_ms(5_000, 18_000, 2, 1_000, 8_000) == 5_000
    assert reachable_ms(5_000, 40_000, 2, 1_000, 8_000) is None


@pytest.mark.parametrize(("scene_ms", "clip_ms"), [(1_500, 4_000), (4_000, 4_000), (4_001, 6_000), (7_900, 8_000)])
def test_veo_clip_is_the_shortest_that_covers_the_scene(scene_ms, clip_ms):
    plan = VEO_BACKEND.plan_clip(scene_ms)
    assert (plan.clip_ms, plan.uses_reference) == (clip_ms, False)


@given(
    st.lists(st.integers(10, 80), min_size=1, max_size=7).map(lambda tenths: [100 * tenth for tenth in tenths]),
    st.just(0.0) | st.floats(0, 1),
)
def test_fitted_lengths_keep_the_sum_and_the_lows_and_never_cost_more(lengths, share):
    lows = [int(length * share) // 100 * 100 for length in lengths]
    fitted = fitted_ms(lengths, lows, VEO_BACKEND)
    assert sum(fitted) == sum(lengths)
    assert all(low <= length <= 8_000 for low, length in zip(lows, fitted, strict=True))
    assert bought_ms(fitted) <= bought_ms(lengths)
    if share == 0:
        least = min(4_000 * len(lengths) + step for step in range(0, 28_001, 2_000)
                    if 4_000 * len(lengths) + step >= sum(lengths))  # fmt: skip
        assert bought_ms(fitted) == least


def bought_ms(lengths):
    return sum(VEO_BACKEND.plan_clip(length).clip_ms for length in lengths)


def test_fitted_lengths_are_the_nearest_that_are_sold():
    assert fitted_ms([4_600, 5_900, 4_400, 5_100, 4_500, 5_500], [1_000] * 6, VEO_BACKEND) == (
        4_000, 6_000, 4_000, 6_000, 4_000, 6_000,
    )  # fmt: skip
    # Odd seconds: what is bought beyond the film comes off the scenes that gained most.
    assert fitted_ms([5_000, 5_000, 5_000], [1_000] * 3, VEO_BACKEND) == (4_000, 5_500, 5_500)


def test_lengths_stay_where_nothing_is_saved_or_any_length_is_made():
    assert fitted_ms([3_700, 3_900], [1_000] * 2, VEO_BACKEND) == (3_700, 3_900)
    assert fitted_ms([5_100, 4_900], [1_000] * 2, OMNI_BACKEND) == (5_100, 4_900)
    assert fitted_ms([9_000, 5_000], [1_000] * 2, VEO_BACKEND) == (9_000, 5_000)


def test_reference_images_are_used_at_sixteen_to_nine_and_eight_seconds_only():
    wide = VEO_BACKEND.plan_clip(3_000, wants_reference=True, aspect_ratio="16:9")
    tall = VEO_BACKEND.plan_clip(3_000, wants_reference=True, aspect_ratio="9:16")
    assert (wide.clip_ms, wide.uses_reference) == (8_000, True)
    assert (tall.clip_ms, tall.uses_reference) == (4_000, False)


def test_backend_with_a_range_makes_any_length_in_it():
    assert OMNI_BACKEND.plan_clip(1_000).clip_ms == 3_000
    assert OMNI_BACKEND.plan_clip(9_700).clip_ms == 9_700
    with pytest.raises(ValueError, match="at most"):
        OMNI_BACKEND.plan_clip(16_000)


@pytest.mark.parametrize(("least", "most"), [(0, 3), (5, 4), (1, 51)])
def test_senseless_scene_limits_are_refused_at_start(least, most):
    with pytest.raises(ValueError, match="SCENES_PER_VIDEO"):
        StoryLimits(min_scenes=least, max_scenes=most)
