"""The bytes of assets on local disk: fetched once from the assets service, named by digest, checked on arrival."""

import asyncio
import hashlib
import uuid
from pathlib import Path

import grpc
from adreel.assets.v1 import assets_pb2, assets_pb2_grpc
from adreel_kit import rpc
from adreel_kit.errors import AppError, ErrorKind, NotFound

from adreel_render.domain.errors import AssetBytesUnavailable

_CALL_SECONDS = 5.0
# A gigabyte at the slowest link that is worth waiting for; a stream that stops is cut by keepalive much earlier.
_STREAM_SECONDS = 600.0


class AssetBytes:
    """Hands out local copies of assets. Several scenes may ask for the same one at once."""

    def __init__(self, target: str, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._channel: grpc.aio.Channel | None = None
        self._locks: dict[str, asyncio.Lock] = {}

    async def aclose(self) -> None:
        """Close the channel to the assets service."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    def _stub(self) -> assets_pb2_grpc.AssetsServiceStub:
        # Opened on first use, since grpc.aio binds a channel to the loop it is made in.
        if self._channel is None:
            self._channel = rpc.open_channel(self._target)
        return assets_pb2_grpc.AssetsServiceStub(self._channel)

    async def local_copy(self, asset_id: uuid.UUID, sha256: str) -> Path:
        """A file with exactly the bytes of that digest. Raises AssetBytesUnavailable, worth another try."""
        path = self._folder / sha256
        lock = self._locks.setdefault(sha256, asyncio.Lock())
        async with lock:
            if not path.exists():
                await self._fetch(asset_id, sha256, path)
        self._locks.pop(sha256, None)
        return path

    async def digest_of(self, asset_id: uuid.UUID) -> str | None:
        """The digest of an asset that no job named (a logo); None where it is gone or not ready."""
        try:
            answer = await rpc.call(
                self._stub().GetAsset,
                assets_pb2.GetAssetRequest(asset_id=str(asset_id)),
                service="assets",
                timeout_seconds=_CALL_SECONDS,
            )
        except AppError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return answer.asset.sha256 or None

    async def _fetch(self, asset_id: uuid.UUID, sha256: str, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{sha256}.{uuid.uuid4().hex}.partial")
        digest = hashlib.sha256()
        try:
            with partial.open("wb") as file:
                async for answer in rpc.stream(
                    self._stub().ReadAsset,
                    assets_pb2.ReadAssetRequest(asset_id=str(asset_id)),
                    service="assets",
                    timeout_seconds=_STREAM_SECONDS,
                ):
                    digest.update(answer.chunk.content)
                    await asyncio.to_thread(file.write, answer.chunk.content)
            if digest.hexdigest() != sha256:
                raise AssetBytesUnavailable("An asset's bytes are not the ones that were approved.")
            partial.replace(path)
        except NotFound as error:
            raise AssetBytesUnavailable("An asset of the job is gone.") from error
        finally:
            partial.unlink(missing_ok=True)
