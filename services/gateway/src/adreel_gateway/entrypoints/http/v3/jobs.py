"""Jobs: order, list, read, act on."""

from typing import Annotated

from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2 as pb
from adreel_kit.ids import new_id
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.context import request_key_of
from adreel_gateway.entrypoints.http.dependencies import By, Calls, JobId, Preference, Preferred, Repeatable, With
from adreel_gateway.entrypoints.http.v3.campaigns import ClientFilter
from adreel_gateway.entrypoints.http.v3.envelope import (
    Envelope,
    ListEnvelope,
    Page,
    answer,
    errors,
    page_answer,
    sliced,
)
from adreel_gateway.entrypoints.http.v3.models.base import Uuid
from adreel_gateway.entrypoints.http.v3.models.job_requests import REWRITING, ActionIn, JobIn
from adreel_gateway.entrypoints.http.v3.models.jobs import ActionOut, JobOut, JobState, JobSummary, status_number
from adreel_gateway.usecases.await_job import await_job, is_settled
from adreel_gateway.usecases.check_backend import check_backend
from adreel_gateway.usecases.neighbours import Neighbours
from adreel_gateway.usecases.read_job import JobParts, complete_job, read_job
from adreel_gateway.usecases.resolve_client import resolve_filter

router = APIRouter(prefix="/jobs", tags=["v3-jobs"])


@router.get("", summary="List jobs, newest first", responses=errors())
async def list_jobs(
    calls: Calls,
    by: By,
    page: Page,
    client: ClientFilter = None,
    campaign: Annotated[Uuid | None, Query(alias="campaignId", description="Of this campaign only.")] = None,
    status: Annotated[JobState | None, Query(description="In this status only.")] = None,
) -> ListEnvelope[JobSummary]:
    client_id = await resolve_filter(calls.jobs, client, scope=by.client_id)
    if client_id is None:
        return page_answer([], common_pb2.PageInfo(limit=page.limit, offset=page.offset))
    found = await calls.jobs.list_jobs(
        pb.ListJobsRequest(
            client_id=client_id,
            campaign_id=campaign or "",
            status=status_number(status),
            page=page,
            scope_client_id=by.client_id,
        )
    )
    return page_answer([JobSummary.of(job) for job in found.jobs], found.page)


@router.post(
    "",
    status_code=201,
    summary="Order an ad and wait for its storyboard",
    responses=errors(
        402, 404, 409, also={202: {"model": Envelope[JobOut], "description": "Still at work; see Location."}}
    ),
    dependencies=[Repeatable],
)
async def create_job(
    body: JobIn, request: Request, response: Response, services: With, by: By, prefer: Preferred
) -> Envelope[JobOut]:
    calls, settings = services.neighbours, services.settings
    if body.video.backend is not None:
        await check_backend(calls.render, body.video.backend)
    job = await calls.jobs.create_job(
        body.to_message(),
        adopt=settings.adreel_adopt_unknown_clients,
        # Repeated calls, by gRPC or by whoever takes an interrupted request over, find the first one's job.
        request_id=request_key_of(request.scope) or str(new_id()),
        scope=by.client_id,
    )
    job = await await_job(
        calls.jobs, job, seconds=prefer.wait_seconds(settings.job_create_wait_seconds), scope=by.client_id
    )
    response.headers["location"] = f"/api/v3/jobs/{job.id}"
    response.status_code = 201 if is_settled(job.status, job.phase) and not prefer.respond_async else 202
    _note(response, prefer)
    return answer(_shown(await complete_job(calls, job)))


@router.get("/{jobId}", summary="Read a job", responses=errors(404))
async def get_job(job_id: JobId, calls: Calls, by: By) -> Envelope[JobOut]:
    return answer(_shown(await read_job(calls, job_id, scope=by.client_id)))


@router.get("/{jobId}/actions", summary="The actions open now", responses=errors(404))
async def list_actions(job_id: JobId, calls: Calls, by: By, page: Page) -> ListEnvelope[ActionOut]:
    job = await calls.jobs.get_job(job_id, scope=by.client_id)
    return sliced([ActionOut.of(action) for action in job.available_actions], page)


@router.post(
    "/{jobId}/actions",
    summary="Act on a job",
    responses=errors(
        402, 404, 409, also={202: {"model": Envelope[JobOut], "description": "Still at work; see Location."}}
    ),
    dependencies=[Repeatable],
)
async def apply_action(
    job_id: JobId, body: ActionIn, request: Request, response: Response, services: With, by: By, prefer: Preferred
) -> Envelope[JobOut]:
    calls = services.neighbours
    job = await calls.jobs.apply_action(
        body.to_message(job_id, request_id=request_key_of(request.scope), scope=by.client_id)
    )
    if body.action in REWRITING:
        job = await _rewritten(calls, job, response, prefer, services.settings.job_create_wait_seconds, by.client_id)
    return answer(_shown(await complete_job(calls, job)))


async def _rewritten(
    calls: Neighbours, job: pb.Job, response: Response, prefer: Preference, allowed_seconds: float, scope: str
) -> pb.Job:
    job = await await_job(calls.jobs, job, seconds=prefer.wait_seconds(allowed_seconds), scope=scope)
    if not is_settled(job.status, job.phase):
        response.status_code = 202
        response.headers["location"] = f"/api/v3/jobs/{job.id}"
    _note(response, prefer)
    return job


def _shown(parts: JobParts) -> JobOut:
    return JobOut.of_parts(parts.job, parts.storyboard, parts.assets)


def _note(response: Response, prefer: Preference) -> None:
    if prefer.respond_async:
        response.headers["preference-applied"] = "respond-async"
