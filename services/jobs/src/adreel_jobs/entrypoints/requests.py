"""gRPC messages as the service's values; nothing is judged here."""

from typing import Any

from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from adreel_jobs.domain.campaign import CampaignFields, CampaignStatus
from adreel_jobs.domain.client import BrandGuidelines, ClientFields
from adreel_jobs.domain.job_input import AdBasics, AssetInput, Direction, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.job_parts import SceneConstraints
from adreel_jobs.domain.status import JobStatus
from adreel_jobs.domain.views import PageRequest
from adreel_jobs.entrypoints.messages import CAMPAIGN_STATUS, STATUS
from adreel_jobs.usecases.apply_action import ApplyAction

_STATUS_OF = {number: status for status, number in STATUS.items()}
_CAMPAIGN_STATUS_OF = {number: status for status, number in CAMPAIGN_STATUS.items()}


def read_input(message: jobs_pb2.JobInput) -> JobInput:
    context, basics, direction, video = message.context, message.ad_basics, message.direction, message.video
    return JobInput(
        context=JobContext(context.client_id, context.campaign_id, context.user_id),
        ad_basics=AdBasics(basics.product, basics.target_audience, basics.key_message, basics.call_to_action),
        direction=Direction(direction.style, direction.tone, tuple(direction.visual_elements)),
        assets=tuple(AssetInput(one.url, one.asset_id, one.type, one.name, one.role) for one in message.assets),
        # A request without a video spec takes all defaults; in one that has it, false means false.
        video=VideoSpec(
            duration_seconds=video.duration_seconds,
            aspect_ratio=video.aspect_ratio,
            resolution=video.resolution,
            fps=video.fps,
            captions=video.captions,
            voiceover=video.voiceover,
            music_asset_id=video.music_asset_id,
            backend=video.backend,
        )
        if message.HasField("video")
        else VideoSpec(),
        webhook_url=message.webhook_url,
    )


def read_client_fields(message: jobs_pb2.ClientFields) -> ClientFields:
    brand = message.brand_guidelines
    return ClientFields(
        name=message.name.strip(),
        description=message.description.strip(),
        homepage=message.homepage.strip(),
        brand=BrandGuidelines(
            tuple(color.strip() for color in brand.colors),
            tuple(font.strip() for font in brand.fonts),
            brand.tone.strip(),
            brand.logo_asset_id.strip(),
        )
        if message.HasField("brand_guidelines")
        else None,
        metadata=_plain(message.metadata),
    )


def read_campaign_fields(message: jobs_pb2.CampaignFields) -> CampaignFields:
    return CampaignFields(
        name=message.name.strip(),
        goal=message.goal.strip(),
        status=_CAMPAIGN_STATUS_OF.get(message.status, CampaignStatus.ACTIVE),
        brief=message.brief.strip(),
        product_url=message.product_url.strip(),
        metadata=_plain(message.metadata),
    )


def read_page(message: common_pb2.PageRequest) -> PageRequest:
    return PageRequest(message.limit, message.offset, message.cursor)


def read_status(number: jobs_pb2.JobStatus.ValueType) -> JobStatus | None:
    return _STATUS_OF.get(number)


def read_campaign_status(number: jobs_pb2.CampaignStatus.ValueType) -> CampaignStatus | None:
    return _CAMPAIGN_STATUS_OF.get(number)


def read_action(message: jobs_pb2.ApplyActionRequest) -> ApplyAction:
    constraints = message.constraints
    return ApplyAction(
        job_id=message.job_id,
        action=message.action,
        scope=message.scope_client_id,
        scene_number=message.scene_number,
        feedback=message.feedback,
        constraints=SceneConstraints(
            constraints.duration_seconds or None, constraints.style or None, constraints.shot_type or None
        )
        if message.HasField("constraints")
        else None,
        storyboard_version=message.storyboard_version,
        reason=message.reason,
        accept_possible_duplicate=message.accept_possible_duplicate,
        request_id=message.request_id,
    )


def _plain(struct: Struct) -> dict[str, Any]:
    """A Struct as JSON values; numbers that are whole come back whole."""
    values: dict[str, Any] = {key: _value(value) for key, value in MessageToDict(struct).items()}
    return values


def _value(value: Any) -> Any:
    # JSON of any shape in, the same out.
    if isinstance(value, dict):
        return {key: _value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
