"""Silence: a step that nobody answers is asked again with the same ids, and in the end given up."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.status import JobStatus
from adreel_kit.errors import ErrorFacts, ErrorKind, RemoteError, Unavailable

pytestmark = pytest.mark.connected

NUDGES = 3


async def silent(service: Any, job_id: UUID) -> int:
    """Let the job have been silent for a day, and the watchdog look once."""
    await service.execute("UPDATE jobs SET heard_at = now() - interval '1 day' WHERE id = $1", job_id)
    return int(await service.parts.watchdog.look())


async def test_job_that_waits_for_a_person_is_left_alone(service: Any, without_assets: JobInput) -> None:
    review = await service.in_review(without_assets)
    done = await service.completed(without_assets)
    assert await silent(service, review) == 0
    assert await silent(service, done) == 0


async def test_fresh_job_is_left_alone(service: Any, without_assets: JobInput) -> None:
    await service.create(without_assets)
    assert await service.parts.watchdog.look() == 0


async def test_silent_writing_is_asked_again_with_the_same_ids_and_then_fails(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.create(without_assets)
    for number in range(NUDGES):
        assert await silent(service, job_id) == 1
        requests = await service.sent("storyboard.requested.v1", job_id)
        assert len(requests) == number + 2
        assert all(one == requests[0] for one in requests)
        # The nudge starts the patience anew.
        assert await service.parts.watchdog.look() == 0
    await silent(service, job_id)
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.code) == (JobStatus.FAILED, "JOB_STALLED")
    assert view.timeline[-1].cause == "stalled"


async def test_an_answer_makes_the_patience_whole_again(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    for _ in range(NUDGES):
        await silent(service, job_id)
    await service.fact(
        "clip.ready.v1",
        job_id,
        render_id=await service.render_id(job_id),
        scene_number=1,
        take_id=str(job_id),
        backend="local",
    )
    await silent(service, job_id)
    assert (await service.job(job_id)).job.status is JobStatus.RENDERING


async def test_silent_ingest_asks_for_what_is_missing_only(service: Any, good_input: JobInput) -> None:
    job_id = await service.create(good_input)
    [asset] = (await service.job(job_id)).job.assets
    await silent(service, job_id)
    first, again = await service.sent("assets.ingest_requested.v1", job_id)
    assert first == again
    await service.asset_ready(job_id, asset.asset_id)
    await silent(service, job_id)
    assert len(await service.sent("assets.ingest_requested.v1", job_id)) == 2


async def test_silent_render_is_asked_again_and_then_fails(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    await silent(service, job_id)
    first, again = await service.sent("render.requested.v1", job_id)
    assert first == again
    for _ in range(NUDGES):
        await silent(service, job_id)
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.details) == (JobStatus.FAILED, {"step": "render"})


async def test_silent_rewrite_goes_back_to_review(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "regenerate_all_scenes")
    for _ in range(NUDGES + 1):
        await silent(service, job_id)
    view = await service.job(job_id)
    assert (view.job.status, view.job.phase, view.job.error.code) == (
        JobStatus.STORYBOARD_REVIEW,
        None,
        "JOB_STALLED",
    )
    assert "approve_storyboard" in view.job.open_actions


async def test_approved_scenes_that_do_not_come_are_fetched(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "approve_storyboard")
    service.scenes.failure = Unavailable("Away.")
    await silent(service, job_id)
    assert (await service.job(job_id)).job.status is JobStatus.IN_PROGRESS
    service.scenes.failure = None
    await silent(service, job_id)
    assert (await service.job(job_id)).job.status is JobStatus.RENDERING


async def test_approved_scenes_that_are_refused_fail_the_job_with_the_reason(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "approve_storyboard")
    facts = ErrorFacts(kind=ErrorKind.NOT_FOUND, code="STORYBOARD_NOT_FOUND", message="Gone.")
    service.scenes.failure = RemoteError(facts)
    await silent(service, job_id)
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.code) == (JobStatus.FAILED, "STORYBOARD_NOT_FOUND")


async def test_two_watchdogs_share_the_work(service: Any, without_assets: JobInput) -> None:
    job_ids = [await service.create(without_assets) for _ in range(6)]
    await service.execute("UPDATE jobs SET heard_at = now() - interval '1 day'")
    await asyncio.gather(service.parts.watchdog.look(), service.parts.watchdog.look())
    for job_id in job_ids:
        assert len(await service.sent("storyboard.requested.v1", job_id)) == 2
