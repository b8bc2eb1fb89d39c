"""A job's whole way over a real database, step by step as its facts come in."""

from dataclasses import replace
from typing import Any

import pytest
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.status import JobStatus, Phase

pytestmark = pytest.mark.connected


async def test_from_creation_to_completion(service: Any, good_input: JobInput) -> None:
    job_id = await service.create(good_input)
    view = await service.job(job_id)
    assert (view.job.status, view.job.phase) == (JobStatus.PENDING, Phase.INGESTING_ASSETS)
    assert view.cost.estimated_micros == 20_000 + 3_000_000
    [ingest] = await service.sent("assets.ingest_requested.v1", job_id)
    [item] = ingest["items"]
    assert item["url"] == "https://example.com/product.jpg"
    assert await service.sent("storyboard.requested.v1") == []

    await service.asset_ready(job_id, view.job.assets[0].asset_id)
    [request] = await service.sent("storyboard.requested.v1", job_id)
    assert request["mode"] == "new"
    assert request["brief"]["call_to_action"] == "Buy Now"
    assert request["assets"][0] | {"name": "Product Shot", "role": "hero", "width_px": 100} == request["assets"][0]

    await service.storyboard_ready(job_id, cost_micros=15_000)
    view = await service.job(job_id)
    assert (view.job.status, view.job.phase) == (JobStatus.STORYBOARD_REVIEW, None)
    assert (view.job.storyboard.version, view.job.progress.scenes_total) == (1, 3)
    assert view.cost.actual_micros == 15_000

    await service.act(job_id, "approve_storyboard", storyboard_version=1)
    view = await service.job(job_id)
    assert (view.job.status, view.job.storyboard.locked) == (JobStatus.IN_PROGRESS, True)

    await service.locked(job_id)
    [order] = await service.sent("render.requested.v1", job_id)
    assert [scene["scene_number"] for scene in order["scenes"]] == [1, 2, 3]
    assert order["assets"][0]["sha256"] == "ab" * 32

    ids = {"render_id": order["render_id"]}
    await service.fact(
        "render.progressed.v1",
        job_id,
        **ids,
        sequence=1,
        percent=40.0,
        phase="rendering_scenes",
        scenes_done=1,
        scenes_total=3,
    )
    await service.fact("clip.ready.v1", job_id, **ids, scene_number=1, take_id=order["render_id"], backend="local")
    view = await service.job(job_id)
    assert (view.job.status, view.job.progress.percent) == (JobStatus.RENDERING, 40.0)
    film = {"sha256": "cd" * 32, "size_bytes": 1}
    await service.fact("render.completed.v1", job_id, **ids, film=film, duration_seconds=30.02)
    view = await service.job(job_id)
    assert view.job.status is JobStatus.COMPLETED
    assert (view.job.has_video, view.job.video_duration_seconds, view.job.progress.percent) == (True, 30.02, 100.0)
    assert [(one.from_status.value, one.to_status.value) for one in view.timeline] == [
        ("pending", "storyboard_review"),
        ("storyboard_review", "in_progress"),
        ("in_progress", "rendering"),
        ("rendering", "completed"),
    ]
    told = await service.sent("job.status_changed.v1", job_id)
    assert [one["to_status"] for one in told] == ["storyboard_review", "in_progress", "rendering", "completed"]


async def test_job_without_assets_is_written_at_once(service: Any, without_assets: JobInput) -> None:
    job_id = await service.create(without_assets)
    assert (await service.job(job_id)).job.phase is Phase.WRITING_STORYBOARD
    assert await service.sent("assets.ingest_requested.v1") == []
    assert len(await service.sent("storyboard.requested.v1", job_id)) == 1


async def test_one_failed_asset_does_not_sink_the_job(service: Any, good_input: JobInput) -> None:
    job_id = await service.create(replace(good_input, assets=good_input.assets * 2))
    first, second = (await service.job(job_id)).job.assets
    error = {"code": "ASSET_HTTP_ERROR", "message": "The address answered with status 404.", "details": {"status": 404}}
    await service.fact("asset.failed.v1", job_id, asset_id=str(first.asset_id), error=error)
    await service.asset_ready(job_id, second.asset_id)
    [request] = await service.sent("storyboard.requested.v1", job_id)
    assert [asset["asset_id"] for asset in request["assets"]] == [str(second.asset_id)]
    failed = (await service.job(job_id)).job.assets[0]
    assert (failed.status, failed.error.code, failed.error.details) == ("failed", "ASSET_HTTP_ERROR", {"status": 404})


async def test_job_fails_when_every_asset_does_and_retry_fetches_them_again(service: Any, good_input: JobInput) -> None:
    job_id = await service.create(good_input)
    [asset] = (await service.job(job_id)).job.assets
    await service.fact(
        "asset.failed.v1", job_id, asset_id=str(asset.asset_id), error={"code": "ASSET_TIMEOUT", "message": "Slow."}
    )
    view = await service.job(job_id)
    assert (view.job.status, view.job.error.code) == (JobStatus.FAILED, "ASSETS_UNAVAILABLE")
    await service.act(job_id, "retry")
    assert len(await service.sent("assets.ingest_requested.v1", job_id)) == 2
    await service.asset_ready(job_id, asset.asset_id)
    assert (await service.job(job_id)).job.phase is Phase.WRITING_STORYBOARD


async def test_same_message_twice_changes_nothing(service: Any, without_assets: JobInput) -> None:
    job_id = await service.create(without_assets)
    [request] = await service.sent("storyboard.requested.v1", job_id)
    message_id = job_id
    fact = {
        "request_id": request["request_id"],
        "version": 1,
        "generator": "template",
        "scene_count": 3,
        "duration_seconds": 30.0,
    }
    await service.fact("storyboard.ready.v1", job_id, message_id=message_id, **fact)
    version = (await service.job(job_id)).job.version
    await service.fact("storyboard.ready.v1", job_id, message_id=message_id, **fact)
    await service.fact("storyboard.ready.v1", job_id, **fact)
    assert (await service.job(job_id)).job.version == version
