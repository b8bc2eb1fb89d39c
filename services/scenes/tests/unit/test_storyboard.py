"""The verbs of the storyboard and what they must never break."""

from dataclasses import replace

import pytest
from adreel_scenes.domain.brief import AssetType
from adreel_scenes.domain.errors import (
    SceneInvalid,
    SceneNotFound,
    SceneRevisionStale,
    StoryboardInvalid,
    StoryboardLocked,
    StoryboardNotLocked,
    StoryboardVersionStale,
)
from adreel_scenes.domain.history import revisions_between
from adreel_scenes.domain.limits import VEO_BACKEND
from adreel_scenes.domain.scene import SceneEdit, StoryboardDraft
from hypothesis import given, settings
from hypothesis import strategies as st


def test_first_storyboard_has_version_one_and_numbers_from_one(build):
    board = build.storyboard(build.brief())
    assert (board.version, [scene.number for scene in board.scenes]) == (1, [1, 2, 3])
    assert [scene.revision for scene in board.scenes] == [1, 1, 1]
    assert board.duration_ms == 30_000


def test_draft_that_breaks_rules_is_refused_with_every_problem(build, now):
    brief = build.brief()
    draft = StoryboardDraft((build.content(3, script="Nothing."), build.content(3, script="No call.")))
    with pytest.raises(StoryboardInvalid) as refused:
        build.storyboard(brief).accept(draft, brief, "template", now, build.new_id)
    assert {problem.code for problem in refused.value.problems} == {
        "SCENE_COUNT",
        "TOTAL_DURATION",
        "CALL_TO_ACTION_MISSING",
    }


def test_new_draft_keeps_ids_and_history_of_positions_that_stay(build, now):
    brief = build.brief()
    before = build.storyboard(brief)
    contents = tuple(build.content(7.5, description=f"New picture {n}.") for n in range(4))
    after = before.accept(StoryboardDraft(contents), brief, "openai:gpt", now, build.new_id)
    assert [scene.scene_id for scene in after.scenes[:3]] == [scene.scene_id for scene in before.scenes]
    assert {scene.revision for scene in after.scenes} == {2}
    kept = revisions_between(before, after, cause="regenerate_all_scenes", changed_by="openai:gpt", at=now)
    assert [(revision.number, revision.content) for revision in kept] == [
        (scene.number, scene.content) for scene in before.scenes
    ]


def test_replaced_scene_leaves_others_untouched_and_total_the_same(build, now):
    brief = build.brief()
    before = build.storyboard(brief)
    after = before.replace_scene(2, build.content(10, script="Other words."), brief, "template", now)
    assert after.scenes[0] == before.scenes[0]
    assert after.scenes[2] == before.scenes[2]
    assert after.scenes[1].content.script == "Other words."
    assert (after.scenes[1].revision, after.version) == (2, 2)


def test_replaced_scene_of_another_length_moves_only_the_lengths_of_others(build, now):
    brief = build.brief()
    before = build.storyboard(brief)
    after = before.replace_scene(1, build.content(4, script="Short."), brief, "template", now)
    assert [scene.duration_ms for scene in after.scenes] == [4_000, 13_000, 13_000]
    assert after.scenes[1].content.script == before.scenes[1].content.script
    assert after.scenes[1].generator == before.scenes[1].generator


def test_replaced_scene_beyond_the_backends_clip_is_brought_within_reach(build, now):
    brief = build.brief(seconds=18, backend=VEO_BACKEND)
    before = build.storyboard(brief, 6, 6, 6)
    after = before.replace_scene(1, build.content(1.5), brief, "template", now)
    assert after.duration_ms == 18_000
    assert [scene.duration_ms for scene in after.scenes] == [2_000, 8_000, 8_000]


def test_last_scene_cannot_be_rewritten_without_its_call_to_action(build, now):
    brief = build.brief()
    with pytest.raises(StoryboardInvalid) as refused:
        build.storyboard(brief).replace_scene(3, build.content(10, script="Goodbye."), brief, "template", now)
    assert [problem.code for problem in refused.value.problems] == ["CALL_TO_ACTION_MISSING"]


def test_rewriting_cannot_drop_the_only_use_of_an_asset(build, now):
    asset = build.asset()
    brief = build.brief(assets=(asset,))
    contents = [build.content(), build.content(asset_ids=(asset.asset_id,)), build.content()]
    board = build.storyboard(build.brief()).accept(StoryboardDraft(tuple(contents)), brief, "x", now, build.new_id)
    with pytest.raises(StoryboardInvalid, match="Only this scene used"):
        board.replace_scene(2, build.content(), brief, "template", now)


def test_edit_is_partial_and_marks_the_scene_as_the_users(build, now):
    brief = build.brief()
    before = build.storyboard(brief)
    after = before.edit_scene(2, SceneEdit(shot_type="Dutch angle"), brief, now)
    edited = after.scene(2)
    assert edited.content == replace(before.scene(2).content, shot_type="Dutch angle")
    # Only the shot changed, yet it was a person who answers for the scene now.
    assert (edited.generator, edited.revision) == ("user", 2)
    assert [(warning.code, warning.scene_number) for warning in after.warnings] == [("SHOT_TYPE_UNKNOWN", 2)]


def test_edit_without_a_change_is_no_new_version(build, now):
    brief = build.brief()
    before = build.storyboard(brief)
    assert before.edit_scene(1, SceneEdit(script=before.scene(1).content.script), brief, now) is before


def test_edited_length_changes_the_total_and_warns(build, now):
    brief = build.brief()
    after = build.storyboard(brief).edit_scene(1, SceneEdit(duration_ms=14_000), brief, now)
    assert after.duration_seconds == 34
    assert [warning.code for warning in after.warnings] == ["TOTAL_DURATION"]


def test_edited_length_with_rebalance_keeps_the_total(build, now):
    brief = build.brief()
    after = build.storyboard(brief).edit_scene(1, SceneEdit(duration_ms=14_000), brief, now, rebalance=True)
    assert [scene.duration_ms for scene in after.scenes] == [14_000, 8_000, 8_000]
    assert after.warnings == ()


def test_rebalance_that_cannot_hold_says_why(build, now):
    brief = build.brief()
    with pytest.raises(SceneInvalid, match="cannot be stretched"):
        build.storyboard(brief).edit_scene(1, SceneEdit(duration_ms=29_500), brief, now, rebalance=True)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (SceneEdit(duration_ms=0), "SCENE_TOO_SHORT"),
        (SceneEdit(duration_ms=31_000), "SCENE_TOO_LONG"),
        (SceneEdit(description="  "), "DESCRIPTION_EMPTY"),
        (SceneEdit(script="x" * 1501), "TEXT_TOO_LONG"),
        (SceneEdit(shot_type="x" * 51), "TEXT_TOO_LONG"),
        (SceneEdit(transition="cut\x00"), "TEXT_NOT_PLAIN"),
        (SceneEdit(asset_ids=("nowhere",)), "ASSET_UNKNOWN"),
        (SceneEdit(metadata={"ratio": float("nan")}), "METADATA_NOT_JSON"),
        (SceneEdit(metadata={"much": "x" * 9000}), "METADATA_TOO_LARGE"),
    ],
)
def test_bad_edit_names_the_field(build, now, edit, code):
    brief = build.brief()
    with pytest.raises(SceneInvalid) as refused:
        build.storyboard(brief).edit_scene(1, edit, brief, now)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert refused.value.details["fields"][0]["field"].startswith("scene.")


def test_edit_longer_than_the_backends_clips_is_refused(build, now):
    brief = build.brief(seconds=24, backend=VEO_BACKEND)
    with pytest.raises(SceneInvalid, match="at most 8 s"):
        build.storyboard(brief, 8, 8, 8).edit_scene(1, SceneEdit(duration_ms=9_000), brief, now)


def test_stale_revision_is_refused(build, now):
    brief = build.brief()
    board = build.storyboard(brief).edit_scene(1, SceneEdit(script="New."), brief, now, if_revision=1)
    with pytest.raises(SceneRevisionStale) as refused:
        board.edit_scene(1, SceneEdit(script="Newer."), brief, now, if_revision=1)
    assert refused.value.http_status == 412


def test_reader_of_a_moved_scene_does_not_pass_for_current(build, now):
    brief = build.brief()
    board = build.storyboard(brief).edit_scene(2, SceneEdit(script="Second revision."), brief, now)
    moved = board.reorder([2, 1, 3], brief, now)
    seen_before = {(scene.number, scene.revision): scene.scene_id for scene in board.scenes}
    for scene in moved.scenes:
        assert seen_before.get((scene.number, scene.revision), scene.scene_id) == scene.scene_id


def test_added_and_removed_scenes_number_anew(build, now):
    brief = build.brief()
    board = build.storyboard(brief).add_scene(2, build.content(6), brief, now, build.new_id, rebalance=True)
    assert [scene.number for scene in board.scenes] == [1, 2, 3, 4]
    assert board.duration_ms == 30_000
    shorter = board.remove_scene(1, brief, now, rebalance=True)
    assert [scene.scene_id for scene in shorter.scenes] == [scene.scene_id for scene in board.scenes[1:]]
    assert shorter.duration_ms == 30_000


def test_count_of_scenes_stays_within_the_settings(build, now):
    brief = build.brief()
    with pytest.raises(SceneInvalid, match="3 to 7"):
        build.storyboard(brief).remove_scene(1, brief, now)
    seven = build.storyboard(brief, 5, 5, 4, 4, 4, 4, 4)
    with pytest.raises(SceneInvalid, match="3 to 7"):
        seven.add_scene(1, build.content(4), brief, now, build.new_id)


@pytest.mark.parametrize("order", [[1, 2], [1, 1, 2], [0, 1, 2], [1, 2, 3, 4]])
def test_order_must_name_each_scene_once(build, now, order):
    brief = build.brief()
    with pytest.raises(SceneInvalid):
        build.storyboard(brief).reorder(order, brief, now)


def test_unknown_scene_number_is_not_found(build, now):
    board = build.storyboard(build.brief())
    for number in (0, -1, 4):
        with pytest.raises(SceneNotFound):
            board.scene(number)


def test_locked_storyboard_changes_in_no_way(build, now):
    brief = build.brief()
    locked = build.storyboard(brief).lock(1)
    draft = StoryboardDraft(locked.contents)
    for change in (
        lambda: locked.edit_scene(1, SceneEdit(script="x"), brief, now),
        lambda: locked.replace_scene(1, build.content(), brief, "x", now),
        lambda: locked.accept(draft, brief, "x", now, build.new_id),
        lambda: locked.add_scene(1, build.content(), brief, now, build.new_id),
        lambda: locked.remove_scene(1, brief, now),
        lambda: locked.reorder([3, 2, 1], brief, now),
        lambda: locked.restore_scene(1, build.content(), brief, now),
    ):
        with pytest.raises(StoryboardLocked):
            change()


def test_only_the_latest_version_can_be_locked(build, now):
    brief = build.brief()
    board = build.storyboard(brief).edit_scene(1, SceneEdit(script="Now."), brief, now)
    with pytest.raises(StoryboardVersionStale):
        board.lock(1)
    assert board.lock(2).locked
    assert board.lock().lock().locked


def test_reopened_storyboard_is_a_new_version_with_the_same_scenes(build):
    locked = build.storyboard(build.brief()).lock()
    reopened = locked.reopen()
    assert (reopened.locked, reopened.version, reopened.scenes) == (False, locked.version + 1, locked.scenes)
    with pytest.raises(StoryboardNotLocked):
        reopened.reopen()


def test_restored_scene_is_a_new_revision_without_assets_that_are_gone(build, now):
    asset = build.asset(kind=AssetType.AUDIO)
    brief = build.brief(assets=(asset,))
    before = build.storyboard(brief).edit_scene(1, SceneEdit(asset_ids=(asset.asset_id,)), brief, now)
    after = before.edit_scene(1, SceneEdit(script="Other."), brief, now)
    old = revisions_between(before, after, cause="edit", changed_by="user", at=now)[0]
    assert old.content.asset_ids == (asset.asset_id,)
    restored = after.restore_scene(1, old.content, build.brief(), now)
    assert restored.scene(1).content == replace(old.content, asset_ids=())
    assert restored.scene(1).revision == 4


_VERBS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "rebalance", "add", "remove", "reorder", "replace", "lock", "reopen", "restore"]),
        st.integers(1, 7),
        st.integers(500, 20_000),
    ),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(verbs=_VERBS)
def test_any_sequence_of_verbs_keeps_the_invariants(verbs):
    from datetime import UTC, datetime
    from itertools import count
    from uuid import UUID

    from adreel_scenes.domain.brief import AdBrief, StoryBrief
    from adreel_scenes.domain.scene import SceneContent
    from adreel_scenes.domain.storyboard import Storyboard

    now, ids = datetime(2026, 1, 1, tzinfo=UTC), count(1)
    brief = StoryBrief(AdBrief("Watch", call_to_action="Buy now"))

    def content(ms: int) -> SceneContent:
        return SceneContent(ms, "A street.", f"Words {ms}. Buy now.", "wide", "cut")

    def new_id() -> UUID:
        return UUID(int=next(ids))

    board = Storyboard.from_draft(new_id(), StoryboardDraft((content(10_000),) * 3), brief, "t", now, new_id)
    seen: dict[tuple[int, int], object] = {}
    for verb, number, ms in verbs:
        before = board
        try:
            if verb in ("edit", "rebalance"):
                edit = SceneEdit(duration_ms=ms, script=f"Edited {ms}.")
                board = board.edit_scene(number, edit, brief, now, rebalance=verb == "rebalance")
            elif verb == "add":
                board = board.add_scene(number, content(ms), brief, now, new_id, rebalance=ms % 2 == 0)
            elif verb == "remove":
                board = board.remove_scene(number, brief, now, rebalance=ms % 2 == 0)
            elif verb == "reorder":
                numbers = [scene.number for scene in board.scenes]
                board = board.reorder(numbers[number % len(numbers) :] + numbers[: number % len(numbers)], brief, now)
            elif verb == "replace":
                board = board.replace_scene(number, content(ms), brief, "template", now)
                assert board.duration_ms == before.duration_ms
            elif verb == "restore":
                board = board.restore_scene(number, content(ms), brief, now)
            else:
                board = board.lock() if verb == "lock" else board.reopen()
        except (SceneInvalid, SceneNotFound, StoryboardLocked, StoryboardNotLocked):
            assert board is before
            continue
        assert [scene.number for scene in board.scenes] == list(range(1, len(board.scenes) + 1))
        assert 3 <= len(board.scenes) <= 7
        assert len({scene.scene_id for scene in board.scenes}) == len(board.scenes)
        assert all(1_000 <= scene.duration_ms <= 30_000 for scene in board.scenes)
        if verb == "rebalance" and board is not before:
            assert board.duration_ms == 30_000
        for scene in board.scenes:
            key = (scene.number, scene.revision)
            assert seen.setdefault(key, (scene.scene_id, scene.content)) == (scene.scene_id, scene.content)
