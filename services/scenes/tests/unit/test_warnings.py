"""Doubts about scenes: said where there is one, and nowhere else."""

from dataclasses import replace

import pytest
from adreel_scenes.domain.warnings import story_warnings


def codes(build, *contents, **brief):
    return [(w.code, w.scene_number) for w in story_warnings(contents, build.brief(**brief))]


@pytest.mark.parametrize(
    "description",
    [
        "Slowly and quietly.",
        "Wide shot. The camera pans slowly to the right; cinematic mood.",
        "It is beautiful, warm and emotional.",
        "Quick cuts, then a fade out.",
        "...",
    ],
)
def test_a_description_of_nothing_but_camera_and_mood_is_doubted(build, description):
    scenes = [build.content(10, description=description), build.content(10), build.content(10)]
    assert codes(build, *scenes) == [("NO_SUBJECT", 1)]


@pytest.mark.parametrize(
    "description",
    [
        "Close-up of a watch.",
        "A family.",
        "The Smart Watch.",
        "Light moves slowly across the frame.",
        "Ein Läufer.",
        "時計",
    ],
)
def test_a_description_with_anything_to_see_is_not(build, description):
    assert codes(build, *[build.content(10, description=description)] * 3) == []


def test_a_camera_that_is_the_product_is_a_subject(build):
    scenes = [build.content(10, description="Close-up of the camera.")] * 3
    assert codes(build, *scenes, product="Zoom 4 camera") == []
    assert {code for code, _ in codes(build, *scenes)} == {"NO_SUBJECT"}


@pytest.mark.parametrize(
    ("seconds", "words", "doubted"), [(10, 30, False), (10, 31, True), (2, 6, False), (2, 7, True)]
)
def test_three_words_a_second_can_be_spoken_and_no_more(build, seconds, words, doubted):
    scene = build.content(seconds, script="Buy now. " + "word " * (words - 2))
    assert ("SCRIPT_TOO_LONG" in {w.code for w in story_warnings([scene], build.brief(seconds=seconds))}) is doubted


def test_a_hero_that_no_scene_shows_is_missed_by_its_name(build):
    hero, other = build.asset("Watch on a wrist"), build.asset("Skyline", "background")
    brief = build.brief(assets=(hero, other))
    scene = build.content(10)
    shown = replace(scene, asset_ids=(other.asset_id,))
    (warning,) = story_warnings([scene, scene, shown], brief)
    assert (warning.code, warning.scene_number) == ("HERO_ASSET_UNUSED", None)
    assert "Watch on a wrist" in warning.message
    assert story_warnings([replace(scene, asset_ids=(hero.asset_id,)), scene, shown], brief) == ()
