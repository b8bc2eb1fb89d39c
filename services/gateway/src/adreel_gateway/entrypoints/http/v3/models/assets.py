"""Assets on the wire. No answer holds a storage address: `url` is always ours."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from adreel.assets.v1 import assets_pb2 as pb
from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2
from pydantic import BeforeValidator, Field

from adreel_gateway.entrypoints.http.v3.models.base import (
    ErrorOut,
    Line,
    Name,
    Reference,
    Url,
    Uuid,
    Wire,
    Word,
    from_struct,
    time_of,
)

AssetKind = Literal["image", "video", "audio", "document"]
AssetState = Literal["pending", "ready", "failed"]


def split_commas(value: Any) -> Any:
    """A list, or one string of parts separated by commas; empty parts do not count."""
    parts = value if isinstance(value, list) else [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return value
    return [piece.strip() for part in parts for piece in part.split(",") if piece.strip()]


Tags = Annotated[list[Word], BeforeValidator(split_commas), Field(max_length=50)]


class AssetForm(Wire):
    """What an upload's form may say beside the file."""

    name: Name | None = None
    type: AssetKind | None = None
    client_id: Reference | None = None
    campaign_id: Uuid | None = None
    user_id: Line | None = None
    role: Word | None = None
    tags: Tags = Field(default_factory=list)

    def to_message(self, *, client_id: str, campaign_id: str) -> pb.AssetFields:
        return pb.AssetFields(
            name=self.name or "",
            type=type_number(self.type),
            client_id=client_id,
            campaign_id=campaign_id,
            user_id=self.user_id or "",
            tags=self.tags,
            role=self.role or "",
        )


class AssetUrlIn(AssetForm):
    """An asset to be downloaded."""

    url: Url = Field(examples=["https://example.com/product.jpg"])


class AssetFromUrlIn(AssetUrlIn):
    """An asset to be downloaded, named and typed by the caller."""

    name: Name = Field(examples=["Product shot"])
    type: AssetKind


class AssetOut(Wire):
    """An asset. What the bytes have not told yet, or do not have, is null."""

    id: str
    name: str
    type: AssetKind | None
    format: str | None
    content_type: str | None
    url: str = Field(examples=["/api/v3/assets/0b9c2f0e-8f0e-7c54-b2d5-0e6a3f6f2d11/data"])
    thumbnail_url: str | None
    source_url: str | None
    size: int | None
    sha256: str | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    fps: float | None
    has_audio: bool | None
    page_count: int | None
    tags: list[str]
    role: str | None
    user_id: str | None
    client_id: str | None
    campaign_id: str | None
    status: AssetState
    error: ErrorOut | None
    created_at: datetime | None

    @classmethod
    def of(cls, asset: pb.Asset) -> Self:
        base = f"/api/v3/assets/{asset.id}"
        is_ready = asset.status == pb.ASSET_STATUS_READY
        return cls(
            id=asset.id,
            name=asset.name,
            type=type_name(asset.type),
            format=asset.format or None,
            content_type=asset.content_type or None,
            url=f"{base}/data",
            thumbnail_url=f"{base}/thumbnail" if asset.has_thumbnail else None,
            source_url=asset.source_url or None,
            size=asset.size_bytes if is_ready or asset.size_bytes else None,
            sha256=asset.sha256 or None,
            width=asset.width_px or None,
            height=asset.height_px or None,
            duration_seconds=asset.duration_seconds or None,
            fps=asset.fps or None,
            has_audio=asset.has_audio if asset.HasField("has_audio") else None,
            page_count=asset.page_count or None,
            tags=list(asset.tags),
            role=asset.role or None,
            user_id=asset.user_id or None,
            client_id=asset.client_id or None,
            campaign_id=asset.campaign_id or None,
            status=_state_name(asset.status),
            error=error_of(asset.error) if asset.HasField("error") else None,
            created_at=time_of(asset.created_at) if asset.HasField("created_at") else None,
        )

    @classmethod
    def of_job(cls, named: jobs_pb2.JobAsset, asset: pb.Asset | None, job: jobs_pb2.Job) -> Self:
        """An asset as its job knows it, filled in with what the assets service has of it by now."""
        if asset is None:
            asset = pb.Asset(
                id=named.asset_id,
                name=named.name,
                type=type_number(named.type or None),
                source_url=named.source_url,
                client_id=job.client_id,
                campaign_id=job.campaign_id,
                user_id=job.user_id,
            )
        shown = cls.of(asset)
        # The job decides what became of the asset for it: one asset may serve several jobs.
        return shown.model_copy(
            update={
                "name": named.name or shown.name,
                "role": named.role or shown.role,
                "status": named.status or shown.status,
                "error": error_of(named.error) if named.HasField("error") else shown.error,
            }
        )


def type_number(name: str | None) -> pb.AssetType.ValueType:
    numbers = {
        "image": pb.ASSET_TYPE_IMAGE,
        "video": pb.ASSET_TYPE_VIDEO,
        "audio": pb.ASSET_TYPE_AUDIO,
        "document": pb.ASSET_TYPE_DOCUMENT,
    }
    return numbers.get(name or "", pb.ASSET_TYPE_UNSPECIFIED)


def type_name(number: pb.AssetType.ValueType) -> AssetKind | None:
    names: dict[int, AssetKind] = {
        pb.ASSET_TYPE_IMAGE: "image",
        pb.ASSET_TYPE_VIDEO: "video",
        pb.ASSET_TYPE_AUDIO: "audio",
        pb.ASSET_TYPE_DOCUMENT: "document",
    }
    return names.get(number)


def status_number(name: AssetState | None) -> pb.AssetStatus.ValueType:
    numbers = {"pending": pb.ASSET_STATUS_PENDING, "ready": pb.ASSET_STATUS_READY, "failed": pb.ASSET_STATUS_FAILED}
    return numbers.get(name or "", pb.ASSET_STATUS_UNSPECIFIED)


def _state_name(number: pb.AssetStatus.ValueType) -> AssetState:
    names: dict[int, AssetState] = {pb.ASSET_STATUS_READY: "ready", pb.ASSET_STATUS_FAILED: "failed"}
    return names.get(number, "pending")


def error_of(detail: common_pb2.ErrorDetail) -> ErrorOut | None:
    """The error, or None where the message is empty."""
    if not detail.code:
        return None
    return ErrorOut(code=detail.code, message=detail.message, details=from_struct(detail.details))
