"""The facts this service publishes and those it listens to; their schemas stand in the event catalogue."""

import uuid
from typing import ClassVar

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict

from adreel_assets.domain.asset import Asset
from adreel_assets.domain.media_types import AssetType


class ErrorData(BaseModel):
    """What went wrong, as facts."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    code: str
    message: str
    details: dict[str, object] = {}
    kind: str = "internal"


class AssetReady(Event):
    """An asset is kept, checked and can be used."""

    TYPE: ClassVar[str] = "asset.ready.v1"
    asset_id: uuid.UUID
    job_id: uuid.UUID | None
    client_id: uuid.UUID | None
    type: str
    format: str
    content_type: str
    name: str
    role: str | None
    sha256: str
    size_bytes: int
    width_px: int | None
    height_px: int | None
    duration_seconds: float | None
    fps: float | None
    has_audio: bool | None
    page_count: int | None

    @classmethod
    def of(cls, asset: Asset, job_id: uuid.UUID | None) -> "AssetReady":
        """The fact for one job, or for nobody in particular. `asset` must be ready."""
        assert asset.type is not None, "a ready asset has a type"
        assert asset.sha256 is not None, "a ready asset has bytes"
        return cls(
            asset_id=asset.id,
            job_id=job_id,
            client_id=asset.client_id,
            type=asset.type.value,
            format=asset.format or "",
            content_type=asset.content_type or "",
            name=asset.name,
            role=asset.role,
            sha256=asset.sha256,
            size_bytes=asset.size_bytes or 0,
            width_px=asset.width_px,
            height_px=asset.height_px,
            duration_seconds=asset.duration_seconds,
            fps=asset.fps,
            has_audio=asset.has_audio,
            page_count=asset.page_count,
        )


class AssetFailed(Event):
    """An asset cannot be had."""

    TYPE: ClassVar[str] = "asset.failed.v1"
    asset_id: uuid.UUID
    job_id: uuid.UUID | None
    client_id: uuid.UUID | None
    error: ErrorData


class IngestItem(BaseModel):
    """One asset a job names: with a URL a new one, without an existing one."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    asset_id: uuid.UUID
    url: str | None = None
    type: AssetType | None = None
    name: str | None = None
    role: str | None = None


class IngestRequested(Event):
    """A job needs these assets kept and ready."""

    TYPE: ClassVar[str] = "assets.ingest_requested.v1"
    job_id: uuid.UUID
    client_id: uuid.UUID
    campaign_id: uuid.UUID | None = None
    user_id: str | None = None
    items: tuple[IngestItem, ...]


class JobCancelled(Event):
    """Nobody wants this job's assets any more."""

    TYPE: ClassVar[str] = "job.cancelled.v1"
    job_id: uuid.UUID


class JobStatusChanged(Event):
    """A job moved on."""

    TYPE: ClassVar[str] = "job.status_changed.v1"
    job_id: uuid.UUID
    to_status: str
