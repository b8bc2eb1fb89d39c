"""Clients: list, make, read, replace, delete, figures."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request

from adreel_gateway.entrypoints.http.context import request_key_of
from adreel_gateway.entrypoints.http.dependencies import By, Calls, ClientRef, Repeatable
from adreel_gateway.entrypoints.http.v3.envelope import (
    Deleted,
    Envelope,
    ListEnvelope,
    Page,
    answer,
    errors,
    page_answer,
)
from adreel_gateway.entrypoints.http.v3.models.clients import ClientIn, ClientOut, StatsOut
from adreel_gateway.usecases.resolve_client import resolve_client

router = APIRouter(prefix="/clients", tags=["v3-clients"])

Search = Annotated[str, Query(max_length=200, description="Part of the name.")]
Force = Annotated[bool, Query(description="Delete it although campaigns or live jobs exist.")]


@router.get("", summary="List clients", responses=errors())
async def list_clients(calls: Calls, by: By, page: Page, q: Search = "") -> ListEnvelope[ClientOut]:
    found = await calls.jobs.list_clients(query=q, page=page, scope=by.client_id)
    return page_answer([ClientOut.of(client) for client in found.clients], found.page)


@router.post("", status_code=201, summary="Make a client", responses=errors(), dependencies=[Repeatable])
async def create_client(body: ClientIn, request: Request, calls: Calls, by: By) -> Envelope[ClientOut]:
    request_id = request_key_of(request.scope)
    client = await calls.jobs.create_client(body.to_message(), request_id=request_id, scope=by.client_id)
    return answer(ClientOut.of(client))


@router.get("/{clientId}", summary="Read a client", responses=errors(404))
async def get_client(client: ClientRef, calls: Calls, by: By) -> Envelope[ClientOut]:
    return answer(ClientOut.of(await calls.jobs.get_client(client, scope=by.client_id)))


@router.put("/{clientId}", summary="Replace a client", responses=errors(404))
async def replace_client(client: ClientRef, body: ClientIn, calls: Calls, by: By) -> Envelope[ClientOut]:
    return answer(ClientOut.of(await calls.jobs.replace_client(client, body.to_message(), scope=by.client_id)))


@router.delete("/{clientId}", summary="Delete a client", responses=errors(404, 409))
async def delete_client(client: ClientRef, calls: Calls, by: By, force: Force = False) -> Envelope[Deleted]:
    return answer(Deleted(id=await calls.jobs.delete_client(client, force=force, scope=by.client_id)))


@router.get("/{clientId}/stats", summary="A client's figures", tags=["v3-cost"], responses=errors(404))
async def get_client_stats(client: ClientRef, calls: Calls, by: By) -> Envelope[StatsOut]:
    client_id = await resolve_client(calls.jobs, client, scope=by.client_id)
    figures, assets = await asyncio.gather(
        calls.jobs.get_client_stats(client_id, scope=by.client_id), calls.assets.stats(client_id=client_id)
    )
    return answer(StatsOut.of(figures.stats, assets, client_id=client_id))
