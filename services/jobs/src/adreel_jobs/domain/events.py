"""The events that jobs publishes; their schemas lie in `proto/events`."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class VideoPart(_Part):
    duration_seconds: float
    aspect_ratio: str
    resolution: str
    fps: int
    captions: bool
    voiceover: bool
    music_asset_id: UUID | None = None
    backend: str


class BriefPart(_Part):
    product: str
    target_audience: str
    key_message: str
    call_to_action: str
    style: str | None = None
    tone: str | None = None
    visual_elements: tuple[str, ...] = ()


class BrandPart(_Part):
    name: str
    colors: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    tone: str | None = None
    logo_asset_id: UUID | None = None


class CampaignPart(_Part):
    name: str
    goal: str | None = None
    brief: str | None = None
    product_url: str | None = None


class ConstraintsPart(_Part):
    duration_seconds: float | None = None
    style: str | None = None
    shot_type: str | None = None


class ErrorPart(_Part):
    code: str
    message: str
    details: Mapping[str, Any] = {}
    kind: str = "internal"


class IngestItem(_Part):
    """An asset to have ready: fetched from `url`, or known already where there is none."""

    asset_id: UUID
    url: str | None = None
    type: str | None = None
    name: str | None = None
    role: str | None = None


class ReadyAssetPart(_Part):
    asset_id: UUID
    type: str
    format: str
    name: str
    role: str | None = None
    sha256: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    duration_seconds: float | None = None
    has_audio: bool | None = None


class JobCreated(Event):
    """A job was accepted."""

    TYPE: ClassVar[str] = "job.created.v1"
    job_id: UUID
    client_id: UUID
    campaign_id: UUID | None = None
    user_id: str | None = None
    video: VideoPart


class JobStatusChanged(Event):
    """A job's status changed."""

    TYPE: ClassVar[str] = "job.status_changed.v1"
    job_id: UUID
    client_id: UUID
    campaign_id: UUID | None = None
    version: int
    from_status: str
    to_status: str
    phase: str | None = None
    cause: str
    error: ErrorPart | None = None
    webhook_url: str | None = None


class JobCancelled(Event):
    """A job was cancelled: whoever works on it stops."""

    TYPE: ClassVar[str] = "job.cancelled.v1"
    job_id: UUID
    version: int
    reason: str | None = None


class AssetsIngestRequested(Event):
    """A job needs these assets kept and ready."""

    TYPE: ClassVar[str] = "assets.ingest_requested.v1"
    job_id: UUID
    client_id: UUID
    campaign_id: UUID | None = None
    user_id: str | None = None
    items: tuple[IngestItem, ...]


class StoryboardRequested(Event):
    """A storyboard, or one scene of it, is to be written."""

    TYPE: ClassVar[str] = "storyboard.requested.v1"
    job_id: UUID
    request_id: UUID
    mode: str
    scene_number: int | None = None
    feedback: str | None = None
    feedback_history: tuple[str, ...] = ()
    constraints: ConstraintsPart | None = None
    client_id: UUID
    brief: BriefPart
    brand: BrandPart | None = None
    campaign: CampaignPart | None = None
    assets: tuple[ReadyAssetPart, ...]
    video: VideoPart


class RenderRequested(Event):
    """An approved storyboard is to become a film."""

    TYPE: ClassVar[str] = "render.requested.v1"
    job_id: UUID
    render_id: UUID
    client_id: UUID
    storyboard_version: int
    scenes: tuple[Mapping[str, Any], ...]  # as scenes locked them
    assets: tuple[ReadyAssetPart, ...]
    brief: BriefPart
    brand: BrandPart | None = None
    video: VideoPart
    accept_possible_duplicate: bool = False
