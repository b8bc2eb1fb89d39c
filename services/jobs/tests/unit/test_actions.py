"""Every action in every status: what it does where it is open, and what its refusal says where it is not."""

from typing import Any
from uuid import uuid4

import pytest
from adreel_jobs.domain.actions import DESCRIPTIONS, OPEN_ACTIONS, Action, parse_action
from adreel_jobs.domain.errors import ActionNotAllowed, StoryboardVersionStale, UnknownAction
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import AssetStatus, ChangeKind, ErrorInfo, Order, SceneConstraints, WritingMode
from adreel_jobs.domain.status import ENDED, MOVES, JobStatus, Phase, Step

# Where each action leads from the statuses it is open in; from all others it is refused.
EXPECTED = {
    (JobStatus.PENDING, Action.CANCEL): JobStatus.CANCELLED,
    (JobStatus.STORYBOARD_REVIEW, Action.APPROVE_STORYBOARD): JobStatus.IN_PROGRESS,
    (JobStatus.STORYBOARD_REVIEW, Action.REGENERATE_SCENE): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.STORYBOARD_REVIEW, Action.REGENERATE_ALL_SCENES): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.STORYBOARD_REVIEW, Action.REJECT_STORYBOARD): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.STORYBOARD_REVIEW, Action.CANCEL): JobStatus.CANCELLED,
    (JobStatus.IN_PROGRESS, Action.CANCEL): JobStatus.CANCELLED,
    (JobStatus.RENDERING, Action.CANCEL): JobStatus.CANCELLED,
    (JobStatus.COMPLETED, Action.REOPEN_STORYBOARD): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.FAILED, Action.RETRY): JobStatus.RENDERING,
}


def apply(job: Job, action: Action) -> None:
    match action:
        case Action.APPROVE_STORYBOARD:
            job.approve(job.storyboard.version)
        case Action.REGENERATE_SCENE:
            job.regenerate_scene(uuid4(), 2, "More energy", None)
        case Action.REGENERATE_ALL_SCENES:
            job.regenerate_all_scenes(uuid4(), None)
        case Action.REJECT_STORYBOARD:
            job.reject_storyboard(uuid4(), "Wrong product")
        case Action.REOPEN_STORYBOARD:
            job.reopen(job.storyboard.version + 1)
        case Action.RETRY:
            job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
        case Action.CANCEL:
            job.cancel("Enough")


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(JobStatus))
def test_action_does_what_the_table_says_or_is_refused(make: Any, status: JobStatus, action: Action) -> None:
    job = make.at(status)
    before = (job.status, job.version, job.storyboard, job.writing, job.render)
    if (status, action) in EXPECTED:
        apply(job, action)
        assert job.status is EXPECTED[status, action]
        assert job.version > before[1]
        return
    with pytest.raises(ActionNotAllowed) as refused:
        apply(job, action)
    assert (job.status, job.version, job.storyboard, job.writing, job.render) == before
    assert refused.value.code == "ACTION_NOT_ALLOWED"
    assert refused.value.details["open"] == [one.value for one in OPEN_ACTIONS[status]]
    assert refused.value.details["status"] == status


def test_table_of_open_actions_is_the_table_of_expectations() -> None:
    assert {(status, action) for status in JobStatus for action in OPEN_ACTIONS[status]} == set(EXPECTED)


def test_every_action_is_described() -> None:
    assert set(DESCRIPTIONS) == set(Action)


def test_only_retry_and_reopen_lead_out_of_an_ended_status() -> None:
    leaving = {status for status in ENDED if MOVES[status]}
    assert leaving == {JobStatus.COMPLETED, JobStatus.FAILED}


def test_regenerate_is_an_alias_and_an_unknown_action_lists_the_known() -> None:
    assert parse_action("regenerate") is Action.REGENERATE_SCENE
    with pytest.raises(UnknownAction) as refused:
        parse_action("explode")
    assert refused.value.details["known"] == [action.value for action in Action]


def test_while_a_rewrite_runs_only_cancel_is_open(make: Any) -> None:
    job = make.in_review()
    apply(job, Action.REGENERATE_SCENE)
    assert job.phase is Phase.REWRITING_SCENE
    for action in set(Action) - {Action.CANCEL}:
        with pytest.raises(ActionNotAllowed) as refused:
            apply(job, action)
        assert refused.value.details["open"] == ["cancel"]
        assert refused.value.details["phase"] == "rewriting_scene"
    apply(job, Action.CANCEL)
    assert job.status is JobStatus.CANCELLED


def test_rewrite_of_a_scene_carries_what_was_asked(make: Any) -> None:
    job = make.in_review()
    request_id = uuid4()
    job.regenerate_scene(request_id, 2, "Closer", SceneConstraints(5.0, "noir", "close-up"))
    assert job.orders[-1] is Order.WRITE
    assert (job.writing.request_id, job.writing.mode, job.writing.scene_number) == (request_id, WritingMode.SCENE, 2)
    assert (job.writing.feedback, job.writing.constraints.shot_type) == ("Closer", "close-up")
    # It is said of one scene, and is no feedback on the storyboard.
    assert job.storyboard.feedback == ()


def test_rejection_keeps_its_feedback_in_order(make: Any) -> None:
    job = make.in_review()
    job.reject_storyboard(uuid4(), "Too dark")
    make.ready(job)
    job.reject_storyboard(uuid4(), "Too long")
    assert job.storyboard.feedback == ("Too dark", "Too long")
    assert (job.status, job.phase) == (JobStatus.STORYBOARD_REVIEW, Phase.WRITING_STORYBOARD)


def test_approval_of_an_old_version_is_stale(make: Any) -> None:
    job = make.in_review()
    job.scene_updated(1, storyboard_version=4, duration_seconds=30.0, scene_count=3, warnings=())
    with pytest.raises(StoryboardVersionStale) as refused:
        job.require_approvable(3)
    assert refused.value.details == {"given": 3, "latest": 4}
    job.require_approvable(4)
    job.require_approvable(0)


def test_reopened_job_keeps_its_film_and_takes_a_new_version(make: Any) -> None:
    job = make.completed()
    job.reopen(2)
    assert (job.storyboard.version, job.storyboard.locked, job.has_video) == (2, False, True)
    assert (job.progress.percent, job.progress.scenes_total) == (0.0, 3)
    job.cancel(None)
    assert (job.status, job.has_video) == (JobStatus.CANCELLED, True)


def test_retry_of_a_render_has_a_new_id_and_the_same_scenes(make: Any) -> None:
    job = make.failed()
    first = job.render.render_id
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=True)
    assert job.render.render_id != first
    assert job.render.accept_possible_duplicate
    assert job.locked_scenes == make.scenes
    assert (job.status, job.phase, job.error, job.progress.percent) == (
        JobStatus.RENDERING,
        Phase.RENDERING_SCENES,
        None,
        0.0,
    )
    assert job.orders[-1] is Order.RENDER


def test_retry_of_what_a_provider_forbids_is_a_review_that_still_says_why(make: Any) -> None:
    job = make.rendering()
    assert not job.is_refused
    refused = ErrorInfo("CONTENT_POLICY_VIOLATION", "Scene 2 was refused.", {"scene_number": 2}, "invalid")
    assert job.render_failed(job.render.render_id, refused)
    assert job.is_refused
    job.orders.clear()
    job.retry_in_review(2)
    assert (job.status, job.error, job.failed_step) == (JobStatus.STORYBOARD_REVIEW, refused, None)
    assert (job.storyboard.version, job.storyboard.locked, job.locked_scenes) == (2, False, ())
    assert (job.orders, job.is_refused) == ([Order.HOLD], False)
    job.approve(3)
    assert (job.status, job.error) == (JobStatus.IN_PROGRESS, None)


def test_retry_in_review_is_for_failed_jobs_alone(make: Any) -> None:
    with pytest.raises(ActionNotAllowed):
        make.completed().retry_in_review(2)


def test_retry_of_writing_writes_again_and_fetches_nothing_again(make: Any) -> None:
    job = make.new(assets=2)
    job.asset_settled(job.assets[1].asset_id, error=make.broken)
    job.asset_settled(make.asset, facts=make.facts)
    first = job.writing.request_id
    job.storyboard_failed(first, make.broken)
    assert (job.status, job.failed_step, job.error) == (JobStatus.FAILED, Step.WRITE, make.broken)
    job.orders.clear()
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
    assert (job.status, job.phase, job.orders) == (
        JobStatus.PENDING,
        Phase.WRITING_STORYBOARD,
        [Order.HOLD, Order.WRITE],
    )
    assert job.writing.request_id != first


def test_retry_of_ingest_fetches_what_failed_again(make: Any) -> None:
    job = make.new()
    job.asset_settled(make.asset, error=make.broken)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "ASSETS_UNAVAILABLE")
    job.orders.clear()
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
    assert (job.phase, job.orders) == (Phase.INGESTING_ASSETS, [Order.HOLD, Order.INGEST])
    assert job.assets[0].status is AssetStatus.PENDING
    assert job.assets[0].error is None


def test_retry_uses_a_storyboard_that_came_after_the_job_was_given_up(make: Any) -> None:
    job = make.writing()
    assert job.give_up(Step.WRITE, make.broken, "stalled")
    assert make.ready(job)
    assert (job.status, job.storyboard.version) == (JobStatus.FAILED, 1)
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
    assert job.status is JobStatus.STORYBOARD_REVIEW
    assert Order.WRITE not in job.orders[-1:]


def test_retry_of_a_lock_waits_for_it_again(make: Any) -> None:
    job = make.in_progress()
    assert job.give_up(Step.LOCK, make.broken, "stalled")
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
    assert job.status is JobStatus.IN_PROGRESS
    assert job.storyboard_locked(job.storyboard.version, make.scenes, uuid4())
    assert job.status is JobStatus.RENDERING


def test_cancel_tells_everybody_and_ends(make: Any) -> None:
    job = make.rendering()
    job.cancel("Wrong product")
    assert job.orders[-1] is Order.STOP
    assert [change.kind for change in job.changes[-2:]] == [ChangeKind.STATUS, ChangeKind.END]
    assert (job.phase, job.cancel_reason) == (None, "Wrong product")


def test_each_change_is_one_version(make: Any) -> None:
    job = make.completed()
    assert [change.version for change in job.changes] == list(range(1, job.version + 1))
    assert job.changes[-1].kind is ChangeKind.END
