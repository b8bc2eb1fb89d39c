"""A job's films and what belongs to them: video, poster, captions, preview, takes.

The render service knows no API keys, so every route asks jobs first whether its caller may see the job.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from adreel.jobs.v1 import jobs_pb2
from adreel.render.v1 import render_pb2 as pb
from adreel_kit.errors import NotFound
from adreel_kit.ids import parse_id
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.byte_answers import ASK_EACH_TIME, bytes_answer
from adreel_gateway.entrypoints.http.dependencies import By, Calls, JobId, Repeatable, SceneNumber
from adreel_gateway.entrypoints.http.v3.envelope import Envelope, ListEnvelope, Page, Responses, answer, errors, sliced
from adreel_gateway.entrypoints.http.v3.models.base import time_of
from adreel_gateway.entrypoints.http.v3.models.jobs import status_name
from adreel_gateway.entrypoints.http.v3.models.scenes import TakeOut
from adreel_gateway.errors import PreviewNotReady, VideoNotReady
from adreel_gateway.usecases.neighbours import Neighbours

router = APIRouter(prefix="/jobs/{jobId}", tags=["v3-jobs"])

_ENDINGS = {
    pb.MEDIA_KIND_VIDEO: "mp4",
    pb.MEDIA_KIND_POSTER: "jpg",
    pb.MEDIA_KIND_CAPTIONS: "vtt",
    pb.MEDIA_KIND_PREVIEW: "mp4",
}
Download = Annotated[bool, Query(description="Have the browser save it under a name.")]


def _bytes(media_type: str) -> Responses:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return errors(
        404,
        409,
        416,
        also={
            200: {"content": content},
            206: {"description": "The ranges asked for.", "content": content},
            304: {"description": "Not modified."},
        },
    )


@router.get("/video", summary="The finished film", response_class=Response, responses=_bytes("video/mp4"))
@router.head("/video", summary="About the finished film", response_class=Response, responses=errors(404, 409))
async def video(request: Request, job_id: JobId, calls: Calls, by: By, download: Download = False) -> Response:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    return await film_part(request, calls, job, pb.MEDIA_KIND_VIDEO, download=download)


@router.get("/poster.jpg", summary="The film's poster", response_class=Response, responses=_bytes("image/jpeg"))
@router.head("/poster.jpg", summary="About the poster", response_class=Response, responses=errors(404, 409))
async def poster(request: Request, job_id: JobId, calls: Calls, by: By) -> Response:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    return await film_part(request, calls, job, pb.MEDIA_KIND_POSTER)


@router.get("/captions.vtt", summary="The film's subtitles", response_class=Response, responses=_bytes("text/vtt"))
@router.head("/captions.vtt", summary="About the subtitles", response_class=Response, responses=errors(404, 409))
async def captions(request: Request, job_id: JobId, calls: Calls, by: By) -> Response:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    return await film_part(request, calls, job, pb.MEDIA_KIND_CAPTIONS)


@router.get("/preview", summary="An animatic of the storyboard", response_class=Response, responses=_bytes("video/mp4"))
@router.head("/preview", summary="About the animatic", response_class=Response, responses=errors(404, 409))
async def preview(request: Request, job_id: JobId, calls: Calls, by: By) -> Response:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    await calls.jobs.request_preview(job_id, scope=by.client_id)
    media = await calls.render.get_media(job_id, pb.MEDIA_KIND_PREVIEW)
    if media is None:
        raise PreviewNotReady
    return _served(request, calls, job, media, download=False)


@router.get("/scenes/{sceneNumber}/takes", summary="Every clip rendered for a scene", responses=errors(404))
async def list_takes(
    job_id: JobId, scene_number: SceneNumber, calls: Calls, by: By, page: Page
) -> ListEnvelope[TakeOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return sliced([TakeOut.of(take) for take in await calls.render.list_takes(job_id, scene_number)], page)


@router.post(
    "/scenes/{sceneNumber}/takes/{takeId}/select",
    summary="Choose another take",
    responses=errors(404, 409),
    dependencies=[Repeatable],
)
async def select_take(
    job_id: JobId,
    scene_number: SceneNumber,
    take_id: Annotated[str, Path(alias="takeId")],
    calls: Calls,
    by: By,
) -> Envelope[TakeOut]:
    parsed = parse_id(take_id)
    if parsed is None:
        raise NotFound("There is no take with this id.")
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return answer(TakeOut.of(await calls.render.select_take(job_id, scene_number, str(parsed))))


async def film_part(
    request: Request, calls: Neighbours, job: jobs_pb2.Job, kind: pb.MediaKind.ValueType, *, download: bool = False
) -> Response:
    """The film, or its poster or captions. Raises VideoNotReady before there is one."""
    if not job.has_video:
        raise VideoNotReady(status_name(job.status))
    media = await calls.render.get_media(job.id, kind)
    if media is None:
        raise NotFound("This film has no such part.")
    return _served(request, calls, job, media, download=download)


def _served(request: Request, calls: Neighbours, job: jobs_pb2.Job, media: pb.Media, *, download: bool) -> Response:
    def opened(start: int, length: int) -> AsyncIterator[bytes]:
        return calls.render.read_media(job.id, media, start=start, length=length)

    return bytes_answer(
        request,
        opened,
        size_bytes=media.size_bytes,
        sha256=media.sha256,
        content_type=media.content_type,
        cache_control=ASK_EACH_TIME,
        modified_at=time_of(media.created_at),
        filename=f"{job.input.ad_basics.product or 'video'}.{_ENDINGS[media.kind]}",
        disposition="attachment" if download else "inline",
    )
