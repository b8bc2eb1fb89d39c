"""The assets service's gRPC methods."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
from adreel.assets.v1 import assets_pb2, assets_pb2_grpc
from adreel.common.v1 import common_pb2
from adreel_kit.errors import Invalid
from adreel_kit.ids import parse_id
from adreel_kit.pages import PageRequest

from adreel_assets.adapters.postgres.assets import AssetFilter
from adreel_assets.domain.asset import AssetFields
from adreel_assets.domain.errors import AssetNotFound, UploadCutOff
from adreel_assets.entrypoints.messages import STATUSES, TYPES, asset_message
from adreel_assets.usecases.delete_asset import DeleteAsset
from adreel_assets.usecases.queries import Queries
from adreel_assets.usecases.receive import ReceiveAsset

Context = grpc.aio.ServicerContext[Any, Any]


class AssetsServicer(assets_pb2_grpc.AssetsServiceServicer):
    """See proto/adreel/assets/v1/assets.proto."""

    def __init__(self, receive: ReceiveAsset, delete: DeleteAsset, queries: Queries) -> None:
        self._receive = receive
        self._delete = delete
        self._queries = queries

    async def CreateAssetFromUrl(  # noqa: N802
        self, request: assets_pb2.CreateAssetFromUrlRequest, context: Context
    ) -> assets_pb2.CreateAssetFromUrlResponse:
        asset = await self._receive.from_url(request.url, _fields(request.fields, request.scope_client_id))
        return assets_pb2.CreateAssetFromUrlResponse(asset=asset_message(asset))

    async def UploadAsset(  # noqa: N802
        self, request_iterator: AsyncIterator[assets_pb2.UploadAssetRequest], context: Context
    ) -> assets_pb2.UploadAssetResponse:
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("part") != "header":
            raise Invalid("An upload begins with its header.")
        header = first.header
        asset = await self._receive.upload(
            _contents(request_iterator), _fields(header.fields, header.scope_client_id), header.file_name
        )
        return assets_pb2.UploadAssetResponse(asset=asset_message(asset))

    async def GetAsset(  # noqa: N802
        self, request: assets_pb2.GetAssetRequest, context: Context
    ) -> assets_pb2.GetAssetResponse:
        asset = await self._queries.get(_id(request.asset_id), scope_client_id=_scope(request.scope_client_id))
        return assets_pb2.GetAssetResponse(asset=asset_message(asset))

    async def BatchGetAssets(  # noqa: N802
        self, request: assets_pb2.BatchGetAssetsRequest, context: Context
    ) -> assets_pb2.BatchGetAssetsResponse:
        ids = [parsed for parsed in map(parse_id, request.asset_ids) if parsed is not None]
        found = await self._queries.many(ids, scope_client_id=_scope(request.scope_client_id))
        return assets_pb2.BatchGetAssetsResponse(assets=[asset_message(asset) for asset in found])

    async def ListAssets(  # noqa: N802
        self, request: assets_pb2.ListAssetsRequest, context: Context
    ) -> assets_pb2.ListAssetsResponse:
        wanted = AssetFilter(
            client_id=_scope(request.client_id),
            campaign_id=_scope(request.campaign_id),
            type=TYPES.get(request.type),
            tag=request.tag or None,
            status=STATUSES.get(request.status),
            query=request.query or None,
            scope_client_id=_scope(request.scope_client_id),
        )
        asked = request.page
        page = await self._queries.page(wanted, PageRequest.of(asked.limit, asked.offset, asked.cursor))
        return assets_pb2.ListAssetsResponse(
            assets=[asset_message(asset) for asset in page.items],
            page=common_pb2.PageInfo(
                limit=page.limit, offset=page.offset, total=page.total, next_cursor=page.next_cursor
            ),
        )

    async def DeleteAsset(  # noqa: N802
        self, request: assets_pb2.DeleteAssetRequest, context: Context
    ) -> assets_pb2.DeleteAssetResponse:
        await self._delete.delete(_id(request.asset_id), scope_client_id=_scope(request.scope_client_id))
        return assets_pb2.DeleteAssetResponse(asset_id=request.asset_id)

    async def ReadAsset(  # noqa: N802
        self, request: assets_pb2.ReadAssetRequest, context: Context
    ) -> AsyncIterator[assets_pb2.ReadAssetResponse]:
        pieces = await self._queries.read(
            _id(request.asset_id),
            request.start,
            request.length or None,
            scope_client_id=_scope(request.scope_client_id),
        )
        async for piece in pieces:
            yield assets_pb2.ReadAssetResponse(chunk=common_pb2.Chunk(content=piece))

    async def GetThumbnail(  # noqa: N802
        self, request: assets_pb2.GetThumbnailRequest, context: Context
    ) -> assets_pb2.GetThumbnailResponse:
        content, content_type, sha256 = await self._queries.thumbnail(
            _id(request.asset_id), scope_client_id=_scope(request.scope_client_id)
        )
        return assets_pb2.GetThumbnailResponse(content=content, content_type=content_type, sha256=sha256)

    async def GetAssetStats(  # noqa: N802
        self, request: assets_pb2.GetAssetStatsRequest, context: Context
    ) -> assets_pb2.GetAssetStatsResponse:
        counted = await self._queries.stats(_scope(request.client_id), _scope(request.campaign_id))
        return assets_pb2.GetAssetStatsResponse(
            by_type={name: assets_pb2.TypeStats(count=count, size_bytes=size) for name, count, size in counted}
        )


async def _contents(parts: AsyncIterator[assets_pb2.UploadAssetRequest]) -> AsyncIterator[bytes]:
    size = 0
    async for part in parts:
        if part.WhichOneof("part") == "footer":
            if part.footer.size_bytes != size:
                break
            return
        size += len(part.content)
        yield part.content
    # A caller that goes away ends the stream like one that is done; only the footer tells them apart.
    raise UploadCutOff("The upload ended before its last byte.")


def _fields(fields: assets_pb2.AssetFields, scope_client_id: str) -> AssetFields:
    client_id = _scope(fields.client_id)
    scope = _scope(scope_client_id)
    if scope is not None and client_id not in (None, scope):
        raise AssetNotFound("There is no such client.")
    return AssetFields(
        name=fields.name[:200],
        asked_type=TYPES.get(fields.type),
        client_id=scope or client_id,
        campaign_id=_scope(fields.campaign_id),
        user_id=fields.user_id or None,
        tags=tuple(dict.fromkeys(tag.strip()[:50] for tag in fields.tags if tag.strip()))[:50],
        role=fields.role[:100] or None,
    )


def _id(text: str) -> uuid.UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise AssetNotFound("There is no such asset.")
    return parsed


def _scope(text: str) -> uuid.UUID | None:
    if not text:
        return None
    parsed = parse_id(text)
    if parsed is None:
        raise Invalid("A client or campaign is named by its UUID here.", details={"given": text[:100]})
    return parsed
