"""Single clips, joined clips, and their bytes."""

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Literal

from adreel.assets.v1 import assets_pb2
from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.errors import NotFound
from adreel_kit.ids import parse_id
from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.dependencies import By, Calls, Preferred, Repeatable, With
from adreel_gateway.entrypoints.http.mv.debugging import debugged
from adreel_gateway.entrypoints.http.mv.fields import NotApplied, Seed, Used, WholeNumber
from adreel_gateway.entrypoints.http.mv.holding import accepted, task_id_for
from adreel_gateway.entrypoints.http.mv.images import TaskId, task_bytes
from adreel_gateway.entrypoints.http.mv.tasks import (
    answered,
    found,
    is_ended,
    ordered,
    poll_url_of,
    raise_if_failed,
    sought,
)
from adreel_gateway.entrypoints.http.mv.wire import (
    ACCEPTED,
    Choice,
    MvAnswer,
    MvRequest,
    Prose,
    RequiredProse,
    Responses,
    mv_errors,
)
from adreel_gateway.entrypoints.http.problem import MV_PREFIX
from adreel_gateway.entrypoints.http.v3.models.base import from_struct, time_of
from adreel_gateway.errors import invalid_field
from adreel_gateway.usecases.neighbours import Neighbours

router = APIRouter()

_GENERATE = "/generate_video"
_MERGE = "/merge_videos"
_GET = "/get_video"
_KINDS = frozenset({pb.MV_TASK_KIND_VIDEO, pb.MV_TASK_KIND_MERGE})
_MOST_PICTURE_BYTES = 20 * 1024 * 1024
_DATA_URI = re.compile(r"data:[\w.+/-]{0,100};base64,")
_STATES: dict[int, Literal["pending", "running", "completed", "failed"]] = {
    pb.MV_TASK_STATE_PENDING: "pending",
    pb.MV_TASK_STATE_RUNNING: "running",
    pb.MV_TASK_STATE_COMPLETED: "completed",
    pb.MV_TASK_STATE_FAILED: "failed",
}
_VIDEOS: Responses = {
    200: {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The ranges asked for.", "content": {"video/mp4": {}}},
    304: {"description": "Not modified."},
}
VideoId = Annotated[str, Path(alias="videoId", description="`video_id` of a generated or merged video.")]


class GenerateVideoIn(MvRequest):
    """What is to be seen; what is left out comes from `video_params.yaml`."""

    prompt: RequiredProse = Field(examples=["The keeper opens the lamp room door, wind in his beard, slow push-in"])
    negative_prompt: Prose | None = None
    aspect_ratio: Choice | None = Field(default=None, description="16:9 or 9:16; `local` makes 1:1 too.")
    duration: WholeNumber | None = Field(
        default=None, ge=-(2**53), le=2**53, description="Seconds: 4, 6 or 8; `gemini` 3 to 15, `local` 1 to 60."
    )
    generate_audio: bool | None = None
    person_generation: Choice | None = Field(default=None, description="allow_all, allow_adult or dont_allow.")
    output_format: Choice | None = Field(default=None, description="mp4.")
    resolution: Choice | None = Field(default=None, description="720p or 1080p.")
    seed: Seed | None = None
    reference_image_base64: str | None = Field(
        default=None, description="A picture in base64 or as a data URI, 20 MB at most."
    )
    reference_id: Choice | None = Field(default=None, description="A picture of generate_character_reference instead.")
    video_rules_template: Choice | None = Field(default=None, description="A template of `video_prompts.yaml`.")
    backend: Choice | None = Field(default=None, description="`replicate` (the default), `gemini` or `local`.")


class MergeVideosIn(MvRequest):
    """Which videos become one, in this order."""

    video_ids: list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]] = Field(
        max_length=100, description="2 to 20 ids of generated or merged videos."
    )
    transition: Choice | None = Field(
        default=None, description="cut (the default), crossfade, fade in, fade out, slide, wipe or fast cuts."
    )
    audio_asset_id: Choice | None = Field(
        default=None, description="An asset with sound that takes the place of the videos' own."
    )


class VideoMetadataOut(MvAnswer):
    """How the video was made."""

    prompt: str
    backend_used: str
    model_used: str
    parameters_used: Used
    generation_timestamp: datetime
    processing_time_seconds: float
    parameters_not_applied: NotApplied


class VideoOut(MvAnswer):
    """The video."""

    video_id: str
    video_path: str = Field(description="Below the output root, or an `s3://` address.")
    video_url: str
    metadata: VideoMetadataOut


class VideoInfoOut(MvAnswer):
    """What is known of a video; an id never seen has `exists: false` and nothing else."""

    video_id: str
    file_size_bytes: int | None
    created_at: datetime | None
    exists: bool = Field(description="Whether there are bytes to be had.")
    status: Literal["pending", "running", "completed", "failed"] | None
    progress: float | None = Field(description="Share done, 0 to 1.")


@router.post(
    _GENERATE,
    summary="Generate a video clip",
    response_model=VideoOut,
    responses=mv_errors(400, 402, 404, 409, 413, 504, also=ACCEPTED),
    dependencies=[Repeatable],
)
async def generate_video(
    body: GenerateVideoIn, request: Request, services: With, by: By, prefer: Preferred
) -> Response | VideoOut:
    settings, client = services.settings, services.neighbours.music_video
    with debugged(settings, _GENERATE, body):
        order = pb.MvVideoOrder(**body.model_dump(exclude_none=True, exclude={"reference_image_base64"}))
        if body.reference_image_base64:
            if body.reference_id:
                raise invalid_field("reference_id", "is given beside reference_image_base64; give one of them")
            order.reference.CopyFrom(await client.keep_picture(_decoded(body.reference_image_base64)))
        task = await ordered(
            client, pb.CreateMvTaskRequest(id=task_id_for(request), video=order), request, prefer, by,
            path=_GENERATE, longest_seconds=settings.mv_request_timeout_seconds,
        )  # fmt: skip
        return answered(task, _GENERATE, _video)


@router.post(
    _MERGE,
    summary="Join videos into one",
    response_model=VideoOut,
    responses=mv_errors(400, 404, 409, 413, 504, also=ACCEPTED),
    dependencies=[Repeatable],
)
async def merge_videos(
    body: MergeVideosIn, request: Request, services: With, by: By, prefer: Preferred
) -> Response | VideoOut:
    settings, calls = services.settings, services.neighbours
    with debugged(settings, _MERGE, body):
        order = pb.MvMergeOrder(video_ids=body.video_ids, transition=body.transition)
        if body.audio_asset_id:
            asset = await _asset_with_sound(calls, body.audio_asset_id, by.client_id)
            order.audio_asset_id, order.audio_sha256 = asset.id, asset.sha256
        task = await ordered(
            calls.music_video, pb.CreateMvTaskRequest(id=task_id_for(request), merge=order), request, prefer, by,
            path=_MERGE, longest_seconds=settings.mv_request_timeout_seconds,
        )  # fmt: skip
        return answered(task, _MERGE, _video)


@router.get(
    f"{_GENERATE}/{{taskId}}",
    summary="The outcome of a request for a clip",
    response_model=VideoOut,
    responses=mv_errors(402, 404, 504, also=ACCEPTED),
)
async def get_generated_video(task_id: TaskId, calls: Calls, by: By) -> Response | VideoOut:
    task = await found(calls.music_video, task_id, by, frozenset({pb.MV_TASK_KIND_VIDEO}), "video")
    return answered(task, _GENERATE, _video)


@router.get(
    f"{_MERGE}/{{taskId}}",
    summary="The outcome of a request to join videos",
    response_model=VideoOut,
    responses=mv_errors(404, 504, also=ACCEPTED),
)
async def get_merged_video(task_id: TaskId, calls: Calls, by: By) -> Response | VideoOut:
    task = await found(calls.music_video, task_id, by, frozenset({pb.MV_TASK_KIND_MERGE}), "merged video")
    return answered(task, _MERGE, _video)


@router.get(
    f"{_GET}/{{videoId}}",
    summary="A video's bytes",
    response_class=Response,
    responses=mv_errors(404, also=_VIDEOS | ACCEPTED),
)
@router.head(
    f"{_GET}/{{videoId}}",
    summary="About a video's bytes",
    response_class=Response,
    responses=mv_errors(404, also=ACCEPTED),
)
async def get_video(request: Request, video_id: VideoId, calls: Calls, by: By) -> Response:
    task = await found(calls.music_video, video_id, by, _KINDS, "video")
    raise_if_failed(task)
    if is_ended(task):
        return task_bytes(request, task, calls, by)
    return accepted(task.id, poll_url_of(_MERGE if task.kind == pb.MV_TASK_KIND_MERGE else _GENERATE, task.id))


@router.get(f"{_GET}/{{videoId}}/info", summary="What is known of a video", responses=mv_errors())
async def get_video_info(video_id: VideoId, calls: Calls, by: By) -> VideoInfoOut:
    task = await sought(calls.music_video, video_id, by, _KINDS)
    if task is None:
        return VideoInfoOut(
            video_id=video_id, file_size_bytes=None, created_at=None, exists=False, status=None, progress=None
        )
    exists = task.state == pb.MV_TASK_STATE_COMPLETED
    return VideoInfoOut(
        video_id=task.id,
        file_size_bytes=task.media.size_bytes if exists else None,
        created_at=time_of(task.created_at),
        exists=exists,
        status=_STATES[task.state],
        progress=round(task.progress, 3),
    )


def _video(task: pb.MvTask) -> VideoOut:
    return VideoOut(
        video_id=task.id,
        video_path=task.path,
        video_url=f"{MV_PREFIX}{_GET}/{task.id}",
        metadata=VideoMetadataOut(**from_struct(task.metadata)),
    )


def _decoded(text: str) -> bytes:
    """The bytes of a base64 text or data URI; white space in it is ignored."""
    match = _DATA_URI.match(text)
    packed = "".join(text[match.end() :].split()) if match else "".join(text.split())
    if len(packed) > _MOST_PICTURE_BYTES * 4 // 3 + 4:
        raise invalid_field("reference_image_base64", f"is larger than {_MOST_PICTURE_BYTES // 2**20} MB")
    try:
        content = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_field("reference_image_base64", "is no valid base64") from None
    if not content:
        raise invalid_field("reference_image_base64", "is empty")
    return content


async def _asset_with_sound(calls: Neighbours, asset_id: str, scope: str) -> assets_pb2.Asset:
    parsed = parse_id(asset_id)
    if parsed is None:
        raise NotFound("There is no asset with the id that audio_asset_id gives.")
    asset = await calls.assets.get(str(parsed), scope=scope)
    if asset.status != assets_pb2.ASSET_STATUS_READY:
        raise invalid_field("audio_asset_id", "names an asset that is not ready")
    if asset.type != assets_pb2.ASSET_TYPE_AUDIO and not asset.has_audio:
        raise invalid_field("audio_asset_id", "names an asset without sound")
    return asset
