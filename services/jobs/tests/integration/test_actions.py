"""Actions over a real database: who wins of two, what a crash leaves, and what is asked of scenes."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from adreel_jobs.domain.errors import (
    ActionNotAllowed,
    FieldsInvalid,
    JobNotFound,
    StoryboardVersionStale,
    UnknownAction,
)
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.status import JobStatus
from adreel_kit.errors import Conflict, ErrorFacts, ErrorKind, RemoteError, Unavailable

pytestmark = pytest.mark.connected


async def test_of_two_approvals_at_once_one_wins(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    results = await asyncio.gather(
        *(service.act(job_id, "approve_storyboard") for _ in range(5)), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, ActionNotAllowed)]
    assert (results.count(None), len(refused)) == (1, 4)
    assert refused[0].details["open"] == ["cancel"]
    assert len(service.scenes.locks) == 1
    assert len(await service.sent("job.status_changed.v1", job_id)) == 2


async def test_lock_event_before_the_approval_ends_is_a_success_for_its_caller(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.in_review(without_assets)
    lock = service.scenes.lock

    async def lock_and_tell(job: Any, version: int) -> Any:
        locked = await lock(job, version)
        await service.fact("storyboard.locked.v1", job_id, version=1, scenes=list(locked.scenes))
        return locked

    service.scenes.lock = lock_and_tell
    await service.act(job_id, "approve_storyboard", storyboard_version=1)
    assert (await service.job(job_id)).job.status is JobStatus.RENDERING
    assert len(await service.sent("render.requested.v1", job_id)) == 1


async def test_crash_between_lock_and_move_is_healed_by_the_event(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    lock = service.scenes.lock

    async def die_after_locking(job: Any, version: int) -> Any:
        await lock(job, version)
        raise asyncio.CancelledError

    service.scenes.lock = die_after_locking
    with pytest.raises(asyncio.CancelledError):
        await service.act(job_id, "approve_storyboard")
    assert (await service.job(job_id)).job.status is JobStatus.STORYBOARD_REVIEW
    service.scenes.lock = lock
    await service.locked(job_id)
    assert (await service.job(job_id)).job.status is JobStatus.RENDERING


async def test_claim_left_by_a_crash_runs_out(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.execute(
        "UPDATE jobs SET approval_token = gen_random_uuid(), approval_until = now() + interval '1 min' WHERE id = $1",
        job_id,
    )
    with pytest.raises(ActionNotAllowed):
        await service.act(job_id, "approve_storyboard")
    with pytest.raises(ActionNotAllowed):
        await service.act(job_id, "regenerate_all_scenes")
    await service.execute("UPDATE jobs SET approval_until = now() - interval '1 s' WHERE id = $1", job_id)
    await service.act(job_id, "approve_storyboard")
    assert (await service.job(job_id)).job.status is JobStatus.IN_PROGRESS


async def test_approval_that_scenes_refuses_leaves_the_job_in_review(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    version = (await service.job(job_id)).job.version
    facts = ErrorFacts(kind=ErrorKind.CONFLICT, code="STORYBOARD_VERSION_STALE", message="Old.")
    for failure in (RemoteError(facts), Unavailable("Away.")):
        service.scenes.failure = failure
        with pytest.raises(type(failure)):
            await service.act(job_id, "approve_storyboard")
        view = await service.job(job_id)
        assert (view.job.status, view.job.version) == (JobStatus.STORYBOARD_REVIEW, version)
    service.scenes.failure = None
    await service.act(job_id, "approve_storyboard")


async def test_stale_version_is_refused_without_asking_scenes(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.fact(
        "scene.updated.v1",
        job_id,
        scene_number=1,
        revision=2,
        storyboard_version=3,
        cause="edit",
        duration_seconds=31.0,
        warnings=["The total is 31 s."],
    )
    with pytest.raises(StoryboardVersionStale):
        await service.act(job_id, "approve_storyboard", storyboard_version=2)
    assert service.scenes.locks == []
    view = await service.job(job_id)
    assert (view.job.storyboard.version, view.job.storyboard.duration_seconds) == (3, 31.0)


async def test_regenerating_while_a_rewrite_runs_is_refused(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    results = await asyncio.gather(
        service.act(job_id, "regenerate_scene", scene_number=1, feedback="Closer"),
        service.act(job_id, "regenerate", scene_number=2),
        return_exceptions=True,
    )
    assert [type(one) for one in results].count(ActionNotAllowed) == 1
    requests = await service.sent("storyboard.requested.v1", job_id)
    assert [one["mode"] for one in requests] == ["new", "scene"]
    await service.storyboard_ready(job_id, version=2, changed_scenes=[requests[-1]["scene_number"]])
    view = await service.job(job_id)
    assert (view.job.phase, view.job.storyboard.version) == (None, 2)


async def test_rejection_carries_all_that_was_said(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "reject_storyboard", feedback="Less text")
    await service.storyboard_ready(job_id, version=2)
    await service.act(job_id, "reject_storyboard", feedback="More energy")
    request = (await service.sent("storyboard.requested.v1", job_id))[-1]
    assert (request["mode"], request["feedback"]) == ("all", "More energy")
    assert request["feedback_history"] == ["Less text", "More energy"]


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        ("reject_storyboard", {}, "feedback"),
        ("reject_storyboard", {"feedback": "   "}, "feedback"),
        ("regenerate_scene", {}, "sceneNumber"),
        ("regenerate_scene", {"scene_number": 4}, "sceneNumber"),
        ("regenerate_scene", {"scene_number": -1}, "sceneNumber"),
        ("regenerate_all_scenes", {"feedback": "x" * 4001}, "feedback"),
        ("cancel", {"reason": "\x00"}, "reason"),
        ("approve_storyboard", {"storyboard_version": -2}, "storyboardVersion"),
    ],
)
async def test_fields_of_actions_are_judged(
    service: Any, without_assets: JobInput, action: str, fields: dict[str, Any], field: str
) -> None:
    job_id = await service.in_review(without_assets)
    with pytest.raises(FieldsInvalid) as refused:
        await service.act(job_id, action, **fields)
    assert [one["field"] for one in refused.value.details["fields"]] == [field]


async def test_unknown_action_and_unknown_job(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    with pytest.raises(UnknownAction):
        await service.act(job_id, "explode")
    for stranger in (uuid4(), "no-uuid", ""):
        with pytest.raises(JobNotFound):
            await service.act(stranger, "cancel")


async def test_job_outside_the_scope_is_not_found(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    for action in ("cancel", "approve_storyboard", "reopen_storyboard", "retry"):
        with pytest.raises(JobNotFound):
            await service.act(job_id, action, scope=str(uuid4()))
    with pytest.raises(JobNotFound):
        await service.parts.usecases.queries.job(str(job_id), "somebody else")
    await service.act(job_id, "cancel", scope="acme")


async def test_cancel_tells_everybody_and_late_facts_change_nothing(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    render_id = await service.render_id(job_id)
    await service.act(job_id, "cancel", reason="Wrong product")
    [told] = await service.sent("job.cancelled.v1", job_id)
    assert told["reason"] == "Wrong product"
    version = (await service.job(job_id)).job.version
    film = {"sha256": "cd" * 32, "size_bytes": 1}
    await service.fact("render.completed.v1", job_id, render_id=render_id, film=film, duration_seconds=30.0)
    view = await service.job(job_id)
    assert (view.job.status, view.job.version, view.job.has_video) == (JobStatus.CANCELLED, version, False)


async def test_reopened_job_is_approved_and_rendered_again(service: Any, without_assets: JobInput) -> None:
    job_id = await service.completed(without_assets)
    await service.act(job_id, "reopen_storyboard")
    view = await service.job(job_id)
    assert (view.job.status, view.job.storyboard.version, view.job.has_video) == (JobStatus.STORYBOARD_REVIEW, 2, True)
    assert service.scenes.reopened == [(job_id, 1)]
    with pytest.raises(ActionNotAllowed):
        await service.act(job_id, "reopen_storyboard")
    await service.act(job_id, "approve_storyboard")
    await service.locked(job_id, version=2)
    orders = await service.sent("render.requested.v1", job_id)
    assert [one["storyboard_version"] for one in orders] == [1, 2]
    assert orders[0]["render_id"] != orders[1]["render_id"]


async def test_retry_of_a_failed_render_sends_the_same_scenes(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    await service.fact(
        "render.failed.v1",
        job_id,
        render_id=await service.render_id(job_id),
        error={"code": "PROVIDER_OUTCOME_UNKNOWN", "message": "Nobody knows.", "details": {"scene": 2, "x": "a\x00b"}},
    )
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.code) == (JobStatus.FAILED, "PROVIDER_OUTCOME_UNKNOWN")
    await service.act(job_id, "retry", accept_possible_duplicate=True)
    first, second = await service.sent("render.requested.v1", job_id)
    assert second["accept_possible_duplicate"]
    assert second["scenes"] == first["scenes"]
    assert second["render_id"] != first["render_id"]


async def test_retry_of_a_forbidden_scene_is_a_review_of_the_storyboard(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    await service.fact(
        "render.failed.v1",
        job_id,
        render_id=await service.render_id(job_id),
        error={"code": "CONTENT_POLICY_VIOLATION", "message": "The provider will not make this."},
        scene_number=2,
    )
    refused = (await service.job(job_id)).job.error
    assert (refused.message, refused.details) == ("Scene 2: The provider will not make this.", {"sceneNumber": 2})
    service.scenes.failure = Unavailable("scenes is away")
    with pytest.raises(Unavailable):
        await service.act(job_id, "retry")
    assert (await service.job(job_id)).job.status is JobStatus.FAILED
    service.scenes.failure = None

    await service.act(job_id, "retry")
    view = await service.job(job_id)
    assert (view.job.status, view.job.error, view.job.storyboard.locked) == (
        JobStatus.STORYBOARD_REVIEW,
        refused,
        False,
    )
    assert service.scenes.reopened == [(job_id, 1)]
    assert len(await service.sent("render.requested.v1", job_id)) == 1
    await service.act(job_id, "approve_storyboard")
    await service.locked(job_id, version=2)
    view = await service.job(job_id)
    assert (view.job.status, view.job.error) == (JobStatus.RENDERING, None)


async def test_retry_of_a_lost_lock_asks_scenes_for_it(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "approve_storyboard")
    await service.fact_dead_lettered(job_id, "storyboard.locked.v1")
    assert (await service.job(job_id)).job.status is JobStatus.FAILED
    await service.act(job_id, "retry")
    assert (await service.job(job_id)).job.status is JobStatus.RENDERING


async def test_dead_letters_of_the_step_under_way_fail_the_job_with_the_reason(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.create(without_assets)
    await service.fact_dead_lettered(job_id, "render.requested.v1")
    assert (await service.job(job_id)).job.status is JobStatus.PENDING
    await service.fact_dead_lettered(job_id, "storyboard.requested.v1")
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.code) == (JobStatus.FAILED, "MESSAGE_MALFORMED")
    assert view.job.error.details["consumer"] == "scenes"


async def test_dead_rewrite_goes_back_to_review(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "regenerate_all_scenes")
    await service.fact_dead_lettered(job_id, "storyboard.requested.v1")
    view = await service.job(job_id)
    assert (view.job.status, view.job.phase, view.job.error.code) == (
        JobStatus.STORYBOARD_REVIEW,
        None,
        "MESSAGE_MALFORMED",
    )


async def test_conflict_of_two_writers_is_a_conflict_for_one(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    results = await asyncio.gather(service.act(job_id, "cancel"), service.act(job_id, "cancel"), return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in results) == 1
    assert (await service.job(job_id)).job.phase is None


async def test_reopened_job_holds_its_assets_again(service: Any, good_input: JobInput) -> None:
    job_id = await service.completed(good_input)
    [asset] = (await service.job(job_id)).job.assets
    await service.act(job_id, "reopen_storyboard")
    held = (await service.sent("assets.ingest_requested.v1", job_id))[-1]
    assert [(item["asset_id"], item["url"]) for item in held["items"]] == [(str(asset.asset_id), None)]
    version = (await service.job(job_id)).job.version
    await service.asset_ready(job_id, asset.asset_id)
    assert (await service.job(job_id)).job.version == version
