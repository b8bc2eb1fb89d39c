"""Campaigns: list, make under a client, read, replace, delete, figures."""

from typing import Annotated

from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2 as pb
from fastapi import APIRouter, Query, Request

from adreel_gateway.entrypoints.http.context import request_key_of
from adreel_gateway.entrypoints.http.dependencies import By, Calls, CampaignId, Repeatable
from adreel_gateway.entrypoints.http.v3.clients import Force, Search
from adreel_gateway.entrypoints.http.v3.envelope import (
    Deleted,
    Envelope,
    ListEnvelope,
    Page,
    answer,
    errors,
    page_answer,
)
from adreel_gateway.entrypoints.http.v3.models.clients import (
    CampaignIn,
    CampaignOut,
    CampaignPut,
    CampaignState,
    StatsOut,
)
from adreel_gateway.usecases.resolve_client import resolve_client, resolve_filter

router = APIRouter(prefix="/campaigns", tags=["v3-campaigns"])

ClientFilter = Annotated[str | None, Query(alias="clientId", max_length=200, description="Of this client only.")]


@router.get("", summary="List campaigns", responses=errors())
async def list_campaigns(
    calls: Calls,
    by: By,
    page: Page,
    client: ClientFilter = None,
    status: Annotated[CampaignState | None, Query(description="In this status only.")] = None,
    q: Search = "",
) -> ListEnvelope[CampaignOut]:
    client_id = await resolve_filter(calls.jobs, client, scope=by.client_id)
    if client_id is None:
        return page_answer([], common_pb2.PageInfo(limit=page.limit, offset=page.offset))
    request = pb.ListCampaignsRequest(client_id=client_id, query=q, page=page, scope_client_id=by.client_id)
    if status is not None:
        request.status = pb.CampaignStatus.Value(f"CAMPAIGN_STATUS_{status.upper()}")
    found = await calls.jobs.list_campaigns(request)
    return page_answer([CampaignOut.of(campaign) for campaign in found.campaigns], found.page)


@router.post("", status_code=201, summary="Make a campaign", responses=errors(404), dependencies=[Repeatable])
async def create_campaign(body: CampaignIn, request: Request, calls: Calls, by: By) -> Envelope[CampaignOut]:
    client_id = await resolve_client(calls.jobs, body.client_id, scope=by.client_id)
    campaign = await calls.jobs.create_campaign(
        body.message_for(client_id), request_id=request_key_of(request.scope), scope=by.client_id
    )
    return answer(CampaignOut.of(campaign))


@router.get("/{campaignId}", summary="Read a campaign", responses=errors(404))
async def get_campaign(campaign: CampaignId, calls: Calls, by: By) -> Envelope[CampaignOut]:
    return answer(CampaignOut.of(await calls.jobs.get_campaign(campaign, scope=by.client_id)))


@router.put("/{campaignId}", summary="Replace a campaign", responses=errors(404, 409))
async def replace_campaign(campaign: CampaignId, body: CampaignPut, calls: Calls, by: By) -> Envelope[CampaignOut]:
    if body.client_id is None:
        client_id = (await calls.jobs.get_campaign(campaign, scope=by.client_id)).client_id
    else:
        client_id = await resolve_client(calls.jobs, body.client_id, scope=by.client_id)
    replaced = await calls.jobs.replace_campaign(campaign, body.message_for(client_id), scope=by.client_id)
    return answer(CampaignOut.of(replaced))


@router.delete("/{campaignId}", summary="Delete a campaign", responses=errors(404, 409))
async def delete_campaign(campaign: CampaignId, calls: Calls, by: By, force: Force = False) -> Envelope[Deleted]:
    return answer(Deleted(id=await calls.jobs.delete_campaign(campaign, force=force, scope=by.client_id)))


@router.get("/{campaignId}/stats", summary="A campaign's figures", tags=["v3-cost"], responses=errors(404))
async def get_campaign_stats(campaign: CampaignId, calls: Calls, by: By) -> Envelope[StatsOut]:
    # Asked first, so that another client's campaign is not found rather than counted.
    stats = await calls.jobs.get_campaign_stats(campaign, scope=by.client_id)
    assets = await calls.assets.stats(campaign_id=campaign)
    return answer(StatsOut.of(stats, assets, campaign_id=campaign))
