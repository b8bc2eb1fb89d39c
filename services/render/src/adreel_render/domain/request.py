"""A render as it was asked for: the parts of `render.requested.v1` that this service reads.

It is stored as it came, so that work goes on after a restart without asking anyone again.
"""

import hashlib
import uuid
from typing import ClassVar

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RequestedScene(_Part):
    """One scene of the approved storyboard."""

    id: uuid.UUID
    scene_number: int
    duration_seconds: float
    description: str
    script: str
    shot_type: str
    transition: str
    asset_ids: tuple[uuid.UUID, ...]


class RequestedAsset(_Part):
    """A ready asset of the job; its bytes are fetched from the assets service and checked against `sha256`."""

    asset_id: uuid.UUID
    type: str
    format: str
    sha256: str
    size_bytes: int
    role: str | None = None
    has_audio: bool | None = None


class RequestedBrief(_Part):
    """What the ad is for."""

    product: str
    call_to_action: str
    key_message: str = ""
    style: str | None = None
    tone: str | None = None


class RequestedBrand(_Part):
    """The client's look."""

    name: str | None = None
    colors: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    tone: str | None = None
    logo_asset_id: uuid.UUID | None = None


class RequestedVideo(_Part):
    """The film's form."""

    duration_seconds: float
    aspect_ratio: str
    resolution: str
    fps: int
    captions: bool
    voiceover: bool
    backend: str
    music_asset_id: uuid.UUID | None = None


class RenderRequested(Event):
    """An approved storyboard is to become a film."""

    TYPE: ClassVar[str] = "render.requested.v1"
    job_id: uuid.UUID
    render_id: uuid.UUID
    client_id: uuid.UUID
    storyboard_version: int
    scenes: tuple[RequestedScene, ...]
    assets: tuple[RequestedAsset, ...]
    brief: RequestedBrief
    brand: RequestedBrand | None = None
    video: RequestedVideo
    accept_possible_duplicate: bool = False
    # Set for an animatic that nobody approved: small, free, and no business of the job's.
    is_preview: bool = False

    @property
    def seed(self) -> int:
        """Equal for all renders of a job, so that a scene rendered again looks as it did."""
        return int.from_bytes(hashlib.sha256(self.job_id.bytes).digest()[:4], "big")

    def asset(self, asset_id: uuid.UUID) -> RequestedAsset | None:
        """The job's asset of this id, if it is among the ready ones."""
        return next((asset for asset in self.assets if asset.asset_id == asset_id), None)

    def scene(self, number: int) -> RequestedScene:
        """The scene of this number; numbers are contiguous from 1."""
        return next(scene for scene in self.scenes if scene.scene_number == number)


class JobCancelled(Event):
    """Nobody wants this job's film any more."""

    TYPE: ClassVar[str] = "job.cancelled.v1"
    job_id: uuid.UUID
