"""The service's values as gRPC messages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_jobs.domain.actions import DESCRIPTIONS, Action
from adreel_jobs.domain.campaign import Campaign, CampaignStatus
from adreel_jobs.domain.client import BrandGuidelines, Client
from adreel_jobs.domain.cost import CURRENCY, Cost, CostLine
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import Change, ChangeKind, ErrorInfo, JobAsset, Progress, StoryboardState
from adreel_jobs.domain.status import JobStatus, Phase
from adreel_jobs.domain.views import JobView, Page, Stats

T = TypeVar("T")
M = TypeVar("M", bound=Message)

_MOST_BYTES = 3_500_000

STATUS: Mapping[JobStatus, jobs_pb2.JobStatus.ValueType] = {
    status: jobs_pb2.JobStatus.Value(f"JOB_STATUS_{status.name}") for status in JobStatus
}
CAMPAIGN_STATUS: Mapping[CampaignStatus, jobs_pb2.CampaignStatus.ValueType] = {
    status: jobs_pb2.CampaignStatus.Value(f"CAMPAIGN_STATUS_{status.name}") for status in CampaignStatus
}
CHANGE_KIND: Mapping[ChangeKind, jobs_pb2.ChangeKind.ValueType] = {
    kind: jobs_pb2.ChangeKind.Value(f"CHANGE_KIND_{kind.name}") for kind in ChangeKind
}


def client_message(client: Client) -> jobs_pb2.Client:
    fields = client.fields
    return jobs_pb2.Client(
        id=str(client.id),
        external_id=client.external_id,
        name=fields.name,
        description=fields.description,
        homepage=fields.homepage,
        brand_guidelines=None if fields.brand is None else _brand(fields.brand),
        metadata=_struct(fields.metadata),
        created_at=_time(client.created_at),
        updated_at=_time(client.updated_at),
    )


def campaign_message(campaign: Campaign) -> jobs_pb2.Campaign:
    fields = campaign.fields
    return jobs_pb2.Campaign(
        id=str(campaign.id),
        client_id=str(campaign.client_id),
        name=fields.name,
        goal=fields.goal,
        status=CAMPAIGN_STATUS[fields.status],
        brief=fields.brief,
        product_url=fields.product_url,
        metadata=_struct(fields.metadata),
        created_at=_time(campaign.created_at),
        updated_at=_time(campaign.updated_at),
    )


def job_message(view: JobView) -> jobs_pb2.Job:
    job = view.job
    return jobs_pb2.Job(
        id=str(job.id),
        status=STATUS[job.status],
        phase=job.phase or "",
        client_id=str(job.client_id),
        campaign_id=str(job.campaign_id or ""),
        user_id=job.input.context.user_id,
        input=_input(job.input),
        progress=progress_message(job.progress, job.phase),
        storyboard=_storyboard(job.storyboard),
        assets=[_asset(asset) for asset in job.assets],
        available_actions=[_action(name) for name in job.open_actions],
        cost=_cost(view.cost),
        has_video=job.has_video,
        video_duration_seconds=job.video_duration_seconds,
        error=_error(job.error),
        timeline=[
            jobs_pb2.Transition(
                at=_time(one.at),
                to=STATUS[one.to_status],
                cause=one.cause,
                # `from` is a keyword of Python.
                **{"from": STATUS[one.from_status]},
            )
            for one in view.timeline
        ],
        version=job.version,
        created_at=_time(view.created_at),
        updated_at=_time(view.updated_at),
    )


def change_message(job_id: str, change: Change) -> jobs_pb2.WatchJobResponse:
    return jobs_pb2.WatchJobResponse(
        job_id=job_id,
        version=change.version,
        kind=CHANGE_KIND[change.kind],
        status=STATUS[change.status],
        phase=change.phase or "",
        progress=progress_message(change.progress, change.phase),
        scene_number=change.scene_number,
    )


def progress_message(progress: Progress, phase: Phase | None) -> jobs_pb2.Progress:
    return jobs_pb2.Progress(
        percent=progress.percent,
        phase=phase or "",
        scenes_done=progress.scenes_done,
        scenes_total=progress.scenes_total,
        eta_seconds=-1.0 if progress.eta_seconds is None else progress.eta_seconds,
    )


def page_messages(page: Page[T], message_of: Callable[[T], M]) -> tuple[list[M], common_pb2.PageInfo]:
    """The items of a page and its place.

    An answer holds 4 MiB at most. Rows of the usual size are far below that; where they are not, the page is shorter
    than was asked for, and its cursor goes on after the last row that fitted.
    """
    messages: list[M] = []
    size_bytes = 0
    for item in page.items:
        message = message_of(item)
        size_bytes += message.ByteSize()
        if messages and size_bytes > _MOST_BYTES:
            break
        messages.append(message)
    cursor = page.cursors[len(messages) - 1] if messages else ""
    info = common_pb2.PageInfo(limit=page.limit, offset=page.offset, total=page.total, next_cursor=cursor)
    return messages, info


def stats_message(stats: Stats) -> jobs_pb2.Stats:
    return jobs_pb2.Stats(
        campaigns=stats.campaigns,
        jobs_by_status=stats.jobs_by_status,
        seconds_rendered=stats.seconds_rendered,
        estimated=common_pb2.Money(currency=CURRENCY, micros=stats.estimated_micros),
        actual=common_pb2.Money(currency=CURRENCY, micros=stats.actual_micros),
    )


def cost_line_message(line: CostLine) -> common_pb2.CostLine:
    return common_pb2.CostLine(
        kind=line.kind,
        description=line.description,
        provider=line.provider,
        model=line.model,
        quantity=line.quantity,
        unit=line.unit,
        amount_micros=line.amount_micros,
        state=line.state,
    )


def _input(job_input: JobInput) -> jobs_pb2.JobInput:
    context, basics, direction, video = (
        job_input.context,
        job_input.ad_basics,
        job_input.direction,
        job_input.video,
    )
    return jobs_pb2.JobInput(
        context=jobs_pb2.JobContext(
            client_id=context.client_id, campaign_id=context.campaign_id, user_id=context.user_id
        ),
        ad_basics=jobs_pb2.AdBasics(
            product=basics.product,
            target_audience=basics.target_audience,
            key_message=basics.key_message,
            call_to_action=basics.call_to_action,
        ),
        direction=jobs_pb2.Direction(
            style=direction.style, tone=direction.tone, visual_elements=direction.visual_elements
        ),
        assets=[
            jobs_pb2.AssetInput(
                url=asset.url, asset_id=asset.asset_id, type=asset.type, name=asset.name, role=asset.role
            )
            for asset in job_input.assets
        ],
        video=jobs_pb2.VideoSpec(
            duration_seconds=video.duration_seconds,
            aspect_ratio=video.aspect_ratio,
            resolution=video.resolution,
            fps=video.fps,
            captions=video.captions,
            voiceover=video.voiceover,
            music_asset_id=video.music_asset_id,
            backend=video.backend,
        ),
        webhook_url=job_input.webhook_url,
    )


def _storyboard(state: StoryboardState) -> jobs_pb2.StoryboardState:
    return jobs_pb2.StoryboardState(
        version=state.version,
        locked=state.locked,
        generator=state.generator,
        feedback=state.feedback,
        warnings=state.warnings,
        duration_seconds=state.duration_seconds,
    )


def _asset(asset: JobAsset) -> jobs_pb2.JobAsset:
    return jobs_pb2.JobAsset(
        asset_id=str(asset.asset_id),
        status=asset.status,
        role=asset.role,
        name=asset.name,
        type=asset.type,
        source_url=asset.source_url,
        error=_error(asset.error),
    )


def _action(name: Action) -> jobs_pb2.ActionDescription:
    description = DESCRIPTIONS[name]
    return jobs_pb2.ActionDescription(
        name=description.name,
        summary=description.summary,
        fields=[
            jobs_pb2.ActionField(name=one.name, type=one.type, required=one.required, summary=one.summary)
            for one in description.fields
        ],
    )


def _cost(cost: Cost) -> jobs_pb2.Cost:
    return jobs_pb2.Cost(
        currency=CURRENCY,
        estimated_micros=cost.estimated_micros or 0,
        actual_micros=cost.actual_micros,
        lines=[cost_line_message(line) for line in cost.lines],
    )


def _error(error: ErrorInfo | None) -> common_pb2.ErrorDetail | None:
    if error is None:
        return None
    return common_pb2.ErrorDetail(code=error.code, message=error.message, details=_struct(error.details))


def _brand(brand: BrandGuidelines) -> jobs_pb2.BrandGuidelines:
    return jobs_pb2.BrandGuidelines(
        colors=brand.colors, fonts=brand.fonts, tone=brand.tone, logo_asset_id=brand.logo_asset_id
    )


def _struct(values: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def _time(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
