"""Requests repeated after their caller died: each makes or changes something once."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from adreel_jobs.domain.campaign import CampaignFields, CampaignStatus
from adreel_jobs.domain.client import ClientFields
from adreel_jobs.domain.errors import ActionNotAllowed, FieldsInvalid
from adreel_jobs.domain.job_input import JobContext, JobInput
from adreel_jobs.domain.status import JobStatus
from adreel_kit.errors import Unavailable

pytestmark = pytest.mark.connected

CAMPAIGN = CampaignFields("Spring", "", CampaignStatus.ACTIVE, "", "", {})


async def test_client_and_campaign_are_made_once_per_request(service: Any) -> None:
    clients, campaigns = service.parts.usecases.clients, service.parts.usecases.campaigns
    request = str(uuid4())
    made = await asyncio.gather(*(clients.create(ClientFields("Vereda"), "", request) for _ in range(5)))
    assert len({client.id for client in made}) == 1
    assert (await clients.create(ClientFields("Vereda"), "", str(uuid4()))).id != made[0].id
    assert (await clients.create(ClientFields("Vereda"), "")).id != made[0].id

    client_id, request = str(made[0].id), str(uuid4())
    made = await asyncio.gather(*(campaigns.create(client_id, CAMPAIGN, "", request) for _ in range(5)))
    assert len({campaign.id for campaign in made}) == 1
    assert (await campaigns.create(client_id, CAMPAIGN, "")).id != made[0].id


@pytest.mark.parametrize("action", ["regenerate_scene", "regenerate_all_scenes", "reject_storyboard", "cancel"])
async def test_action_of_one_request_is_applied_once(service: Any, without_assets: JobInput, action: str) -> None:
    job_id = await service.in_review(without_assets)
    fields = {"scene_number": 1, "feedback": "Closer", "request_id": str(uuid4())}
    await service.act(job_id, action, **fields)
    version = (await service.job(job_id)).job.version
    # At once, while the rewrite runs, and later, when the job would take the action again.
    await asyncio.gather(*(service.act(job_id, action, **fields) for _ in range(3)))
    if action != "cancel":
        await service.storyboard_ready(job_id, version=2)
        version = (await service.job(job_id)).job.version
        await service.act(job_id, action, **fields)
        assert [one["mode"] for one in await service.sent("storyboard.requested.v1", job_id)][1:] in (
            ["scene"],
            ["all"],
        )
    assert (await service.job(job_id)).job.version == version


async def test_refused_action_may_be_repeated_under_its_request_id(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await service.act(job_id, "regenerate_all_scenes")
    request = str(uuid4())
    with pytest.raises(ActionNotAllowed):
        await service.act(job_id, "regenerate_scene", scene_number=1, request_id=request)
    await service.storyboard_ready(job_id, version=2)
    await service.act(job_id, "regenerate_scene", scene_number=1, request_id=request)
    assert len(await service.sent("storyboard.requested.v1", job_id)) == 3


async def test_approval_repeated_by_its_request_succeeds_wherever_the_first_one_died(
    service: Any, without_assets: JobInput
) -> None:
    for told in (False, True):
        job_id = await service.in_review(without_assets)
        request = str(uuid4())
        lock = service.scenes.lock

        async def die_after_locking(job: Any, version: int, *, lock: Any = lock) -> Any:
            await lock(job, version)
            raise asyncio.CancelledError

        service.scenes.lock = die_after_locking
        with pytest.raises(asyncio.CancelledError):
            await service.act(job_id, "approve_storyboard", request_id=request)
        service.scenes.lock = lock
        with pytest.raises(ActionNotAllowed):
            await service.act(job_id, "approve_storyboard", request_id=str(uuid4()))
        if told:
            await service.locked(job_id)
        await service.act(job_id, "approve_storyboard", request_id=request)
        await service.act(job_id, "approve_storyboard", request_id=request)
        expected = JobStatus.RENDERING if told else JobStatus.IN_PROGRESS
        assert (await service.job(job_id)).job.status is expected


async def test_approval_that_scenes_did_not_answer_is_not_remembered(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    request = str(uuid4())
    service.scenes.failure = Unavailable("Away.")
    with pytest.raises(Unavailable):
        await service.act(job_id, "approve_storyboard", request_id=request)
    service.scenes.failure = None
    await service.act(job_id, "approve_storyboard", request_id=request)
    assert (await service.job(job_id)).job.status is JobStatus.IN_PROGRESS


async def test_reopening_and_retrying_happen_once(service: Any, without_assets: JobInput) -> None:
    job_id = await service.completed(without_assets)
    request = str(uuid4())
    await service.act(job_id, "reopen_storyboard", request_id=request)
    await service.act(job_id, "approve_storyboard")
    await service.act(job_id, "reopen_storyboard", request_id=request)
    assert (await service.job(job_id)).job.status is JobStatus.IN_PROGRESS

    failed = await service.create(without_assets)
    written = (await service.sent("storyboard.requested.v1", failed))[-1]["request_id"]
    error = {"code": "PROVIDER_ERROR", "message": "It broke.", "kind": "internal"}
    await service.fact("storyboard.failed.v1", failed, request_id=written, error=error)
    request = str(uuid4())
    for _ in range(3):
        await service.act(failed, "retry", request_id=request)
    assert len(await service.sent("storyboard.requested.v1", failed)) == 2


async def test_scopes_have_request_ids_of_their_own(service: Any, without_assets: JobInput) -> None:
    client = await service.parts.usecases.clients.create(ClientFields("Bound"), "")
    request = str(uuid4())
    job_input = replace(without_assets, context=JobContext(str(client.id)))
    jobs = [await service.in_review(job_input) for _ in range(2)]
    await service.act(jobs[0], "cancel", request_id=request)
    await service.act(jobs[1], "cancel", request_id=request, scope=str(client.id))
    assert [(await service.job(job)).job.status for job in jobs] == [JobStatus.CANCELLED] * 2


async def test_request_ids_that_cannot_be_kept_are_refused(service: Any) -> None:
    for request in ("x" * 301, "a\x00b"):
        with pytest.raises(FieldsInvalid):
            await service.parts.usecases.clients.create(ClientFields("Vereda"), "", request)
