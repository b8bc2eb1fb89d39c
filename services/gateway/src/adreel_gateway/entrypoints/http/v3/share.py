"""Share links: a finished film for whoever has the link, until it expires or is revoked."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from adreel.render.v1 import render_pb2 as pb
from adreel_kit.errors import NotFound
from fastapi import APIRouter, Body, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from adreel_gateway.adapters.postgres.share_links import ShareLink
from adreel_gateway.entrypoints.http.dependencies import By, JobId, Repeatable, With
from adreel_gateway.entrypoints.http.pages.shared_video import gone_page, player_page
from adreel_gateway.entrypoints.http.v3.envelope import (
    Deleted,
    Envelope,
    ListEnvelope,
    Page,
    answer,
    errors,
    sliced,
)
from adreel_gateway.entrypoints.http.v3.media import film_part
from adreel_gateway.entrypoints.http.v3.models.base import Wire
from adreel_gateway.entrypoints.http.v3.models.jobs import status_name
from adreel_gateway.errors import ShareGone, VideoNotReady

router = APIRouter(tags=["v3-jobs"])

_WEEK = 7 * 24 * 3600
_YEAR = 366 * 24 * 3600
Token = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,100}$")]


class ShareIn(Wire):
    """A link to be made."""

    expires_in_seconds: int = Field(_WEEK, ge=1, le=_YEAR)


class ShareOut(Wire):
    """A link. Whoever has its token sees the film."""

    token: str
    url: str
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, link: ShareLink) -> Self:
        return cls(
            token=link.token,
            url=f"/api/v3/share/{link.token}",
            expires_at=link.expires_at,
            created_at=link.created_at,
        )


@router.post(
    "/jobs/{jobId}/share",
    status_code=201,
    summary="Make a link to the film",
    responses=errors(404, 409),
    dependencies=[Repeatable],
)
async def create_share(
    job_id: JobId, services: With, by: By, body: Annotated[ShareIn | None, Body()] = None
) -> Envelope[ShareOut]:
    job = await services.neighbours.jobs.get_job(job_id, scope=by.client_id)
    if not job.has_video:
        raise VideoNotReady(status_name(job.status))
    lifetime = timedelta(seconds=(body or ShareIn(expires_in_seconds=_WEEK)).expires_in_seconds)
    return answer(ShareOut.of(await services.share_links.create(job_id, lifetime=lifetime, created_by=by.name)))


@router.get("/jobs/{jobId}/share", summary="List the open links", responses=errors(404))
async def list_shares(job_id: JobId, services: With, by: By, page: Page) -> ListEnvelope[ShareOut]:
    await services.neighbours.jobs.get_job(job_id, scope=by.client_id)
    return sliced([ShareOut.of(link) for link in await services.share_links.of_job(job_id)], page)


@router.delete("/jobs/{jobId}/share/{token}", summary="Revoke a link", responses=errors(404))
async def revoke_share(job_id: JobId, token: Token, services: With, by: By) -> Envelope[Deleted]:
    await services.neighbours.jobs.get_job(job_id, scope=by.client_id)
    if not await services.share_links.revoke(job_id, token):
        raise NotFound("The job has no such link.")
    return answer(Deleted(id=token))


@router.get(
    "/share/{token}",
    summary="A shared film: a page in a browser, the MP4 otherwise",
    response_class=Response,
    responses=errors(404, 410, 416, also={200: {"content": {"text/html": {}, "video/mp4": {}}}}),
)
@router.head("/share/{token}", summary="About a shared film", response_class=Response, responses=errors(404, 410))
async def shared_film(request: Request, token: Token, services: With) -> Response:
    wants_page = "text/html" in request.headers.get("accept", "")
    link = await services.share_links.find(token)
    if link is None:
        raise NotFound("There is no such link.")
    if not link.is_open:
        if wants_page:
            return HTMLResponse(gone_page(), status_code=410, headers={"vary": "accept"})
        raise ShareGone
    calls = services.neighbours
    job = await calls.jobs.get_job(link.job_id, scope="")
    if wants_page:
        title = job.input.ad_basics.product or "Video"
        return HTMLResponse(
            player_page(title, request.url.path), headers={"vary": "accept", "cache-control": "no-store"}
        )
    film = await film_part(request, calls, job, pb.MEDIA_KIND_VIDEO)
    film.headers["vary"] = "accept"
    return film
