"""Small pictures of assets from the assets service, for models that can see."""

import asyncio
from collections.abc import Sequence

import grpc
from adreel.assets.v1 import assets_pb2, assets_pb2_grpc
from adreel_kit import rpc
from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger

from adreel_scenes.domain.ports import PICTURE_TYPES, Picture

log = get_logger(__name__)

# A thumbnail has 480 px on its longer side, which is 205 to 425 tokens with the vendors; eight of them stay below the
# price of the rest of the prompt, and an ad of seven scenes shows no more.
MOST_PICTURES = 8
_MOST_BYTES = 500_000
_SECONDS = 4.0


class AssetThumbnails:
    """An `AssetPictures` over the assets service's thumbnails."""

    def __init__(self, target: str, *, seconds: float = _SECONDS) -> None:
        self._target = target
        self._seconds = seconds
        self._channel: grpc.aio.Channel | None = None

    async def pictures(self, asset_ids: Sequence[str]) -> tuple[Picture, ...]:
        found = await asyncio.gather(*(self._picture(asset_id) for asset_id in asset_ids[:MOST_PICTURES]))
        return tuple(picture for picture in found if picture is not None)

    async def aclose(self) -> None:
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    async def _picture(self, asset_id: str) -> Picture | None:
        try:
            answer = await rpc.call(
                self._stub().GetThumbnail,
                assets_pb2.GetThumbnailRequest(asset_id=asset_id),
                service="assets",
                timeout_seconds=self._seconds,
            )
        except AppError as error:
            log.info("picture.unavailable", asset=asset_id, code=error.code)
            return None
        if answer.content_type not in PICTURE_TYPES or not 0 < len(answer.content) <= _MOST_BYTES:
            log.info("picture.unfit", asset=asset_id, type=answer.content_type, bytes=len(answer.content))
            return None
        return Picture(asset_id, answer.content, answer.content_type)

    def _stub(self) -> assets_pb2_grpc.AssetsServiceStub:
        # Opened on first use, since grpc.aio binds a channel to the loop it is made in.
        if self._channel is None:
            self._channel = rpc.open_channel(self._target)
        return assets_pb2_grpc.AssetsServiceStub(self._channel)
