"""Changes by a person: guarded, remembered, told, and closed by approval."""

import asyncio
import uuid

import pytest
from adreel.scenes.v1 import scenes_pb2
from adreel_kit.errors import AppError, Invalid
from adreel_scenes.domain.errors import (
    SceneBeingRewritten,
    SceneInvalid,
    SceneRevisionStale,
    StoryboardLocked,
    StoryboardNotFound,
    StoryboardVersionStale,
)
from adreel_scenes.domain.scene import SceneContent, SceneEdit
from adreel_scenes.entrypoints.grpc import ScenesServicer

pytestmark = pytest.mark.connected


async def change(scenes, job_id, number=1, *, if_revision=None, rebalance=False, **fields):
    return await scenes.edit.edit_scene(
        str(job_id), number, SceneEdit(**fields), rebalance=rebalance, if_revision=if_revision, actor="user"
    )


async def test_an_edit_is_kept_with_what_was_before_and_told_to_the_job(scenes, written):
    before = (await scenes.edit.get(str(written))).scene(1)
    after = await change(scenes, written, script="A new line, spoken slowly.", if_revision=before.revision)
    assert after.revision > before.revision
    assert (before.generator, before.prompt_version) == ("template", "template.v2")
    assert (after.generator, after.prompt_version) == ("user", "")
    (told,) = await scenes.published("scene.updated.v1")
    assert (told["scene_number"], told["cause"]) == (1, "edit")
    (was,) = await scenes.edit.revisions(str(written), 1)
    assert was.content == before.content
    assert (was.generator, was.prompt_version) == ("template", "template.v2")
    restored = await scenes.edit.restore(str(written), 1, was.revision, actor="user")
    assert restored.content == before.content
    assert restored.revision > after.revision


async def test_of_two_edits_of_one_revision_one_wins(scenes, written):
    revision = (await scenes.edit.get(str(written))).scene(1).revision
    results = await asyncio.gather(
        change(scenes, written, script="Mine.", if_revision=revision),
        change(scenes, written, script="No, mine.", if_revision=revision),
        return_exceptions=True,
    )
    assert sorted(isinstance(result, SceneRevisionStale) for result in results) == [False, True]


async def test_an_edit_that_breaks_the_rules_changes_nothing(scenes, written):
    before = await scenes.edit.get(str(written))
    for fields in (
        {"script": "x" * 5000},
        {"duration_ms": -5},
        {"asset_ids": (str(uuid.uuid4()),)},
        {"shot_type": "y" * 51},
    ):
        with pytest.raises(SceneInvalid):
            await change(scenes, written, **fields)
    assert await scenes.edit.get(str(written)) == before
    assert await scenes.published("scene.updated.v1") == []


async def test_rebalancing_keeps_the_total_and_an_edit_without_it_warns(scenes, written):
    await change(scenes, written, duration_ms=7000, rebalance=True)
    board = await scenes.edit.get(str(written))
    assert board.duration_ms == 30_000
    assert board.scene(1).duration_ms == 7000
    await change(scenes, written, duration_ms=9000)
    board = await scenes.edit.get(str(written))
    assert board.duration_ms == 32_000
    assert any(warning.code == "TOTAL_DURATION" for warning in board.warnings)


async def test_scenes_are_added_removed_and_put_in_order(scenes, written):
    count = len((await scenes.edit.get(str(written))).scenes)
    if count == 7:
        await scenes.edit.delete_scene(str(written), 2, if_revision=None, actor="user")
        count -= 1
    content = SceneContent(3000, "A hand turns the watch.", "Feel it.", "close-up", "cut")
    board = await scenes.edit.add_scene(str(written), 2, content, rebalance=True, actor="user")
    assert len(board.scenes) == count + 1
    assert board.scene(2).content.script == "Feel it."
    assert board.duration_ms == 30_000
    numbers = list(range(1, count + 2))
    turned = [2, 1, *numbers[2:]]
    board = await scenes.edit.reorder(str(written), turned, actor="user")
    assert board.scene(1).content.script == "Feel it."
    assert [scene.number for scene in board.scenes] == numbers
    board = await scenes.edit.delete_scene(str(written), 1, if_revision=None, actor="user")
    assert len(board.scenes) == count
    assert board.duration_ms == 30_000


async def test_an_added_scene_without_a_length_is_as_long_as_the_others(scenes, written):
    before = await scenes.edit.get(str(written))
    if len(before.scenes) == 7:
        before = await scenes.edit.delete_scene(str(written), 2, if_revision=None, actor="user")
    content = SceneContent(0, "A hand turns the watch.", "Feel it.", "close-up", "cut")
    board = await scenes.edit.add_scene(str(written), 0, content, rebalance=False, actor="user")
    added = board.scene(len(before.scenes))  # before the last one, which calls to action
    assert added.content.script == "Feel it."
    assert abs(added.duration_ms - before.duration_ms / len(before.scenes)) <= 50


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e300])
async def test_a_length_that_is_none_is_refused_by_name(scenes, written, seconds):
    servicer = ScenesServicer(scenes.edit, None, None)
    patch = scenes_pb2.ScenePatch(duration_seconds=seconds, description="A hand turns the watch.")
    for call in (
        servicer.AddScene(scenes_pb2.AddSceneRequest(job_id=str(written), fields=patch), None),
        servicer.UpdateScene(scenes_pb2.UpdateSceneRequest(job_id=str(written), scene_number=1, patch=patch), None),
    ):
        with pytest.raises(Invalid) as refused:
            await call
        assert refused.value.details["fields"][0]["field"] == "duration"


async def test_approval_locks_tells_and_can_be_repeated(scenes, written):
    board = await scenes.edit.get(str(written))
    with pytest.raises(StoryboardVersionStale):
        await scenes.edit.lock(str(written), board.version + 1)
    await scenes.edit.lock(str(written), board.version)
    await scenes.edit.lock(str(written), board.version)
    first, second = await scenes.published("storyboard.locked.v1")
    assert first == second
    assert [scene["scene_number"] for scene in first["scenes"]] == list(range(1, len(board.scenes) + 1))
    assert sum(scene["duration_seconds"] for scene in first["scenes"]) == pytest.approx(30.0)
    with pytest.raises(StoryboardLocked):
        await change(scenes, written, script="Too late.")


async def test_a_reopened_storyboard_is_a_new_version_and_editable(scenes, written):
    locked = await scenes.edit.lock(str(written), None)
    reopened = await scenes.edit.reopen(str(written), locked.version)
    again = await scenes.edit.reopen(str(written), locked.version)
    assert reopened.version == again.version == locked.version + 1
    await change(scenes, written, script="Now it can change.")


async def test_nothing_is_edited_under_a_writers_hands(scenes, a_request, written):
    async with scenes.database.transaction() as conn:
        await conn.execute("UPDATE storyboards SET writing_id = gen_random_uuid(), writing_scene = 2")
    with pytest.raises(SceneBeingRewritten):
        await change(scenes, written, 2, script="x")
    with pytest.raises(SceneBeingRewritten):
        await scenes.edit.lock(str(written), None)
    await change(scenes, written, 1, script="Another scene may change.")


@pytest.mark.parametrize("job_id", ["not-an-id", "../../etc", str(uuid.UUID(int=5))])
async def test_a_job_without_a_storyboard_is_said_to_have_none(scenes, job_id):
    with pytest.raises(AppError) as caught:
        await scenes.edit.lock(job_id, None)
    assert isinstance(caught.value, StoryboardNotFound) or caught.value.code == "NOT_FOUND"
