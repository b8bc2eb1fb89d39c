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
from adreel_assets.domain.errors import AssetNotFound
from adreel_assets.entrypoints.messages import (
    STATUSES,
    TYPES,
    asset_message,
    fields_of,
    scope_of,
    timestamp,
    whole_contents,
)
from adreel_assets.entrypoints.uploads import begin_upload, complete_upload, put_upload
from adreel_assets.usecases.address import AddressOfAsset
from adreel_assets.usecases.delete_asset import DeleteAsset
from adreel_assets.usecases.direct_upload import DirectUpload
from adreel_assets.usecases.queries import Queries
from adreel_assets.usecases.receive import ReceiveAsset

Context = grpc.aio.ServicerContext[Any, Any]


class AssetsServicer(assets_pb2_grpc.AssetsServiceServicer):
    """See proto/adreel/assets/v1/assets.proto."""

    def __init__(
        self,
        *,
        receive: ReceiveAsset,
        uploads: DirectUpload,
        delete: DeleteAsset,
        queries: Queries,
        addresses: AddressOfAsset,
    ) -> None:
        self._receive = receive
        self._uploads = uploads
        self._delete = delete
        self._queries = queries
        self._addresses = addresses

    async def CreateAssetFromUrl(  # noqa: N802
        self, request: assets_pb2.CreateAssetFromUrlRequest, context: Context
    ) -> assets_pb2.CreateAssetFromUrlResponse:
        asset = await self._receive.from_url(request.url, fields_of(request.fields, request.scope_client_id))
        return assets_pb2.CreateAssetFromUrlResponse(asset=asset_message(asset))

    async def UploadAsset(  # noqa: N802
        self, request_iterator: AsyncIterator[assets_pb2.UploadAssetRequest], context: Context
    ) -> assets_pb2.UploadAssetResponse:
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("part") != "header":
            raise Invalid("An upload begins with its header.")
        header = first.header
        asset = await self._receive.upload(
            whole_contents(request_iterator), fields_of(header.fields, header.scope_client_id), header.file_name
        )
        return assets_pb2.UploadAssetResponse(asset=asset_message(asset))

    async def GetAsset(  # noqa: N802
        self, request: assets_pb2.GetAssetRequest, context: Context
    ) -> assets_pb2.GetAssetResponse:
        asset = await self._queries.get(_id(request.asset_id), scope_client_id=scope_of(request.scope_client_id))
        return assets_pb2.GetAssetResponse(asset=asset_message(asset))

    async def BatchGetAssets(  # noqa: N802
        self, request: assets_pb2.BatchGetAssetsRequest, context: Context
    ) -> assets_pb2.BatchGetAssetsResponse:
        ids = [parsed for parsed in map(parse_id, request.asset_ids) if parsed is not None]
        found = await self._queries.many(ids, scope_client_id=scope_of(request.scope_client_id))
        return assets_pb2.BatchGetAssetsResponse(assets=[asset_message(asset) for asset in found])

    async def ListAssets(  # noqa: N802
        self, request: assets_pb2.ListAssetsRequest, context: Context
    ) -> assets_pb2.ListAssetsResponse:
        wanted = AssetFilter(
            client_id=scope_of(request.client_id),
            campaign_id=scope_of(request.campaign_id),
            type=TYPES.get(request.type),
            tag=request.tag or None,
            status=STATUSES.get(request.status),
            query=request.query or None,
            scope_client_id=scope_of(request.scope_client_id),
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
        await self._delete.delete(_id(request.asset_id), scope_client_id=scope_of(request.scope_client_id))
        return assets_pb2.DeleteAssetResponse(asset_id=request.asset_id)

    async def ReadAsset(  # noqa: N802
        self, request: assets_pb2.ReadAssetRequest, context: Context
    ) -> AsyncIterator[assets_pb2.ReadAssetResponse]:
        pieces = await self._queries.read(
            _id(request.asset_id),
            request.start,
            request.length or None,
            scope_client_id=scope_of(request.scope_client_id),
        )
        async for piece in pieces:
            yield assets_pb2.ReadAssetResponse(chunk=common_pb2.Chunk(content=piece))

    async def GetThumbnail(  # noqa: N802
        self, request: assets_pb2.GetThumbnailRequest, context: Context
    ) -> assets_pb2.GetThumbnailResponse:
        content, content_type, sha256 = await self._queries.thumbnail(
            _id(request.asset_id), scope_client_id=scope_of(request.scope_client_id)
        )
        return assets_pb2.GetThumbnailResponse(content=content, content_type=content_type, sha256=sha256)

    async def GetAssetStats(  # noqa: N802
        self, request: assets_pb2.GetAssetStatsRequest, context: Context
    ) -> assets_pb2.GetAssetStatsResponse:
        counted = await self._queries.stats(scope_of(request.client_id), scope_of(request.campaign_id))
        return assets_pb2.GetAssetStatsResponse(
            by_type={name: assets_pb2.TypeStats(count=count, size_bytes=size) for name, count, size in counted}
        )

    async def BeginUpload(  # noqa: N802
        self, request: assets_pb2.BeginUploadRequest, context: Context
    ) -> assets_pb2.BeginUploadResponse:
        return await begin_upload(self._uploads, request)

    async def PutUpload(  # noqa: N802
        self, request_iterator: AsyncIterator[assets_pb2.PutUploadRequest], context: Context
    ) -> assets_pb2.PutUploadResponse:
        return await put_upload(self._uploads, request_iterator)

    async def CompleteUpload(  # noqa: N802
        self, request: assets_pb2.CompleteUploadRequest, context: Context
    ) -> assets_pb2.CompleteUploadResponse:
        return await complete_upload(self._uploads, request)

    async def GetAssetAddress(  # noqa: N802
        self, request: assets_pb2.GetAssetAddressRequest, context: Context
    ) -> assets_pb2.GetAssetAddressResponse:
        found = await self._addresses.find(_id(request.asset_id), scope_client_id=scope_of(request.scope_client_id))
        if found is None:
            return assets_pb2.GetAssetAddressResponse()
        return assets_pb2.GetAssetAddressResponse(url=found[0], expires_at=timestamp(found[1]))


def _id(text: str) -> uuid.UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise AssetNotFound("There is no such asset.")
    return parsed
