"""Model output is hostile until checked: what is read, corrected, refused and said about it."""

import json

import pytest
from adreel_scenes.domain.brief import AdBrief, StoryBrief
from adreel_scenes.domain.draft import mended, read_scene, read_storyboard
from adreel_scenes.domain.limits import VEO_BACKEND
from adreel_scenes.domain.rules import draft_problems
from adreel_scenes.domain.scene import StoryboardDraft
from hypothesis import given, settings
from hypothesis import strategies as st


def scene(number: int = 1, seconds: object = 10, **changes: object) -> dict[str, object]:
    return {
        "scene_number": number,
        "duration_seconds": seconds,
        "description": f"A street, picture {number}.",
        "script": f"Line {number}. Buy now.",
        "shot_type": "wide",
        "transition": "cut",
        "asset_ids": [],
    } | changes


def answer(*scenes: dict[str, object]) -> str:
    return json.dumps({"scenes": list(scenes) or [scene(1), scene(2), scene(3)]})


def codes(reading) -> set[str]:
    return {problem.code for problem in reading.problems}


def test_good_answer_is_read_whole(build):
    reading = read_storyboard(answer(), build.brief())
    assert reading.is_usable
    assert [content.duration_ms for content in reading.draft.scenes] == [10_000] * 3


@pytest.mark.parametrize("wrap", ["```json\n{}\n```", "Here is your storyboard:\n{}\nEnjoy!", "{}", "  {}"])
def test_json_is_found_in_fences_and_prose(build, wrap):
    assert read_storyboard(wrap.replace("{}", answer()), build.brief()).is_usable


def test_camel_case_and_bare_lists_are_accepted(build):
    item = {"sceneNumber": 1, "duration": 10, "description": "A.", "script": "Buy now.", "shotType": "POV"}
    reading = read_storyboard(json.dumps([item] * 3), build.brief())
    assert [(content.shot_type, content.transition) for content in reading.draft.scenes] == [
        ("point of view", "cut")
    ] * 3


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("", "NOT_JSON"),
        ("I am sorry, I cannot.", "NOT_JSON"),
        ('{"scenes": [{"description": "cut o', "NOT_JSON"),
        ('{"scenes": [NaN]}', "NOT_JSON"),
        ("[" * 100_000, "NOT_JSON"),
        ("x" * 300_000, "OUTPUT_TOO_LONG"),
        ("{}", "NO_SCENES"),
        ('{"scenes": {}}', "NO_SCENES"),
        ('{"scenes": []}', "NO_SCENES"),
        ('{"scenes": [1, 2, 3]}', "SCENE_SHAPE"),
        (json.dumps({"scenes": [scene()] * 1000}), "SCENE_COUNT"),
        (answer(scene(1, "ten"), scene(2), scene(3)), "FIELD_TYPE"),
        (answer(scene(1, True), scene(2), scene(3)), "FIELD_TYPE"),
        (answer(scene(1, -4), scene(2), scene(3)), "FIELD_TYPE"),
        (answer(scene(1, 1e400), scene(2), scene(3)), "NOT_JSON"),
        ('{"scenes": [{"duration_seconds": 1e999}]}', "FIELD_TYPE"),
        (answer(scene(1, script=["a"]), scene(2), scene(3)), "FIELD_TYPE"),
        (answer(scene(1, asset_ids="A1"), scene(2), scene(3)), "FIELD_TYPE"),
        (answer(scene(1, asset_ids=["A9"]), scene(2), scene(3)), "ASSET_UNKNOWN"),
        (answer(scene(1, 15), scene(2, 15)), "SCENE_COUNT"),
        (answer(scene(1, 3), scene(2, 3), scene(3, 3)), "TOTAL_DURATION"),
        (answer(scene(1), scene(2), scene(3, script="Bye.")), "CALL_TO_ACTION_MISSING"),
        (answer(scene(1, script=" "), scene(2), scene(3)), "SCRIPT_EMPTY"),
        (answer(scene(1, description="<br>"), scene(2), scene(3)), "DESCRIPTION_EMPTY"),
        (answer(scene(1, script="x" * 5000), scene(2), scene(3)), "TEXT_TOO_LONG"),
    ],
)
def test_bad_answer_is_refused_with_its_reason(build, output, code):
    reading = read_storyboard(output, build.brief())
    assert not reading.is_usable
    assert code in codes(reading)


def test_small_addition_errors_are_corrected_not_paid_for_again(build):
    reading = read_storyboard(answer(scene(1, 9), scene(2, 10), scene(3, 9.5)), build.brief())
    assert reading.is_usable
    assert reading.draft.duration_ms == 30_000


def test_scenes_are_put_in_the_order_of_their_numbers(build):
    reading = read_storyboard(answer(scene(2), scene(3), scene(1)), build.brief())
    assert [content.script for content in reading.draft.scenes] == [f"Line {n}. Buy now." for n in (1, 2, 3)]


def test_scene_too_long_for_the_backend_is_shared_out(build):
    reading = read_storyboard(
        answer(scene(1, 4), scene(2, 10), scene(3, 4)), build.brief(seconds=18, backend=VEO_BACKEND)
    )
    assert reading.is_usable
    assert max(content.duration_ms for content in reading.draft.scenes) <= 8_000
    assert reading.draft.duration_ms == 18_000


def test_short_asset_names_stand_for_ids(build):
    asset = build.asset()
    reading = read_storyboard(
        answer(scene(1, asset_ids=["A1", "A1"]), scene(2), scene(3)),
        build.brief(assets=(asset,)),
        {"A1": asset.asset_id},
    )
    assert reading.draft.scenes[0].asset_ids == (asset.asset_id,)


def test_unused_picture_is_a_problem_while_there_are_scenes_enough(build):
    assets = tuple(build.asset(f"Picture {n}") for n in range(4))
    assert codes(read_storyboard(answer(), build.brief(assets=assets[:1]))) == {"ASSET_UNUSED"}
    assert read_storyboard(answer(), build.brief(assets=assets)).is_usable


def test_markup_and_control_characters_do_not_get_in(build):
    dirty = scene(1, script="**Bold** <img src=x onerror=y> words\u0000 here. Buy now.", shot_type="Close-Up Shot")
    content = read_storyboard(answer(dirty, scene(2), scene(3)), build.brief()).draft.scenes[0]
    assert content.script == "Bold words here. Buy now."
    assert content.shot_type == "close-up"


def test_mending_corrects_what_needs_no_new_scene(build):
    asset = build.asset()
    brief = build.brief(assets=(asset,))
    broken = read_storyboard(answer(scene(1, 2, asset_ids=["gone"]), scene(2, 2), scene(3, 2, script="Bye.")), brief)
    draft = mended(broken.draft, brief)
    assert draft_problems(draft.scenes, brief) == []
    assert draft.scenes[-1].script == "Bye. Buy Now."


def test_mending_invents_no_scene(build):
    brief = build.brief()
    draft = mended(StoryboardDraft((build.content(10), build.content(10))), brief)
    assert [problem.code for problem in draft_problems(draft.scenes, brief)] == ["SCENE_COUNT"]


@pytest.mark.parametrize("output", [json.dumps(scene(2)), json.dumps({"scene": scene(2)}), answer(scene(2))])
def test_rewritten_scene_is_read_in_any_wrapping(build, output):
    scenes = [build.content(), build.content(), build.content()]
    reading = read_scene(output, 2, scenes, build.brief())
    assert reading.is_usable
    assert reading.draft.scenes[0].script == "Line 2. Buy now."


def test_rewritten_last_scene_must_keep_the_call_to_action(build):
    scenes = [build.content(), build.content(), build.content()]
    reading = read_scene(json.dumps(scene(3, script="Bye.")), 3, scenes, build.brief())
    assert codes(reading) == {"CALL_TO_ACTION_MISSING"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["scenes", "scene", "scene_number", "duration_seconds", "description", "script", "asset_ids", "x"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(value=_JSON)
def test_no_answer_crashes_the_reader(value):
    brief = StoryBrief(AdBrief("Watch", call_to_action="Buy now"))
    reading = read_storyboard(json.dumps(value), brief)
    if reading.is_usable:
        assert draft_problems(reading.draft.scenes, brief) == []
    read_scene(json.dumps(value), 1, [], brief)
