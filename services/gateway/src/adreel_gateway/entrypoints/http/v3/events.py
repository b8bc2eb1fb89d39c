"""Server-sent events of a job, resumable on any gateway: an event's id is the job's version."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Annotated, Any

from adreel.jobs.v1 import jobs_pb2 as pb
from adreel_kit.errors import ErrorKind, RemoteError
from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from adreel_gateway.entrypoints.http.dependencies import By, Calls, JobId
from adreel_gateway.entrypoints.http.v3.envelope import Responses, errors
from adreel_gateway.entrypoints.http.v3.models.jobs import ProgressOut, status_name
from adreel_gateway.entrypoints.http.v3.models.scenes import SceneOut
from adreel_gateway.usecases.neighbours import Neighbours

router = APIRouter(prefix="/jobs/{jobId}", tags=["v3-jobs"])

# Often enough that proxies, which give up on silence after 30 to 60 s, keep the connection.
COMMENT_SECONDS = 15.0
_ENDED = frozenset({pb.JOB_STATUS_COMPLETED, pb.JOB_STATUS_FAILED, pb.JOB_STATUS_CANCELLED})
_NAMES = {
    pb.CHANGE_KIND_STATUS: "status",
    pb.CHANGE_KIND_PROGRESS: "progress",
    pb.CHANGE_KIND_SCENE: "scene",
    pb.CHANGE_KIND_END: "end",
}
_STREAM: Responses = {
    200: {
        "description": "`status`, `progress`, `scene` and `end` events; the stream closes after `end`.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 4\nevent: status\ndata: {"jobId": "...", "version": 4, "status": "rendering"}\n\n',
            }
        },
    },
    204: {"description": "The job has ended and there is nothing after `Last-Event-ID`: do not connect again."},
}


@router.get("/events", summary="Follow a job", response_class=StreamingResponse, responses=errors(404, also=_STREAM))
async def job_events(
    job_id: JobId,
    calls: Calls,
    by: By,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", description="Go on after this event.")] = None,
    last_event: Annotated[
        str | None, Query(alias="lastEventId", max_length=40, description="For clients that cannot set the header.")
    ] = None,
) -> Response:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    after = _version(last_event_id or last_event)
    if after >= job.version and job.status in _ENDED:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(calls, job_id, after, by.client_id),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _version(text: str | None) -> int:
    # An id that is none of ours starts from the beginning, which loses nothing.
    given = (text or "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0


async def _stream(calls: Neighbours, job_id: str, after: int, scope: str) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    async with aclosing(_changes(calls, job_id, after, scope)) as changes:
        waiting: asyncio.Task[pb.WatchJobResponse | None] = asyncio.ensure_future(anext(changes, None))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=COMMENT_SECONDS)
                if not done:
                    yield b": still here\n\n"
                    continue
                change = waiting.result()
                if change is None:
                    return
                yield await _event(calls, change)
                waiting = asyncio.ensure_future(anext(changes, None))
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError, RemoteError):
                await waiting


async def _changes(calls: Neighbours, job_id: str, after: int, scope: str) -> AsyncGenerator[pb.WatchJobResponse, None]:
    """Changes until the end; a jobs service that restarts is waited for and asked from where it stopped."""
    version = after
    while True:
        try:
            async for change in calls.jobs.watch_job(job_id, after_version=version, scope=scope):
                version = max(version, change.version)
                yield change
                if change.kind == pb.CHANGE_KIND_END:
                    return
        except RemoteError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                return
        else:
            # The service closes the stream after the job's end and only then.
            return
        await asyncio.sleep(1)


async def _event(calls: Neighbours, change: pb.WatchJobResponse) -> bytes:
    data: dict[str, Any] = {
        "jobId": change.job_id,
        "version": change.version,
        "status": status_name(change.status),
        "phase": change.phase or None,
        "progress": ProgressOut.of(change.progress).model_dump(mode="json"),
    }
    if change.kind == pb.CHANGE_KIND_SCENE:
        data["sceneNumber"] = change.scene_number or None
        data["scene"] = await _scene(calls, change)
    name = _NAMES.get(change.kind, "status")
    return f"id: {change.version}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _scene(calls: Neighbours, change: pb.WatchJobResponse) -> dict[str, Any] | None:
    # The scene as it is now; null where it is gone again, or its service cannot say.
    with suppress(RemoteError):
        storyboard = await calls.scenes.get_storyboard(change.job_id)
        for scene in storyboard.scenes if storyboard else ():
            if scene.scene_number == change.scene_number:
                return SceneOut.of(scene).model_dump(mode="json")
    return None
