"""Server-sent events: every change, in order, resumable, and an end."""

import asyncio
import json
from typing import Any

from adreel.jobs.v1 import jobs_pb2
from adreel_gateway.entrypoints.http.v3 import events


async def _read(api: Any, url: str, *, until: int = 100, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Events until the stream ends or there are `until` of them; comments as `{"comment": ...}`."""
    found: list[dict[str, Any]] = []
    async with api.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        async for line in response.aiter_lines():
            if line.startswith(":"):
                found.append({"comment": line})
            elif line.startswith("retry"):
                continue
            elif line:
                name, _, value = line.partition(": ")
                event[name] = json.loads(value) if name == "data" else value
            elif event:
                found.append(event)
                event = {}
            if len(found) >= until:
                return found
    return found


async def _job(api: Any, world: Any, order: Any) -> str:
    world.jobs.settle_after = None
    made = await api.post("/api/v3/jobs", json=order, headers={"Prefer": "respond-async"})
    return str(made.json()["data"]["id"])


async def test_every_change_arrives_with_its_version_and_the_stream_ends(api, world, order):
    job_id = await _job(api, world, order)
    world.scenes.write(job_id)
    reading = asyncio.create_task(_read(api, f"/api/v3/jobs/{job_id}/events"))
    await asyncio.sleep(0.2)
    await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_STORYBOARD_REVIEW)
    await world.jobs.change(job_id, kind=jobs_pb2.CHANGE_KIND_SCENE, scene_number=2)
    await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_RENDERING, phase="rendering_scenes")
    await world.jobs.change(job_id, kind=jobs_pb2.CHANGE_KIND_PROGRESS)
    await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_COMPLETED)
    await world.jobs.change(job_id, kind=jobs_pb2.CHANGE_KIND_END)
    found = await asyncio.wait_for(reading, 10)
    assert [event["event"] for event in found] == ["status", "scene", "status", "progress", "status", "end"]
    assert [int(event["id"]) for event in found] == [2, 3, 4, 5, 6, 7]
    assert found[0]["data"]["jobId"] == job_id
    assert set(found[0]["data"]) == {"jobId", "version", "status", "phase", "progress"}
    assert found[1]["data"]["scene"]["sceneNumber"] == 2
    assert found[2]["data"]["phase"] == "rendering_scenes"


async def test_a_reader_goes_on_after_the_event_it_saw_last_on_another_gateway(serve, world, order):
    async with serve() as one, serve() as two:
        job_id = await _job(one, world, order)
        await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_STORYBOARD_REVIEW)
        await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_RENDERING)
        seen = await _read(one, f"/api/v3/jobs/{job_id}/events", until=1)
        await world.jobs.change(job_id, jobs_pb2.JOB_STATUS_COMPLETED)
        await world.jobs.change(job_id, kind=jobs_pb2.CHANGE_KIND_END)
        rest = await _read(two, f"/api/v3/jobs/{job_id}/events", headers={"Last-Event-ID": seen[0]["id"]})
        assert [int(event["id"]) for event in rest] == [3, 4, 5]
        over = await two.get(f"/api/v3/jobs/{job_id}/events", headers={"Last-Event-ID": "5"})
        assert over.status_code == 204


async def test_a_quiet_stream_sends_comments(api, world, order, monkeypatch):
    monkeypatch.setattr(events, "COMMENT_SECONDS", 0.1)
    job_id = await _job(api, world, order)
    found = await _read(api, f"/api/v3/jobs/{job_id}/events", until=2)
    assert all("comment" in event for event in found)


async def test_events_of_no_job_are_an_error_in_the_envelope(api):
    response = await api.get("/api/v3/jobs/00000000-0000-7000-8000-000000000001/events")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"
