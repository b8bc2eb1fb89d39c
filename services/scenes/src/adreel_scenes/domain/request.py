"""A piece of writing as it was asked for: the parts of `storyboard.requested.v1` that this service reads.

It is stored as it came; `story_brief` turns it into the domain's own values, past which every text is plain.
"""

import uuid
from enum import StrEnum
from typing import ClassVar

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict

from adreel_scenes.domain.brief import (
    AdBrief,
    AssetType,
    Brand,
    Campaign,
    SceneAsset,
    SceneConstraints,
    StoryBrief,
    VideoWish,
)
from adreel_scenes.domain.limits import BACKENDS, LOCAL_BACKEND, StoryLimits
from adreel_scenes.domain.timing import milliseconds


class WritingMode(StrEnum):
    """What is to be written."""

    NEW = "new"  # the job's first storyboard
    ALL = "all"  # all scenes anew
    SCENE = "scene"  # one scene, the others kept


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RequestedBrief(_Part):
    product: str
    target_audience: str
    key_message: str
    call_to_action: str
    style: str | None = None
    tone: str | None = None
    visual_elements: tuple[str, ...] = ()


class RequestedBrand(_Part):
    name: str | None = None
    colors: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    tone: str | None = None
    logo_asset_id: uuid.UUID | None = None


class RequestedCampaign(_Part):
    goal: str | None = None
    brief: str | None = None
    product_url: str | None = None


class RequestedAsset(_Part):
    asset_id: uuid.UUID
    type: AssetType
    name: str = ""
    role: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    duration_seconds: float | None = None


class RequestedVideo(_Part):
    duration_seconds: float
    aspect_ratio: str
    resolution: str
    fps: int
    captions: bool
    voiceover: bool
    backend: str


class RequestedConstraints(_Part):
    duration_seconds: float | None = None
    style: str | None = None
    shot_type: str | None = None


class StoryboardRequested(Event):
    """A storyboard, or one scene of it, is to be written."""

    TYPE: ClassVar[str] = "storyboard.requested.v1"
    job_id: uuid.UUID
    request_id: uuid.UUID
    mode: WritingMode
    scene_number: int | None = None
    feedback: str | None = None
    feedback_history: tuple[str, ...] = ()
    constraints: RequestedConstraints | None = None
    brief: RequestedBrief
    brand: RequestedBrand | None = None
    campaign: RequestedCampaign | None = None
    assets: tuple[RequestedAsset, ...]
    video: RequestedVideo


class JobCancelled(Event):
    """Nobody wants this job's storyboard any more."""

    TYPE: ClassVar[str] = "job.cancelled.v1"
    job_id: uuid.UUID


def story_brief(request: StoryboardRequested, limits: StoryLimits, *, with_feedback: bool = True) -> StoryBrief:
    """What the writers and the rules work from. `with_feedback` adds what was said now to what was said before."""
    brand, campaign = request.brand, request.campaign
    said = request.feedback_history
    # What the job keeps is in the history already.
    if with_feedback and request.feedback and request.feedback != (said or (None,))[-1]:
        said = (*said, request.feedback)
    return StoryBrief(
        ad=AdBrief(
            product=request.brief.product,
            target_audience=request.brief.target_audience,
            key_message=request.brief.key_message,
            call_to_action=request.brief.call_to_action,
            style=request.brief.style or "",
            tone=request.brief.tone or "",
            visual_elements=request.brief.visual_elements,
        ),
        brand=Brand()
        if brand is None
        else Brand(
            client_name=brand.name or "",
            colors=brand.colors,
            fonts=brand.fonts,
            tone=brand.tone or "",
            has_logo=brand.logo_asset_id is not None,
        ),
        campaign=Campaign()
        if campaign is None
        else Campaign(goal=campaign.goal or "", brief=campaign.brief or "", product_url=campaign.product_url or ""),
        assets=tuple(
            SceneAsset(
                asset_id=str(asset.asset_id),
                type=asset.type,
                name=asset.name,
                role=asset.role or "",
                width_px=asset.width_px,
                height_px=asset.height_px,
                duration_seconds=asset.duration_seconds,
            )
            for asset in request.assets
        ),
        video=VideoWish(
            duration_ms=milliseconds(request.video.duration_seconds),
            aspect_ratio=request.video.aspect_ratio,
            resolution=request.video.resolution,
            fps=request.video.fps,
            captions=request.video.captions,
            voiceover=request.video.voiceover,
        ),
        feedback=said,
        limits=limits,
        backend=BACKENDS.get(request.video.backend, LOCAL_BACKEND),
    ).cleaned()


def scene_constraints(request: StoryboardRequested) -> SceneConstraints:
    """What a rewritten scene must keep to."""
    wanted = request.constraints
    if wanted is None:
        return SceneConstraints()
    return SceneConstraints(
        duration_ms=None if not wanted.duration_seconds else milliseconds(wanted.duration_seconds),
        style=wanted.style or None,
        shot_type=wanted.shot_type or None,
    )
