"""Assets and what is said of them as gRPC messages, there and back."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime

from adreel.assets.v1 import assets_pb2
from adreel.common.v1 import common_pb2
from adreel_kit.errors import Invalid
from adreel_kit.ids import parse_id
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_assets.domain.asset import Asset, AssetFields, AssetStatus
from adreel_assets.domain.errors import AssetNotFound, UploadCutOff
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
        created_at=timestamp(asset.created_at),
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


def timestamp(at: datetime) -> Timestamp:
    """The moment as a message."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


async def whole_contents(
    parts: AsyncIterator[assets_pb2.UploadAssetRequest] | AsyncIterator[assets_pb2.PutUploadRequest],
) -> AsyncIterator[bytes]:
    """What follows an upload's header, up to a footer that fits. Raises UploadCutOff."""
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


def fields_of(fields: assets_pb2.AssetFields, scope_client_id: str) -> AssetFields:
    """What a caller says of an asset, as far as the caller may say it."""
    client_id = scope_of(fields.client_id)
    scope = scope_of(scope_client_id)
    if scope is not None and client_id not in (None, scope):
        raise AssetNotFound("There is no such client.")
    return AssetFields(
        name=fields.name[:200],
        asked_type=TYPES.get(fields.type),
        client_id=scope or client_id,
        campaign_id=scope_of(fields.campaign_id),
        user_id=fields.user_id or None,
        tags=tuple(dict.fromkeys(tag.strip()[:50] for tag in fields.tags if tag.strip()))[:50],
        role=fields.role[:100] or None,
    )


def scope_of(text: str) -> uuid.UUID | None:
    """The client or campaign that is named; None for no text."""
    if not text:
        return None
    parsed = parse_id(text)
    if parsed is None:
        raise Invalid("A client or campaign is named by its UUID here.", details={"given": text[:100]})
    return parsed
