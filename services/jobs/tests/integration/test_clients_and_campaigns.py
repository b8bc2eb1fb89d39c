"""Clients and campaigns: kept, found, listed by pages, deleted only when nothing needs them."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from adreel_jobs.domain.campaign import CampaignFields, CampaignStatus
from adreel_jobs.domain.client import BrandGuidelines, Client, ClientFields
from adreel_jobs.domain.errors import (
    CampaignInUse,
    CampaignNotFound,
    ClientInUse,
    ClientNotFound,
    FieldsInvalid,
    OutsideScope,
)
from adreel_jobs.domain.job_input import JobContext, JobInput
from adreel_jobs.domain.status import JobStatus
from adreel_jobs.domain.views import PageRequest
from adreel_jobs.usecases.manage_campaigns import DeleteCampaign
from adreel_jobs.usecases.manage_clients import DeleteClient

pytestmark = pytest.mark.connected

FIRST_PAGE = PageRequest(0, 0, "")


async def new_client(service: Any, name: str = "Vereda") -> Client:
    client: Client = await service.parts.usecases.clients.create(ClientFields(name), "")
    return client


async def job_of(service: Any, job_input: JobInput, client: UUID, campaign: UUID | None = None) -> UUID:
    made: UUID = await service.create(replace(job_input, context=JobContext(str(client), str(campaign or ""))))
    return made


async def test_client_comes_back_as_it_was_given(service: Any) -> None:
    fields = ClientFields(
        "Vereda",
        "Walks",
        "https://vereda.example",
        BrandGuidelines(("#fff",), ("Inter",), "warm", str(uuid4())),
        {"places": 48, "tags": ["a", None, {"deep": 1.5}]},
    )
    client = await service.parts.usecases.clients.create(fields, "")
    assert (await service.parts.usecases.queries.client(str(client.id), "")).fields == fields
    changed = await service.parts.usecases.clients.replace(str(client.id), ClientFields("Vereda Walks"), "")
    assert changed.fields == ClientFields("Vereda Walks")
    assert changed.updated_at > client.updated_at


async def test_search_finds_names_by_any_part_and_takes_wildcards_literally(service: Any) -> None:
    for name in ("Vereda Walks", "North_light", "100% Wool"):
        await new_client(service, name)
    queries = service.parts.usecases.queries

    async def found(query: str) -> list[str]:
        page = await queries.clients(query=query, page=FIRST_PAGE, scope="")
        return [one.fields.name for one in page.items]

    assert await found("wALK") == ["Vereda Walks"]
    assert await found("_") == ["North_light"]
    assert await found("%") == ["100% Wool"]
    assert await found("\\") == []
    assert await found("") == ["100% Wool", "North_light", "Vereda Walks"]


async def test_pages_by_cursor_and_by_offset_show_every_row_once(service: Any) -> None:
    for number in range(7):
        await new_client(service, f"c{number}")
    queries = service.parts.usecases.queries
    seen: list[str] = []
    cursor = ""
    while True:
        page = await queries.clients(query="", page=PageRequest(3, 0, cursor), scope="")
        assert page.total == 7
        seen += [one.fields.name for one in page.items]
        if len(seen) == 3:
            # A row added while somebody leafs shifts nothing.
            await new_client(service, "late")
            await service.execute("UPDATE clients SET deleted_at = now() WHERE name = 'late'")
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [f"c{number}" for number in reversed(range(7))]
    page = await queries.clients(query="", page=PageRequest(2, 5, ""), scope="")
    assert [one.fields.name for one in page.items] == ["c1", "c0"]


@pytest.mark.parametrize(
    "page",
    [
        PageRequest(-1, 0, ""),
        PageRequest(201, 0, ""),
        PageRequest(10, -1, ""),
        PageRequest(10, 0, "nonsense"),
        PageRequest(10, 0, "\x00"),
        PageRequest(10, 0, "A" * 5000),
        PageRequest(10, 0, "ééé"),
    ],
)
async def test_wrong_page_is_refused(service: Any, page: PageRequest) -> None:
    with pytest.raises(FieldsInvalid):
        await service.parts.usecases.queries.clients(query="", page=page, scope="")


async def test_client_in_use_is_deleted_by_force_alone(service: Any, without_assets: JobInput) -> None:
    client = await new_client(service)
    campaign = await service.parts.usecases.campaigns.create(str(client.id), CampaignFields("Launch"), "")
    job_id = await job_of(service, without_assets, client.id, campaign.id)
    clients, queries = service.parts.usecases.clients, service.parts.usecases.queries
    with pytest.raises(ClientInUse) as refused:
        await clients.delete(DeleteClient(str(client.id), False, ""))
    assert refused.value.details == {"campaigns": 1, "liveJobs": 1}
    assert await clients.delete(DeleteClient(str(client.id), True, "")) == client.id
    assert (await service.job(job_id)).job.status is JobStatus.CANCELLED
    assert len(await service.sent("job.cancelled.v1", job_id)) == 1
    for look in (queries.client(str(client.id), ""), clients.delete(DeleteClient(str(client.id), True, ""))):
        with pytest.raises(ClientNotFound):
            await look
    with pytest.raises(CampaignNotFound):
        await queries.campaign(str(campaign.id), "")
    with pytest.raises(ClientNotFound):
        await service.create(replace(without_assets, context=JobContext(str(client.id))), adopt=False)


async def test_client_whose_jobs_have_ended_is_deleted(service: Any, without_assets: JobInput) -> None:
    client = await new_client(service)
    job_id = await job_of(service, without_assets, client.id)
    await service.act(job_id, "cancel")
    await service.parts.usecases.clients.delete(DeleteClient(str(client.id), False, ""))
    assert (await service.job(job_id)).job.client_id == client.id


async def test_external_id_of_a_deleted_client_is_free_again(service: Any, without_assets: JobInput) -> None:
    first = await service.create(without_assets)
    await service.parts.usecases.clients.delete(DeleteClient("acme", True, ""))
    second = await service.create(without_assets)
    owners = [(await service.job(one)).job.client_id for one in (first, second)]
    assert owners[0] != owners[1]


async def test_campaign_in_use_is_deleted_by_force_alone(service: Any, without_assets: JobInput) -> None:
    client = await new_client(service)
    campaigns = service.parts.usecases.campaigns
    campaign = await campaigns.create(str(client.id), CampaignFields("Launch"), "")
    job_id = await job_of(service, without_assets, client.id, campaign.id)
    with pytest.raises(CampaignInUse):
        await campaigns.delete(DeleteCampaign(str(campaign.id), False, ""))
    await campaigns.delete(DeleteCampaign(str(campaign.id), True, ""))
    view = await service.job(job_id)
    assert (view.job.status, view.job.campaign_id) == (JobStatus.CANCELLED, campaign.id)


async def test_campaigns_are_filtered_and_replaced(service: Any) -> None:
    one, other = await new_client(service, "one"), await new_client(service, "other")
    campaigns, queries = service.parts.usecases.campaigns, service.parts.usecases.queries
    launch = await campaigns.create(str(one.id), CampaignFields("Launch"), "")
    await campaigns.create(str(one.id), CampaignFields("Autumn", status=CampaignStatus.PAUSED), "")
    await campaigns.create(str(other.id), CampaignFields("Launch too"), "")

    async def names(**filters: Any) -> list[str]:
        given = {"client_id": "", "status": None, "query": "", "scope": ""} | filters
        page = await queries.campaigns(page=FIRST_PAGE, **given)
        return [campaign.fields.name for campaign in page.items]

    assert await names(client_id=str(one.id)) == ["Autumn", "Launch"]
    assert await names(status=CampaignStatus.PAUSED) == ["Autumn"]
    assert await names(query="launch") == ["Launch too", "Launch"]
    assert await names(scope=str(other.id)) == ["Launch too"]
    assert await names(client_id=str(uuid4())) == []
    assert await names(client_id="no such") == []
    with pytest.raises(ClientNotFound):
        await names(scope=str(other.id), client_id=str(one.id))
    changed = await campaigns.replace(
        str(launch.id), "", CampaignFields("Relaunch", status=CampaignStatus.ARCHIVED, metadata={"a": 1}), ""
    )
    assert (changed.client_id, changed.fields.status) == (one.id, CampaignStatus.ARCHIVED)
    with pytest.raises(FieldsInvalid):
        await campaigns.replace(str(launch.id), str(other.id), CampaignFields("x"), "")
    with pytest.raises(FieldsInvalid):
        await campaigns.create("", CampaignFields("x"), "")
    with pytest.raises(ClientNotFound):
        await campaigns.create(str(uuid4()), CampaignFields("x"), "")


async def test_scoped_caller_makes_no_clients_and_finds_no_others(service: Any) -> None:
    mine, other = await new_client(service, "mine"), await new_client(service, "other")
    usecases, scope = service.parts.usecases, str(mine.id)
    campaign = await usecases.campaigns.create(str(other.id), CampaignFields("Launch"), "")
    with pytest.raises(OutsideScope):
        await usecases.clients.create(ClientFields("new"), scope)
    with pytest.raises(ClientNotFound):
        await usecases.clients.replace(str(other.id), ClientFields("x"), scope)
    with pytest.raises(ClientNotFound):
        await usecases.clients.delete(DeleteClient(str(other.id), True, scope))
    with pytest.raises(ClientNotFound):
        await usecases.campaigns.create(str(other.id), CampaignFields("x"), scope)
    for look in (
        usecases.queries.campaign(str(campaign.id), scope),
        usecases.queries.campaign_stats(str(campaign.id), scope),
        usecases.campaigns.replace(str(campaign.id), "", CampaignFields("x"), scope),
        usecases.campaigns.delete(DeleteCampaign(str(campaign.id), True, scope)),
    ):
        with pytest.raises(CampaignNotFound):
            await look
    page = await usecases.queries.clients(query="", page=FIRST_PAGE, scope=scope)
    assert [one.id for one in page.items] == [mine.id]
    # A scope whose client is gone sees nothing, not everything.
    page = await usecases.queries.clients(query="", page=FIRST_PAGE, scope=str(uuid4()))
    assert page.items == ()


async def test_stats_count_jobs_seconds_and_money(service: Any, without_assets: JobInput) -> None:
    client = await new_client(service)
    campaign = await service.parts.usecases.campaigns.create(str(client.id), CampaignFields("Launch"), "")
    mine = replace(without_assets, context=JobContext(str(client.id), str(campaign.id)))
    done = await service.completed(mine)
    await service.create(replace(without_assets, context=JobContext(str(client.id))))
    await service.create(without_assets)
    await service.fact(
        "clip.ready.v1",
        done,
        render_id=await service.render_id(done),
        scene_number=1,
        take_id=str(uuid4()),
        backend="local",
        cost_lines=[
            {
                "kind": "video",
                "description": "x",
                "provider": "p",
                "quantity": 1,
                "unit": "s",
                "amount_micros": 7,
                "state": "actual",
            }
        ],
    )
    queries = service.parts.usecases.queries
    client_id, stats = await queries.client_stats(str(client.id), "")
    assert client_id == client.id
    assert (stats.campaigns, stats.jobs_by_status["completed"], stats.jobs_by_status["pending"]) == (1, 1, 1)
    assert stats.jobs_by_status["failed"] == 0
    assert (stats.seconds_rendered, stats.actual_micros, stats.estimated_micros) == (30.0, 7, 2 * 3_020_000)
    one = await queries.campaign_stats(str(campaign.id), "")
    assert (one.campaigns, sum(one.jobs_by_status.values()), one.estimated_micros) == (1, 1, 3_020_000)


async def test_jobs_are_listed_newest_first_and_filtered(service: Any, without_assets: JobInput) -> None:
    first = await service.create(without_assets)
    second = await service.in_review(without_assets)
    await service.create(replace(without_assets, context=JobContext("other")))
    queries = service.parts.usecases.queries

    async def ids(**filters: Any) -> list[UUID]:
        given = {"client_id": "", "campaign_id": "", "status": None, "scope": ""} | filters
        page = await queries.jobs(page=FIRST_PAGE, **given)
        return [view.job.id for view in page.items]

    assert await ids(client_id="acme") == [second, first]
    assert await ids(client_id="acme", status=JobStatus.PENDING) == [first]
    assert len(await ids()) == 3
    assert await ids(client_id="nobody") == []
    assert await ids(campaign_id="nonsense") == []
    assert await ids(scope="acme") == [second, first]
    with pytest.raises(ClientNotFound):
        await ids(scope="acme", client_id="other")
