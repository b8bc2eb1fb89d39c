"""A job as every route returns it, and what its parts look like. Lists leave out scenes, assets and timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from adreel.assets.v1 import assets_pb2
from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2 as pb
from adreel.scenes.v1 import scenes_pb2
from pydantic import Field

from adreel_gateway.entrypoints.http.v3.models.assets import AssetOut, error_of
from adreel_gateway.entrypoints.http.v3.models.base import ErrorOut, Wire, money, time_of
from adreel_gateway.entrypoints.http.v3.models.scenes import SceneOut, scenes_of

JobState = Literal["pending", "storyboard_review", "in_progress", "rendering", "completed", "failed", "cancelled"]


class ContextOut(Wire):
    """As the caller gave it."""

    client_id: str
    campaign_id: str | None
    user_id: str | None


class AdBasicsOut(Wire):
    """As the caller gave it."""

    product: str
    target_audience: str
    key_message: str
    call_to_action: str


class DirectionOut(Wire):
    """As the caller gave it."""

    style: str
    tone: str | None
    visual_elements: list[str]


class AssetInputOut(Wire):
    """As the caller gave it."""

    url: str | None
    asset_id: str | None
    type: str | None
    name: str | None
    role: str | None


class CreativeOut(Wire):
    """As the caller gave it."""

    direction: DirectionOut
    assets: list[AssetInputOut]


class VideoOut(Wire):
    """As the caller gave it, with defaults filled in."""

    duration_seconds: float
    aspect_ratio: str
    resolution: str
    fps: int
    captions: bool
    voiceover: bool
    music: str | None
    backend: str | None


class ProgressOut(Wire):
    """How far the work is; percent never goes down within a render."""

    percent: float
    phase: str | None
    scenes_done: int
    scenes_total: int
    eta_seconds: float | None

    @classmethod
    def of(cls, progress: pb.Progress) -> Self:
        return cls(
            percent=progress.percent,
            phase=progress.phase or None,
            scenes_done=progress.scenes_done,
            scenes_total=progress.scenes_total,
            # Below zero means unknown; so does a message that says nothing of progress yet.
            eta_seconds=progress.eta_seconds if progress.eta_seconds > 0 else None,
        )


class StoryboardOut(Wire):
    """The storyboard as a whole."""

    version: int
    locked: bool
    generator: str | None
    feedback: list[str]
    warnings: list[str]
    duration_seconds: float | None


class CostLineOut(Wire):
    """One line of an estimate or bill."""

    kind: str
    description: str
    provider: str | None
    model: str | None
    quantity: float
    unit: str
    amount: str
    state: str

    @classmethod
    def of(cls, line: common_pb2.CostLine) -> Self:
        return cls(
            kind=line.kind,
            description=line.description,
            provider=line.provider or None,
            model=line.model or None,
            quantity=line.quantity,
            unit=line.unit,
            amount=money(line.amount_micros),
            state=line.state or "estimated",
        )


class CostOut(Wire):
    """What it was estimated to cost and what it did cost."""

    currency: str
    estimated: str
    actual: str
    lines: list[CostLineOut]


class TransitionOut(Wire):
    """One step of the job's history."""

    at: datetime
    from_: JobState | None = Field(alias="from")
    to: JobState
    cause: str


class JobSummary(Wire):
    """A job in a list."""

    id: str
    status: JobState
    phase: str | None
    client_id: str
    campaign_id: str | None
    user_id: str | None
    context: ContextOut
    ad_basics: AdBasicsOut
    creative: CreativeOut
    video: VideoOut
    progress: ProgressOut
    storyboard: StoryboardOut | None
    available_actions: list[str]
    cost: CostOut
    preview_url: str | None
    video_url: str | None
    poster_url: str | None
    captions_url: str | None
    duration_seconds: float | None
    error: ErrorOut | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, job: pb.Job) -> Self:
        return cls(**_summary(job, None))


class JobOut(JobSummary):
    """A job with its scenes, assets and history."""

    scenes: list[SceneOut]
    assets: list[AssetOut]
    timeline: list[TransitionOut]

    @classmethod
    def of_parts(
        cls, job: pb.Job, storyboard: scenes_pb2.Storyboard | None, assets: Mapping[str, assets_pb2.Asset]
    ) -> Self:
        return cls(
            **_summary(job, storyboard),
            scenes=scenes_of(storyboard),
            assets=[AssetOut.of_job(named, assets.get(named.asset_id), job) for named in job.assets],
            timeline=[
                TransitionOut(
                    at=time_of(step.at),
                    from_=status_name_or_none(getattr(step, "from")),
                    to=status_name(step.to),
                    cause=step.cause,
                )
                for step in job.timeline
            ],
        )


class ActionFieldOut(Wire):
    """A field that an action takes."""

    name: str
    type: str
    required: bool
    summary: str


class ActionOut(Wire):
    """An action that is open now."""

    name: str
    summary: str
    fields: list[ActionFieldOut]

    @classmethod
    def of(cls, action: pb.ActionDescription) -> Self:
        return cls(
            name=action.name,
            summary=action.summary,
            fields=[
                ActionFieldOut(name=field.name, type=field.type, required=field.required, summary=field.summary)
                for field in action.fields
            ],
        )


def status_name(number: pb.JobStatus.ValueType) -> JobState:
    """The status on the wire; a number from a newer service is an error, not a guess."""
    name: Any = pb.JobStatus.Name(number).removeprefix("JOB_STATUS_").lower()
    return "pending" if name == "unspecified" else name


def status_name_or_none(number: pb.JobStatus.ValueType) -> JobState | None:
    return None if number == pb.JOB_STATUS_UNSPECIFIED else status_name(number)


def status_number(name: str | None) -> pb.JobStatus.ValueType:
    return pb.JOB_STATUS_UNSPECIFIED if name is None else pb.JobStatus.Value(f"JOB_STATUS_{name.upper()}")


def _summary(job: pb.Job, storyboard: scenes_pb2.Storyboard | None) -> dict[str, Any]:
    base = f"/api/v3/jobs/{job.id}"
    board = _storyboard(job, storyboard)
    return {
        "id": job.id,
        "status": status_name(job.status),
        "phase": job.phase or None,
        "client_id": job.client_id,
        "campaign_id": job.campaign_id or None,
        "user_id": job.user_id or None,
        **_input(job.input),
        "progress": ProgressOut.of(job.progress),
        "storyboard": board,
        "available_actions": [action.name for action in job.available_actions],
        "cost": CostOut(
            currency=job.cost.currency or "USD",
            estimated=money(job.cost.estimated_micros),
            actual=money(job.cost.actual_micros),
            lines=[CostLineOut.of(line) for line in job.cost.lines],
        ),
        "preview_url": f"{base}/preview" if board is not None else None,
        "video_url": f"{base}/video" if job.has_video else None,
        "poster_url": f"{base}/poster.jpg" if job.has_video else None,
        "captions_url": f"{base}/captions.vtt" if job.has_video and job.input.video.captions else None,
        "duration_seconds": (job.video_duration_seconds or None) if job.has_video else None,
        "error": error_of(job.error) if job.HasField("error") else None,
        "created_at": time_of(job.created_at),
        "updated_at": time_of(job.updated_at),
    }


def _storyboard(job: pb.Job, storyboard: scenes_pb2.Storyboard | None) -> StoryboardOut | None:
    """The state that jobs keeps, overlaid by the scenes service's own, which an edit reaches first."""
    known = job.storyboard
    if storyboard is None:
        if not known.version:
            return None
        return StoryboardOut(
            version=known.version,
            locked=known.locked,
            generator=known.generator or None,
            feedback=list(known.feedback),
            warnings=list(known.warnings),
            duration_seconds=known.duration_seconds or None,
        )
    return StoryboardOut(
        version=storyboard.version,
        locked=storyboard.locked,
        generator=storyboard.generator or known.generator or None,
        feedback=list(known.feedback or storyboard.feedback),
        warnings=list(dict.fromkeys([*storyboard.warnings, *known.warnings])),
        duration_seconds=storyboard.duration_seconds or known.duration_seconds or None,
    )


def _input(given: pb.JobInput) -> dict[str, Any]:
    return {
        "context": ContextOut(
            client_id=given.context.client_id,
            campaign_id=given.context.campaign_id or None,
            user_id=given.context.user_id or None,
        ),
        "ad_basics": AdBasicsOut(
            product=given.ad_basics.product,
            target_audience=given.ad_basics.target_audience,
            key_message=given.ad_basics.key_message,
            call_to_action=given.ad_basics.call_to_action,
        ),
        "creative": CreativeOut(
            direction=DirectionOut(
                style=given.direction.style,
                tone=given.direction.tone or None,
                visual_elements=list(given.direction.visual_elements),
            ),
            assets=[
                AssetInputOut(
                    url=asset.url or None,
                    asset_id=asset.asset_id or None,
                    type=asset.type or None,
                    name=asset.name or None,
                    role=asset.role or None,
                )
                for asset in given.assets
            ],
        ),
        "video": VideoOut(
            duration_seconds=given.video.duration_seconds,
            aspect_ratio=given.video.aspect_ratio,
            resolution=given.video.resolution,
            fps=given.video.fps,
            captions=given.video.captions,
            voiceover=given.video.voiceover,
            music=given.video.music_asset_id or None,
            backend=given.video.backend or None,
        ),
    }
