"""Watching: nothing is missed, nothing comes twice, and the stream ends with the job."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from adreel_jobs.domain.errors import JobNotFound
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import Change, ChangeKind
from adreel_jobs.usecases import watch_job

pytestmark = pytest.mark.connected


async def watched(service: Any, job_id: UUID, after: int = 0) -> list[Change]:
    """All changes until the stream ends by itself."""
    async with asyncio.timeout(20):
        return [change async for change in service.parts.usecases.watch_job.run(str(job_id), after, "")]


async def test_live_watcher_sees_every_version_in_order(service: Any, without_assets: JobInput) -> None:
    job_id = await service.create(without_assets)
    watchers = [asyncio.create_task(watched(service, job_id)) for _ in range(10)]
    await asyncio.sleep(0.1)
    await service.storyboard_ready(job_id)
    await service.act(job_id, "approve_storyboard")
    await service.locked(job_id)
    render_id = await service.render_id(job_id)
    for sequence in range(20):
        await service.fact(
            "render.progressed.v1",
            job_id,
            render_id=render_id,
            sequence=sequence,
            percent=sequence * 5.0,
            phase="rendering_scenes",
            scenes_done=0,
            scenes_total=3,
        )
    film = {"sha256": "cd" * 32, "size_bytes": 1}
    await service.fact("render.completed.v1", job_id, render_id=render_id, film=film, duration_seconds=30.0)
    seen = await asyncio.gather(*watchers)
    version = (await service.job(job_id)).job.version
    assert all([change.version for change in one] == list(range(1, version + 1)) for one in seen)
    assert seen[0][-1].kind is ChangeKind.END
    percents = [change.progress.percent for change in seen[0] if change.phase == "rendering_scenes"]
    assert percents == sorted(percents)


async def test_resumed_watcher_gets_what_it_missed_and_no_more(service: Any, without_assets: JobInput) -> None:
    job_id = await service.completed(without_assets)
    everything = await watched(service, job_id)
    for after in (0, 3, everything[-1].version - 1):
        assert await watched(service, job_id, after) == [one for one in everything if one.version > after]
    assert await watched(service, job_id, everything[-1].version) == []
    assert await watched(service, job_id, everything[-1].version + 100) == []


async def test_end_that_was_not_the_last_is_left_out(service: Any, without_assets: JobInput) -> None:
    job_id = await service.completed(without_assets)
    await service.act(job_id, "reopen_storyboard")
    watcher = asyncio.create_task(watched(service, job_id))
    await asyncio.sleep(0.1)
    await service.act(job_id, "cancel")
    changes = await watcher
    assert [one.version for one in changes if one.kind is ChangeKind.END] == [changes[-1].version]
    assert changes[-1].status == "cancelled"


async def test_lost_notification_only_delays(
    service: Any, without_assets: JobInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_job, "_SAFETY_POLL_SECONDS", 0.3)
    job_id = await service.create(without_assets)
    await service.parts.runtime.listener.aclose()
    watcher = asyncio.create_task(watched(service, job_id))
    await asyncio.sleep(0.1)
    await service.act(job_id, "cancel")
    assert (await watcher)[-1].kind is ChangeKind.END


async def test_long_history_comes_in_batches(
    service: Any, without_assets: JobInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_job, "_BATCH", 2)
    job_id = await service.completed(without_assets)
    version = (await service.job(job_id)).job.version
    assert [one.version for one in await watched(service, job_id)] == list(range(1, version + 1))


async def test_unknown_job_or_scope_is_not_found(service: Any, without_assets: JobInput) -> None:
    job_id = await service.create(without_assets)
    with pytest.raises(JobNotFound):
        await watched(service, uuid4())
    with pytest.raises(JobNotFound):
        async for _ in service.parts.usecases.watch_job.run(str(job_id), 0, "somebody else"):
            pass
