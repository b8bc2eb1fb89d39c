"""Assets as gRPC messages."""

from adreel.assets.v1 import assets_pb2
from adreel.common.v1 import common_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_assets.domain.asset import Asset, AssetStatus
from adreel_assets.domain.media_types import AssetType

TYPES: dict[int, AssetType] = {
    assets_pb2.ASSET_TYPE_IMAGE: AssetType.IMAGE,
    assets_pb2.ASSET_TYPE_VIDEO: AssetType.VIDEO,
    assets_pb2.ASSET_TYPE_AUDIO: AssetType.AUDIO,
    assets_pb2.ASSET_TYPE_DOCUMENT: AssetType.DOCUMENT,
}
STATUSES: dict[int, AssetStatus] = {
    assets_pb2.ASSET_STATUS_PENDING: AssetStatus.PENDING,
    assets_pb2.ASSET_STATUS_READY: AssetStatus.READY,
    assets_pb2.ASSET_STATUS_FAILED: AssetStatus.FAILED,
}
_TYPE_NUMBERS = {name: number for number, name in TYPES.items()}
_STATUS_NUMBERS = {name: number for number, name in STATUSES.items()}


def asset_message(asset: Asset) -> assets_pb2.Asset:
    """The asset as other services see it."""
    message = assets_pb2.Asset(
        id=str(asset.id),
        name=asset.name,
        format=asset.format or "",
        content_type=asset.content_type or "",
        source_url=asset.source_url or "",
        size_bytes=asset.size_bytes or 0,
        sha256=asset.sha256 or "",
        width_px=asset.width_px or 0,
        height_px=asset.height_px or 0,
        duration_seconds=asset.duration_seconds or 0.0,
        fps=asset.fps or 0.0,
        has_audio=asset.has_audio,
        page_count=asset.page_count or 0,
        tags=asset.tags,
        role=asset.role or "",
        user_id=asset.user_id or "",
        client_id=str(asset.client_id or ""),
        campaign_id=str(asset.campaign_id or ""),
        created_at=_timestamp(asset),
        has_thumbnail=asset.thumbnail_sha256 is not None,
        is_inline_safe=asset.is_inline_safe,
    )
    if asset.type is not None:
        message.type = _TYPE_NUMBERS[asset.type]  # type: ignore[assignment]  # enum numbers are ints to the table
    message.status = _STATUS_NUMBERS[asset.status]  # type: ignore[assignment]
    if asset.error is not None:
        message.error.CopyFrom(_error(asset.error))
    return message


def _error(error: dict[str, object]) -> common_pb2.ErrorDetail:
    detail = common_pb2.ErrorDetail(code=str(error.get("code", "")), message=str(error.get("message", "")))
    facts = error.get("details")
    if isinstance(facts, dict):
        detail.details.update(facts)
    return detail


def _timestamp(asset: Asset) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(asset.created_at)
    return stamp
