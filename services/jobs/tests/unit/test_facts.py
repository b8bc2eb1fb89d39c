"""Every fact in every status: it moves the job on where it is awaited, and changes nothing anywhere else."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import AssetOrigin, AssetStatus, ChangeKind, JobAsset, Order
from adreel_jobs.domain.status import JobStatus, Phase, Step

FACTS = {"type": "image", "format": "jpeg", "name": "photo", "sha256": "ab", "size_bytes": 1}


def render_id(job: Job) -> UUID:
    return job.render.render_id if job.render else uuid4()


def request_id(job: Job) -> UUID:
    return job.writing.request_id if job.writing else uuid4()


def asset_ready(job: Job, make: Any) -> bool:
    return job.asset_settled(make.asset, facts=FACTS)


def asset_failed(job: Job, make: Any) -> bool:
    return job.asset_settled(make.asset, error=make.broken)


def storyboard_ready(job: Job, make: Any) -> bool:
    return job.storyboard_ready(request_id(job), version=1, generator="template", scene_count=3, duration_seconds=30.0)


def storyboard_failed(job: Job, make: Any) -> bool:
    return job.storyboard_failed(request_id(job), make.broken)


def scene_updated(job: Job, make: Any) -> bool:
    return job.scene_updated(2, storyboard_version=9, duration_seconds=31.0, scene_count=3, warnings=("long",))


def storyboard_locked(job: Job, make: Any) -> bool:
    return job.storyboard_locked(max(job.storyboard.version, 1), make.scenes, uuid4())


def clip_ready(job: Job, make: Any) -> bool:
    return job.clip_ready(render_id(job), 1)


def progressed(job: Job, make: Any) -> bool:
    return job.render_progressed(
        render_id(job),
        5,
        percent=50.0,
        phase="composing",
        scenes_done=3,
        scenes_total=3,
        eta_seconds=4.0,
    )


def completed(job: Job, make: Any) -> bool:
    return job.render_completed(render_id(job), duration_seconds=30.0)


def render_failed(job: Job, make: Any) -> bool:
    return job.render_failed(render_id(job), make.broken)


def dead_write(job: Job, make: Any) -> bool:
    return job.give_up(Step.WRITE, make.broken, "dead-lettered")


def dead_render(job: Job, make: Any) -> bool:
    return job.give_up(Step.RENDER, make.broken, "dead-lettered")


Fact = Callable[[Job, Any], bool]
ALL: tuple[Fact, ...] = (
    asset_ready,
    asset_failed,
    storyboard_ready,
    storyboard_failed,
    scene_updated,
    storyboard_locked,
    clip_ready,
    progressed,
    completed,
    render_failed,
    dead_write,
    dead_render,
)

# Where a fact is news, and where it leads. PENDING here is a job whose storyboard is being written.
NEWS = {
    (JobStatus.PENDING, storyboard_ready): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.PENDING, storyboard_failed): JobStatus.FAILED,
    (JobStatus.PENDING, scene_updated): JobStatus.PENDING,
    (JobStatus.PENDING, dead_write): JobStatus.FAILED,
    (JobStatus.STORYBOARD_REVIEW, scene_updated): JobStatus.STORYBOARD_REVIEW,
    (JobStatus.STORYBOARD_REVIEW, storyboard_locked): JobStatus.RENDERING,
    (JobStatus.IN_PROGRESS, storyboard_locked): JobStatus.RENDERING,
    (JobStatus.RENDERING, clip_ready): JobStatus.RENDERING,
    (JobStatus.RENDERING, progressed): JobStatus.RENDERING,
    (JobStatus.RENDERING, completed): JobStatus.COMPLETED,
    (JobStatus.RENDERING, render_failed): JobStatus.FAILED,
    (JobStatus.RENDERING, dead_render): JobStatus.FAILED,
}


def picture(job: Job) -> tuple[object, ...]:
    return (
        job.status,
        job.phase,
        job.version,
        job.progress,
        job.storyboard,
        job.writing,
        job.render,
        job.assets,
        job.error,
        job.has_video,
        tuple(job.orders),
    )


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.__name__)
@pytest.mark.parametrize("status", list(JobStatus))
def test_fact_is_news_where_the_table_says_and_dropped_elsewhere(make: Any, status: JobStatus, fact: Fact) -> None:
    job = make.at(status)
    before = picture(job)
    was_news = fact(job, make)
    assert was_news is ((status, fact) in NEWS)
    if was_news:
        assert job.status is NEWS[status, fact]
        assert job.version > before[2]
    else:
        assert picture(job) == before


@pytest.mark.parametrize(("status", "fact"), list(NEWS), ids=lambda one: getattr(one, "__name__", str(one)))
def test_repeated_fact_changes_nothing(make: Any, status: JobStatus, fact: Fact) -> None:
    job = make.at(status)
    calls = {"request": request_id(job), "render": render_id(job), "version": max(job.storyboard.version, 1)}
    fact(job, make)
    before = picture(job)
    repeated = {
        storyboard_ready: lambda: job.storyboard_ready(
            calls["request"], version=1, generator="template", scene_count=3, duration_seconds=30.0
        ),
        storyboard_failed: lambda: job.storyboard_failed(calls["request"], make.broken),
        storyboard_locked: lambda: job.storyboard_locked(calls["version"], make.scenes, uuid4()),
        clip_ready: lambda: job.clip_ready(calls["render"], 1),
        progressed: lambda: progressed(job, make),
        completed: lambda: job.render_completed(calls["render"], duration_seconds=30.0),
        render_failed: lambda: job.render_failed(calls["render"], make.broken),
        dead_write: lambda: dead_write(job, make),
        dead_render: lambda: dead_render(job, make),
    }
    if fact is scene_updated:
        # The same version told twice is told again: nothing but the job's version differs.
        scene_updated(job, make)
        assert job.storyboard == before[4]
        return
    assert repeated[fact]() is False
    assert picture(job) == before


@pytest.mark.parametrize("fact", [clip_ready, progressed, completed, render_failed], ids=lambda f: f.__name__)
def test_facts_of_an_older_render_are_dropped(make: Any, fact: Fact) -> None:
    job = make.failed()
    old = job.render
    job.retry(uuid4(), uuid4(), accept_possible_duplicate=False)
    before = picture(job)
    outcome = {
        clip_ready: lambda: job.clip_ready(old.render_id, 1),
        progressed: lambda: job.render_progressed(
            old.render_id, 99, percent=99, phase="storing", scenes_done=3, scenes_total=3, eta_seconds=None
        ),
        completed: lambda: job.render_completed(old.render_id, duration_seconds=30.0),
        render_failed: lambda: job.render_failed(old.render_id, make.broken),
    }[fact]()
    assert outcome is False
    assert picture(job) == before


def test_storyboard_of_an_older_request_is_dropped(make: Any) -> None:
    job = make.in_review()
    job.reject_storyboard(uuid4(), "No")
    before = picture(job)
    assert not job.storyboard_ready(uuid4(), version=1, generator="x", scene_count=9, duration_seconds=1)
    assert not job.storyboard_failed(uuid4(), make.broken)
    assert picture(job) == before


def test_rewrite_that_comes_after_it_was_given_up_is_taken_in(make: Any) -> None:
    job = make.in_review()
    job.regenerate_scene(uuid4(), 2, None, None)
    late = job.writing.request_id
    assert job.give_up(Step.WRITE, make.broken, "stalled")
    assert (job.status, job.writing, job.error) == (JobStatus.STORYBOARD_REVIEW, None, make.broken)
    assert job.storyboard_ready(
        late, version=2, generator="template", scene_count=3, duration_seconds=30.0, changed_scenes=(2,)
    )
    assert (job.storyboard.version, job.error) == (2, None)


def test_failed_rewrite_leaves_the_storyboard_and_says_why(make: Any) -> None:
    job = make.in_review()
    storyboard = job.storyboard
    job.regenerate_all_scenes(uuid4(), None)
    assert job.storyboard_failed(job.writing.request_id, make.broken)
    assert (job.status, job.phase, job.error) == (JobStatus.STORYBOARD_REVIEW, None, make.broken)
    assert job.storyboard == storyboard
    job.regenerate_all_scenes(uuid4(), None)
    assert job.error is None


def test_edit_heard_of_before_the_storyboard_it_changes_wins(make: Any) -> None:
    job = make.writing()
    job.scene_updated(1, storyboard_version=2, duration_seconds=33.0, scene_count=3, warnings=("long",))
    assert make.ready(job, version=1)
    assert (job.storyboard.version, job.storyboard.duration_seconds) == (2, 33.0)
    assert (job.storyboard.warnings, job.storyboard.generator) == (("long",), "template")


def test_edits_out_of_order_keep_the_newest(make: Any) -> None:
    job = make.in_review()
    assert job.scene_updated(1, storyboard_version=3, duration_seconds=33.0, scene_count=4, warnings=())
    assert not job.scene_updated(1, storyboard_version=2, duration_seconds=31.0, scene_count=3, warnings=())
    assert (job.storyboard.version, job.progress.scenes_total) == (3, 4)


def test_lock_of_a_reopened_version_is_not_the_approval_of_the_new_one(make: Any) -> None:
    job = make.completed()
    locked = job.storyboard.version
    job.reopen(locked + 1)
    assert not job.storyboard_locked(locked, make.scenes, uuid4())
    assert job.status is JobStatus.STORYBOARD_REVIEW


def test_lock_heard_of_in_review_is_the_approval(make: Any) -> None:
    job = make.in_review()
    job.storyboard_locked(1, make.scenes, uuid4())
    assert [(move.from_status.value, move.to_status.value) for move in job.moves[-2:]] == [
        ("storyboard_review", "in_progress"),
        ("in_progress", "rendering"),
    ]
    assert job.orders[-1] is Order.RENDER


def test_progress_never_goes_down_and_old_messages_are_dropped(make: Any) -> None:
    job = make.rendering()
    rid = render_id(job)
    step = {"scenes_total": 3, "eta_seconds": None}
    assert job.render_progressed(rid, 3, percent=60.0, phase="composing", scenes_done=3, **step)
    assert not job.render_progressed(rid, 2, percent=30.0, phase="rendering_scenes", scenes_done=1, **step)
    assert job.phase is Phase.COMPOSING
    assert job.render_progressed(rid, 4, percent=55.0, phase="composing", scenes_done=2, **step)
    assert (job.progress.percent, job.progress.scenes_done) == (60.0, 3)
    assert job.render_progressed(rid, 5, percent=100.0, phase="storing", scenes_done=3, **step)
    assert job.progress.percent < 100
    job.render_completed(rid, duration_seconds=30)
    assert job.progress.percent == 100


def test_sign_of_life_without_news_is_heard_and_not_told(make: Any) -> None:
    job = make.rendering()
    same = {"percent": 10.0, "phase": "composing", "scenes_done": 1, "scenes_total": 3, "eta_seconds": None}
    assert job.render_progressed(render_id(job), 1, **same)
    version = job.version
    assert job.render_progressed(render_id(job), 2, **same)
    assert (job.version, job.render.sequence) == (version, 2)


def test_unknown_phase_of_a_render_leaves_the_known_one(make: Any) -> None:
    job = make.rendering()
    assert job.render_progressed(
        render_id(job), 1, percent=1, phase="mixing", scenes_done=0, scenes_total=3, eta_seconds=None
    )
    assert job.phase is Phase.RENDERING_SCENES


def test_clips_count_as_scenes_done(make: Any) -> None:
    job = make.rendering()
    for number in (2, 1, 2):
        job.clip_ready(render_id(job), number)
    assert job.progress.scenes_done == 2
    scenes = [change.scene_number for change in job.changes if change.kind is ChangeKind.SCENE]
    assert scenes[-2:] == [2, 1]


def test_music_and_logo_that_fail_do_not_fail_the_job(make: Any) -> None:
    job = make.new()
    music = uuid4()
    job.assets = (*job.assets, JobAsset(music, AssetOrigin.MUSIC))
    job.asset_settled(music, error=make.broken)
    job.asset_settled(make.asset, facts=FACTS)
    assert job.phase is Phase.WRITING_STORYBOARD


def test_all_named_assets_failing_fails_the_job_whatever_the_music_does(make: Any) -> None:
    job = make.new()
    music = uuid4()
    job.assets = (*job.assets, JobAsset(music, AssetOrigin.MUSIC))
    job.asset_settled(make.asset, error=make.broken)
    job.asset_settled(music, facts=FACTS | {"type": "audio"})
    assert (job.status, job.error.code) == (JobStatus.FAILED, "ASSETS_UNAVAILABLE")


def test_job_does_without_assets_that_nobody_speaks_of(make: Any) -> None:
    job = make.new(assets=2)
    job.asset_settled(make.asset, facts=FACTS)
    assert job.give_up(Step.INGEST, make.broken, "stalled")
    assert (job.status, job.phase) == (JobStatus.PENDING, Phase.WRITING_STORYBOARD)
    assert [asset.status for asset in job.assets] == [AssetStatus.READY, AssetStatus.FAILED]
    assert job.orders[-1] is Order.WRITE


def test_job_with_none_of_its_assets_is_given_up_with_the_reason(make: Any) -> None:
    job = make.new(assets=2)
    assert job.give_up(Step.INGEST, make.broken, "stalled")
    assert (job.status, job.error, job.failed_step) == (JobStatus.FAILED, make.broken, Step.INGEST)


def test_asset_keeps_the_name_and_role_the_caller_gave(make: Any) -> None:
    job = make.new()
    job.assets = (JobAsset(make.asset, AssetOrigin.BRIEF, name="Product Shot", role="hero"),)
    job.asset_settled(make.asset, facts=FACTS)
    [asset] = job.assets
    assert (asset.status, asset.name, asset.role, asset.type) == (AssetStatus.READY, "Product Shot", "hero", "image")


def test_asset_of_another_job_is_dropped(make: Any) -> None:
    job = make.new()
    assert not job.asset_settled(uuid4(), facts=FACTS)


def test_scenes_written_are_reported_one_by_one(make: Any) -> None:
    job = make.in_review()
    seen = [(change.kind.value, change.scene_number, change.status.value) for change in job.changes[-4:]]
    review = "storyboard_review"
    assert seen == [("scene", 1, review), ("scene", 2, review), ("scene", 3, review), ("status", 0, review)]
