"""The assets service as the gateway calls it: metadata, uploads, bytes. Every method raises RemoteError."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import grpc
from adreel.assets.v1 import assets_pb2 as pb
from adreel.assets.v1 import assets_pb2_grpc
from adreel_kit.envelope import current_story
from adreel_kit.errors import RemoteError
from adreel_kit.rpc import call, stream
from adreel_kit.rpc.wire import CORRELATION_KEY, from_rpc_error

_SERVICE = "assets"
# A large film over a slow line; the service's own limit on bytes ends a longer one.
_UPLOAD_SECONDS = 900.0
_BATCH = 200


class AssetsClient:
    """Typed calls with a deadline each; `download_seconds` is how long the service may spend on a URL."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_seconds: float, download_seconds: float) -> None:
        self._stub = assets_pb2_grpc.AssetsServiceStub(channel)
        self._timeout = timeout_seconds
        self._download_seconds = download_seconds

    async def create_from_url(self, url: str, fields: pb.AssetFields, *, scope: str) -> pb.Asset:
        """Have the URL downloaded; the answer comes when that has ended."""
        request = pb.CreateAssetFromUrlRequest(url=url, fields=fields, scope_client_id=scope)
        # Looking into what was downloaded takes time of its own.
        answer: pb.CreateAssetFromUrlResponse = await call(
            self._stub.CreateAssetFromUrl,
            request,
            service=_SERVICE,
            timeout_seconds=self._download_seconds + 2 * self._timeout,
        )
        return answer.asset

    async def upload(self, header: pb.UploadHeader, chunks: AsyncIterator[bytes]) -> pb.Asset:
        """Send a file; `chunks` are at most 256 KiB each and are taken no faster than the service stores them."""
        first = pb.UploadAssetRequest(header=header)
        answer: pb.UploadAssetResponse = await self._send(self._stub.UploadAsset, pb.UploadAssetRequest, first, chunks)
        return answer.asset

    async def begin_upload(self, request: pb.BeginUploadRequest) -> pb.BeginUploadResponse:
        """Announce a file that is put in a step of its own."""
        answer = await call(self._stub.BeginUpload, request, service=_SERVICE, timeout_seconds=self._timeout)
        return cast(pb.BeginUploadResponse, answer)

    async def put_upload(self, upload_id: str, chunks: AsyncIterator[bytes], *, scope: str) -> pb.PutUploadResponse:
        """Put its bytes."""
        header = pb.PutUploadHeader(upload_id=upload_id, scope_client_id=scope)
        first = pb.PutUploadRequest(header=header)
        answer = await self._send(self._stub.PutUpload, pb.PutUploadRequest, first, chunks)
        return cast(pb.PutUploadResponse, answer)

    async def complete_upload(self, upload_id: str, *, scope: str) -> pb.Asset:
        """Have what was put checked and kept; that takes as long as looking into a download does."""
        request = pb.CompleteUploadRequest(upload_id=upload_id, scope_client_id=scope)
        answer: pb.CompleteUploadResponse = await call(
            self._stub.CompleteUpload,
            request,
            service=_SERVICE,
            timeout_seconds=self._download_seconds + 2 * self._timeout,
        )
        return answer.asset

    async def address(self, asset_id: str, *, scope: str) -> str:
        """Where the client may get the bytes itself; empty where there is no such address."""
        request = pb.GetAssetAddressRequest(asset_id=asset_id, scope_client_id=scope)
        answer: pb.GetAssetAddressResponse = await call(
            self._stub.GetAssetAddress, request, service=_SERVICE, timeout_seconds=self._timeout
        )
        return answer.url

    async def _send(self, method: Any, part: type[Any], first: Any, chunks: AsyncIterator[bytes]) -> Any:
        # The generated types of the two streams have nothing in common but the names of their fields.
        failure: Exception | None = None

        async def requests() -> AsyncIterator[Any]:
            nonlocal failure
            size_bytes = 0
            yield first
            try:
                async for chunk in chunks:
                    size_bytes += len(chunk)
                    yield part(content=chunk)
                yield part(footer=pb.UploadFooter(size_bytes=size_bytes))
            except Exception as error:  # gRPC would only cancel the call; its cause is kept for the caller
                failure = error
                raise

        story = current_story()
        metadata = ((CORRELATION_KEY, story.correlation_id),) if story else ()
        try:
            return await method(requests(), timeout=_UPLOAD_SECONDS, metadata=metadata)
        except asyncio.CancelledError:
            if failure is not None:
                raise failure from None
            raise
        except grpc.aio.AioRpcError as error:
            if failure is not None:
                raise failure from None
            raise RemoteError(from_rpc_error(error, _SERVICE)) from error

    async def get(self, asset_id: str, *, scope: str) -> pb.Asset:
        request = pb.GetAssetRequest(asset_id=asset_id, scope_client_id=scope)
        answer: pb.GetAssetResponse = await call(
            self._stub.GetAsset, request, service=_SERVICE, timeout_seconds=self._timeout
        )
        return answer.asset

    async def batch_get(self, asset_ids: Sequence[str], *, scope: str) -> dict[str, pb.Asset]:
        """Those of the ids that exist, by id."""
        found: dict[str, pb.Asset] = {}
        for start in range(0, len(asset_ids), _BATCH):
            request = pb.BatchGetAssetsRequest(asset_ids=asset_ids[start : start + _BATCH], scope_client_id=scope)
            answer: pb.BatchGetAssetsResponse = await call(
                self._stub.BatchGetAssets, request, service=_SERVICE, timeout_seconds=self._timeout
            )
            found |= {asset.id: asset for asset in answer.assets}
        return found

    async def list_assets(self, request: pb.ListAssetsRequest) -> pb.ListAssetsResponse:
        answer = await call(self._stub.ListAssets, request, service=_SERVICE, timeout_seconds=self._timeout)
        return cast(pb.ListAssetsResponse, answer)

    async def delete(self, asset_id: str, *, scope: str) -> str:
        request = pb.DeleteAssetRequest(asset_id=asset_id, scope_client_id=scope)
        answer: pb.DeleteAssetResponse = await call(
            self._stub.DeleteAsset, request, service=_SERVICE, timeout_seconds=self._timeout
        )
        return answer.asset_id

    async def read(self, asset_id: str, *, start: int, length: int, scope: str) -> AsyncIterator[bytes]:
        """The bytes from `start`, `length` of them (0: to the end), in chunks."""
        request = pb.ReadAssetRequest(asset_id=asset_id, start=start, length=length, scope_client_id=scope)
        async for answer in stream(self._stub.ReadAsset, request, service=_SERVICE, timeout_seconds=None):
            yield answer.chunk.content

    async def thumbnail(self, asset_id: str, *, scope: str) -> pb.GetThumbnailResponse:
        request = pb.GetThumbnailRequest(asset_id=asset_id, scope_client_id=scope)
        answer = await call(self._stub.GetThumbnail, request, service=_SERVICE, timeout_seconds=self._timeout)
        return cast(pb.GetThumbnailResponse, answer)

    async def stats(self, *, client_id: str = "", campaign_id: str = "") -> pb.GetAssetStatsResponse:
        request = pb.GetAssetStatsRequest(client_id=client_id, campaign_id=campaign_id)
        answer = await call(self._stub.GetAssetStats, request, service=_SERVICE, timeout_seconds=self._timeout)
        return cast(pb.GetAssetStatsResponse, answer)
