"""Music-video scenes of the template writer."""

import pytest
from adreel_scenes.adapters.template.music import TemplateMusicWriter, stages_of
from adreel_scenes.domain.music import MusicSceneRequest
from hypothesis import given, settings
from hypothesis import strategies as st


async def written(**changes: object):
    values = {
        "idea": "a lighthouse keeper finds a radio",
        "character_description": "A woman with silver hair",
    } | changes
    return (await TemplateMusicWriter().write_music_scenes(MusicSceneRequest(**values))).scenes


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 20, 50])
async def test_as_many_scenes_as_asked_for_no_two_alike(count):
    scenes = await written(number_of_scenes=count)
    assert len(scenes) == count
    assert len({scene.description for scene in scenes}) == count


async def test_every_scene_stands_alone():
    for scene in await written(character_characteristics="calm, 40 years old", video_type="film noir"):
        for words in (
            "a woman with silver hair",
            "calm, 40 years old",
            "a lighthouse keeper finds a radio",
            "film noir",
        ):
            assert words in scene.description
        assert "watermarks" in scene.negative_description


async def test_camera_angle_asked_for_is_named():
    assert all("bird's eye" in scene.description for scene in await written(camera_angle="Bird's eye"))


async def test_same_seed_same_scenes_other_seed_others():
    assert await written(seed=1) == await written(seed=1)
    assert await written(seed=1) != await written(seed=2)


def test_song_opens_peaks_and_ends():
    stages = stages_of(7)
    assert (stages[0], stages[-1]) == ("opening", "finale")
    assert "chorus" in stages


@settings(max_examples=100, deadline=None)
@given(idea=st.text(max_size=200), who=st.text(max_size=200), angle=st.text(max_size=20))
async def test_any_words_make_scenes(idea, who, angle):
    for scene in await written(idea=idea, character_description=who, camera_angle=angle):
        assert scene.description.strip()
        assert "watermarks" in scene.negative_description
        assert "  " not in scene.description
