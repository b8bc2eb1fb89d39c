"""Creating jobs: what is refused before anything is made, and what a repeated call answers."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from adreel_jobs.domain.campaign import CampaignFields
from adreel_jobs.domain.client import BrandGuidelines, ClientFields
from adreel_jobs.domain.errors import (
    BackendUnavailable,
    CampaignNotFound,
    ClientNotFound,
    FieldsInvalid,
    MissingAPIKey,
    RequestIdReused,
)
from adreel_jobs.domain.job_input import AssetInput, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.views import PageRequest
from adreel_kit.errors import Unavailable

pytestmark = pytest.mark.connected


async def count_jobs(service: Any) -> int:
    async with service.database.connection() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM jobs"))


async def test_unknown_client_is_adopted_once(service: Any, without_assets: JobInput) -> None:
    first, second = await asyncio.gather(service.create(without_assets), service.create(without_assets))
    owners = {(await service.job(one)).job.client_id for one in (first, second)}
    assert len(owners) == 1
    client = await service.parts.usecases.queries.client("acme", "")
    assert ({client.id}, client.external_id, client.fields.name) == (owners, "acme", "acme")
    assert (await service.parts.usecases.queries.client(str(client.id), "")).id == client.id


async def test_unknown_client_that_is_a_uuid_keeps_it(service: Any, without_assets: JobInput) -> None:
    own = uuid4()
    job_id = await service.create(replace(without_assets, context=JobContext(str(own))))
    assert (await service.job(job_id)).job.client_id == own
    assert (await service.parts.usecases.queries.client(str(own), "")).external_id == ""


async def test_unknown_client_is_refused_where_none_is_adopted(service: Any, without_assets: JobInput) -> None:
    with pytest.raises(ClientNotFound):
        await service.create(without_assets, adopt=False)
    assert await count_jobs(service) == 0


async def test_scope_sees_its_own_client_alone(service: Any, without_assets: JobInput) -> None:
    job_id = await service.create(without_assets)
    other = await service.parts.usecases.clients.create(ClientFields("Other"), "")
    with pytest.raises(ClientNotFound):
        await service.create(without_assets, scope=str(other.id))
    with pytest.raises(ClientNotFound):
        await service.create(replace(without_assets, context=JobContext("new")), scope=str(other.id))
    own = await service.create(replace(without_assets, context=JobContext(str(other.id))), scope=str(other.id))
    page = await service.parts.usecases.queries.jobs(
        client_id="", campaign_id="", status=None, page=PageRequest(0, 0, ""), scope=str(other.id)
    )
    assert [view.job.id for view in page.items] == [own]
    assert job_id != own


async def test_input_is_judged_before_anything_is_made(service: Any, without_assets: JobInput) -> None:
    with pytest.raises(FieldsInvalid):
        await service.create(replace(without_assets, video=VideoSpec(duration_seconds=1)))
    assert await count_jobs(service) == 0
    async with service.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM clients") == 0


async def test_backend_is_settled_before_anything_is_made(service: Any, without_assets: JobInput) -> None:
    with pytest.raises(MissingAPIKey) as refused:
        await service.create(replace(without_assets, video=VideoSpec(backend="gemini")))
    assert refused.value.http_status is None
    assert refused.value.facts().http_status == 422
    job_id = await service.create(replace(without_assets, video=VideoSpec()))
    assert (await service.job(job_id)).job.input.video.backend == "local"
    service.render.is_away = True
    with pytest.raises(Unavailable):
        await service.create(without_assets)
    assert await count_jobs(service) == 1


async def test_retired_model_is_told_with_its_problem(service: Any, without_assets: JobInput) -> None:
    async def retired() -> Any:
        from adreel_jobs.domain.ports import Backend, Backends

        return Backends((Backend("replicate", False, "BACKEND_UNAVAILABLE"),), "replicate")

    service.render.backends = retired
    with pytest.raises(BackendUnavailable):
        await service.create(replace(without_assets, video=VideoSpec(backend="replicate")))


async def test_same_request_id_answers_with_the_same_job(service: Any, without_assets: JobInput) -> None:
    made = await asyncio.gather(*(service.create(without_assets, request_id="k1") for _ in range(4)))
    assert len(set(made)) == 1
    assert await count_jobs(service) == 1
    assert len(await service.sent("job.created.v1")) == 1
    service.render.is_away = True
    assert await service.create(without_assets, request_id="k1") == made[0]
    with pytest.raises(RequestIdReused):
        await service.create(replace(without_assets, webhook_url="https://a.example"), request_id="k1")


async def test_campaign_must_be_of_the_client(service: Any, without_assets: JobInput) -> None:
    mine = await service.parts.usecases.clients.create(ClientFields("Mine"), "")
    other = await service.parts.usecases.clients.create(ClientFields("Other"), "")
    campaign = await service.parts.usecases.campaigns.create(str(other.id), CampaignFields("Launch", goal="Sell"), "")
    for name in (str(campaign.id), str(uuid4()), "nonsense"):
        with pytest.raises(CampaignNotFound):
            await service.create(replace(without_assets, context=JobContext(str(mine.id), name)))
    job_id = await service.create(replace(without_assets, context=JobContext(str(other.id), str(campaign.id))))
    [request] = await service.sent("storyboard.requested.v1", job_id)
    assert request["campaign"] == {"name": "Launch", "goal": "Sell", "brief": None, "product_url": None}


async def test_brand_music_and_logo_reach_the_requests(service: Any, without_assets: JobInput) -> None:
    logo, music = uuid4(), uuid4()
    brand = BrandGuidelines(("#0f766e",), ("Inter",), "calm", str(logo))
    client = await service.parts.usecases.clients.create(ClientFields("Northlight", brand=brand), "")
    job_id = await service.create(
        replace(
            without_assets,
            context=JobContext(str(client.id)),
            assets=(AssetInput(url="https://a.example/x"),),
            video=VideoSpec(music_asset_id=str(music), backend="local"),
        )
    )
    [ingest] = await service.sent("assets.ingest_requested.v1", job_id)
    assert [(item["asset_id"], item["url"], item["role"]) for item in ingest["items"][1:]] == [
        (str(music), None, "music"),
        (str(logo), None, "logo"),
    ]
    for item in ingest["items"]:
        await service.asset_ready(job_id, item["asset_id"])
    [writing] = await service.sent("storyboard.requested.v1", job_id)
    assert [asset["asset_id"] for asset in writing["assets"]] == [ingest["items"][0]["asset_id"]]
    assert writing["brand"] == {
        "name": "Northlight",
        "colors": ["#0f766e"],
        "fonts": ["Inter"],
        "tone": "calm",
        "logo_asset_id": str(logo),
    }
    assert writing["video"]["music_asset_id"] == str(music)
    await service.storyboard_ready(job_id)
    await service.act(job_id, "approve_storyboard")
    await service.locked(job_id)
    [order] = await service.sent("render.requested.v1", job_id)
    assert {asset["asset_id"] for asset in order["assets"]} == {item["asset_id"] for item in ingest["items"]}


async def test_logo_that_cannot_be_had_is_left_out(service: Any, without_assets: JobInput) -> None:
    logo = uuid4()
    brand = BrandGuidelines(logo_asset_id=str(logo))
    client = await service.parts.usecases.clients.create(ClientFields("Northlight", brand=brand), "")
    job_id = await service.create(replace(without_assets, context=JobContext(str(client.id))))
    await service.fact("asset.failed.v1", job_id, asset_id=str(logo), error={"code": "NOT_FOUND", "message": "Gone."})
    [writing] = await service.sent("storyboard.requested.v1", job_id)
    assert writing["brand"]["logo_asset_id"] is None


async def test_hostile_text_is_stored_as_it_is(service: Any, without_assets: JobInput) -> None:
    text = "'; DROP TABLE jobs; -- ${x} %s \\u0000 {{7*7}} <script>"
    job_id = await service.create(
        replace(without_assets, ad_basics=replace(without_assets.ad_basics, product=text), context=JobContext(text))
    )
    view = await service.job(job_id)
    assert view.job.input.ad_basics.product == text
    assert (await service.parts.usecases.queries.client(text, "")).external_id == text
