"""Assets: list, make by upload or from a URL, read, serve, delete."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from adreel.assets.v1 import assets_pb2 as pb
from adreel.common.v1 import common_pb2
from adreel_kit.http_ranges.disposition import safe_filename
from fastapi import APIRouter, Query
from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adreel_gateway.entrypoints.http.byte_answers import FOREVER, bytes_answer, from_memory
from adreel_gateway.entrypoints.http.context import Caller
from adreel_gateway.entrypoints.http.dependencies import AssetId, By, Calls, Repeatable, Services, With
from adreel_gateway.entrypoints.http.form_reader import FormReader
from adreel_gateway.entrypoints.http.v3.campaigns import ClientFilter
from adreel_gateway.entrypoints.http.v3.clients import Search
from adreel_gateway.entrypoints.http.v3.envelope import (
    Deleted,
    Envelope,
    ListEnvelope,
    Page,
    Responses,
    answer,
    errors,
    page_answer,
)
from adreel_gateway.entrypoints.http.v3.models.assets import (
    AssetForm,
    AssetFromUrlIn,
    AssetKind,
    AssetOut,
    AssetState,
    AssetUrlIn,
    status_number,
    type_number,
)
from adreel_gateway.entrypoints.http.v3.models.base import Uuid
from adreel_gateway.entrypoints.http.validation import validated
from adreel_gateway.errors import AssetNotReady, invalid_field
from adreel_gateway.usecases.neighbours import Neighbours
from adreel_gateway.usecases.resolve_client import check_owner, resolve_filter
from adreel_gateway.usecases.upload_asset import upload_asset

router = APIRouter(prefix="/assets", tags=["v3-assets"])

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "name": {"type": "string", "maxLength": 200},
        "type": {"type": "string", "enum": ["image", "video", "audio", "document"]},
        "clientId": {"type": "string"},
        "campaignId": {"type": "string", "format": "uuid"},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Repeated, or separated by commas."},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": AssetUrlIn.model_json_schema()},
        },
    }
}
_MADE = errors(402, 404, 413, 415)
_BYTES: Responses = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The ranges asked for."},
    307: {"description": "The store has the bytes, where the deployment sends clients there."},
    304: {"description": "Not modified."},
}


@router.get("", summary="List assets", responses=errors())
async def list_assets(
    calls: Calls,
    by: By,
    page: Page,
    client: ClientFilter = None,
    campaign: Annotated[Uuid | None, Query(alias="campaignId", description="Of this campaign only.")] = None,
    type_: Annotated[AssetKind | None, Query(alias="type")] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    status: Annotated[AssetState | None, Query()] = None,
    q: Search = "",
) -> ListEnvelope[AssetOut]:
    client_id = await resolve_filter(calls.jobs, client, scope=by.client_id)
    if client_id is None:
        return page_answer([], common_pb2.PageInfo(limit=page.limit, offset=page.offset))
    found = await calls.assets.list_assets(
        pb.ListAssetsRequest(
            client_id=client_id,
            campaign_id=campaign or "",
            type=type_number(type_),
            tag=tag or "",
            status=status_number(status),
            query=q,
            page=page,
            scope_client_id=by.client_id,
        )
    )
    return page_answer([AssetOut.of(asset) for asset in found.assets], found.page)


@router.post(
    "",
    status_code=201,
    summary="Make an asset from a file or a URL",
    responses=_MADE,
    dependencies=[Repeatable],
    openapi_extra=_BODY,
)
async def create_asset(request: Request, services: With, by: By) -> Envelope[AssetOut]:
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    if content_type == b"multipart/form-data":
        if not options.get(b"boundary"):
            raise invalid_field("body", "the form's content type names no boundary")
        return answer(AssetOut.of(await _upload(request, options[b"boundary"], services, by)))
    body = await request.body()
    wanted = validated(AssetUrlIn, json.loads(body) if body else {})
    return answer(AssetOut.of(await _from_url(wanted, services.neighbours, by)))


@router.post(
    "/from-url", status_code=201, summary="Make an asset from a URL", responses=_MADE, dependencies=[Repeatable]
)
async def create_asset_from_url(body: AssetFromUrlIn, calls: Calls, by: By) -> Envelope[AssetOut]:
    return answer(AssetOut.of(await _from_url(body, calls, by)))


@router.get("/{assetId}", summary="Read an asset", responses=errors(404))
async def get_asset(asset_id: AssetId, calls: Calls, by: By) -> Envelope[AssetOut]:
    return answer(AssetOut.of(await calls.assets.get(asset_id, scope=by.client_id)))


@router.get(
    "/{assetId}/data", summary="An asset's bytes", response_class=Response, responses=errors(404, 409, 416, also=_BYTES)
)
@router.head("/{assetId}/data", summary="About an asset's bytes", response_class=Response, responses=errors(404))
async def asset_data(request: Request, asset_id: AssetId, services: With, by: By) -> Response:
    calls = services.neighbours
    asset = await calls.assets.get(asset_id, scope=by.client_id)
    if asset.status != pb.ASSET_STATUS_READY:
        raise AssetNotReady("failed" if asset.status == pb.ASSET_STATUS_FAILED else "pending")
    # The store's address is signed for GET alone.
    if services.settings.blob_delivery == "redirect" and request.method == "GET":
        address = await calls.assets.address(asset_id, scope=by.client_id)
        if address:
            return RedirectResponse(address, status_code=307, headers={"Cache-Control": "no-store"})

    def opened(start: int, length: int) -> AsyncIterator[bytes]:
        return calls.assets.read(asset_id, start=start, length=length, scope=by.client_id)

    return bytes_answer(
        request,
        opened,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        content_type=asset.content_type or "application/octet-stream",
        cache_control=FOREVER,
        modified_at=AssetOut.of(asset).created_at,
        filename=asset.name,
        disposition="inline" if asset.is_inline_safe else "attachment",
        is_foreign=True,
    )


@router.get(
    "/{assetId}/thumbnail",
    summary="A small picture of it",
    response_class=Response,
    responses=errors(404, 416, also=_BYTES),
)
@router.head("/{assetId}/thumbnail", summary="About that picture", response_class=Response, responses=errors(404))
async def asset_thumbnail(request: Request, asset_id: AssetId, calls: Calls, by: By) -> Response:
    picture = await calls.assets.thumbnail(asset_id, scope=by.client_id)
    return bytes_answer(
        request,
        from_memory(picture.content),
        size_bytes=len(picture.content),
        sha256=picture.sha256 or asset_id,
        content_type=picture.content_type,
        cache_control=FOREVER,
        is_foreign=True,
    )


@router.delete("/{assetId}", summary="Delete an asset", responses=errors(404, 409))
async def delete_asset(asset_id: AssetId, calls: Calls, by: By) -> Envelope[Deleted]:
    return answer(Deleted(id=await calls.assets.delete(asset_id, scope=by.client_id)))


async def _from_url(wanted: AssetUrlIn, calls: Neighbours, by: Caller) -> pb.Asset:
    fields = await _fields(wanted, calls, by)
    return await calls.assets.create_from_url(wanted.url, fields, scope=by.client_id)


async def _fields(form: AssetForm, calls: Neighbours, by: Caller) -> pb.AssetFields:
    client_id, campaign_id = await check_owner(
        calls.jobs, client=form.client_id, campaign=form.campaign_id, scope=by.client_id
    )
    return form.to_message(client_id=client_id, campaign_id=campaign_id)


async def _upload(request: Request, boundary: bytes, services: Services, by: Caller) -> pb.Asset:
    form = FormReader(boundary, request.receive, max_file_bytes=services.settings.max_upload_bytes)

    try:
        filename = await form.find_file()
        if filename is None:
            raise invalid_field("file", "the form has no file", "missing")

        async def header() -> pb.UploadHeader:
            given = {
                name: values if name == "tags" else values[-1]
                for name, values in form.fields.items()
                if any(value.strip() for value in values)
            }
            fields = await _fields(validated(AssetForm, given), services.neighbours, by)
            return pb.UploadHeader(fields=fields, file_name=safe_filename(filename), scope_client_id=by.client_id)

        return await upload_asset(services.neighbours.assets, form, header)
    except Exception:
        await form.drain()
        raise
