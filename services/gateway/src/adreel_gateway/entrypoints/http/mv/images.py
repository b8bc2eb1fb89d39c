"""Character reference pictures."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from adreel.render.v1 import music_video_pb2 as pb
from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.byte_answers import ASK_EACH_TIME, bytes_answer
from adreel_gateway.entrypoints.http.context import Caller
from adreel_gateway.entrypoints.http.dependencies import By, Calls, Preferred, Repeatable, With
from adreel_gateway.entrypoints.http.mv.debugging import debugged
from adreel_gateway.entrypoints.http.mv.fields import NotApplied, Seed, Used
from adreel_gateway.entrypoints.http.mv.holding import accepted, task_id_for
from adreel_gateway.entrypoints.http.mv.tasks import answered, found, is_ended, ordered, poll_url_of, raise_if_failed
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
from adreel_gateway.usecases.neighbours import Neighbours

router = APIRouter()

_PATH = "/generate_character_reference"
_KINDS = frozenset({pb.MV_TASK_KIND_IMAGE})
_PICTURES: Responses = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The ranges asked for."},
    304: {"description": "Not modified."},
}
TaskId = Annotated[str, Path(alias="taskId", description="The id that a 202 gave.")]
ReferenceId = Annotated[str, Path(alias="referenceId", description="`reference_id` of a generated picture.")]


class CharacterReferenceIn(MvRequest):
    """Who is to be seen; what is left out comes from `image_params.yaml`."""

    character_description: RequiredProse = Field(examples=["A lighthouse keeper of sixty, white beard, yellow oilskin"])
    aspect_ratio: Choice | None = Field(default=None, description="1:1, 9:16, 16:9, 3:4 or 4:3.")
    safety_filter_level: Choice | None = Field(
        default=None, description="block_low_and_above, block_medium_and_above or block_only_high."
    )
    person_generation: Choice | None = Field(default=None, description="allow_all, allow_adult or dont_allow.")
    output_format: Choice | None = Field(default=None, description="png or jpg.")
    negative_prompt: Prose | None = None
    seed: Seed | None = None
    backend: Choice | None = Field(default=None, description="`replicate` (the default), `gemini` or `local`.")


class CharacterMetadataOut(MvAnswer):
    """How the picture was made."""

    character_description: str
    model_used: str
    parameters_used: Used
    generation_timestamp: datetime
    backend_used: str
    parameters_not_applied: NotApplied


class CharacterReferenceOut(MvAnswer):
    """The picture."""

    image_base64: str
    output_file: str = Field(description="Below the output root, or an `s3://` address.")
    metadata: CharacterMetadataOut
    reference_id: str = Field(description="Names the picture in later requests.")
    image_url: str


@router.post(
    _PATH,
    summary="Generate a character's reference picture",
    response_model=CharacterReferenceOut,
    responses=mv_errors(400, 402, 413, 504, also=ACCEPTED),
    dependencies=[Repeatable],
)
async def generate_character_reference(
    body: CharacterReferenceIn, request: Request, services: With, by: By, prefer: Preferred
) -> Response | CharacterReferenceOut:
    settings, calls = services.settings, services.neighbours
    with debugged(settings, _PATH, body):
        order = pb.CreateMvTaskRequest(
            id=task_id_for(request), image=pb.MvImageOrder(**body.model_dump(exclude_none=True))
        )
        task = await ordered(
            calls.music_video, order, request, prefer, by,
            path=_PATH, longest_seconds=settings.mv_request_timeout_seconds,
        )  # fmt: skip
        return await _outcome(task, calls, by)


@router.get(
    f"{_PATH}/{{taskId}}",
    summary="The outcome of a request for a picture",
    response_model=CharacterReferenceOut,
    responses=mv_errors(402, 404, 504, also=ACCEPTED),
)
async def get_character_reference(task_id: TaskId, calls: Calls, by: By) -> Response | CharacterReferenceOut:
    return await _outcome(await found(calls.music_video, task_id, by, _KINDS, "reference image"), calls, by)


@router.get(
    "/get_image/{referenceId}",
    summary="A reference picture",
    response_class=Response,
    responses=mv_errors(404, also=_PICTURES | ACCEPTED),
)
@router.head(
    "/get_image/{referenceId}",
    summary="About a reference picture",
    response_class=Response,
    responses=mv_errors(404, also=ACCEPTED),
)
async def get_image(request: Request, reference_id: ReferenceId, calls: Calls, by: By) -> Response:
    task = await found(calls.music_video, reference_id, by, _KINDS, "reference image")
    raise_if_failed(task)
    return task_bytes(request, task, calls, by) if is_ended(task) else accepted(task.id, poll_url_of(_PATH, task.id))


def task_bytes(request: Request, task: pb.MvTask, calls: Neighbours, by: Caller) -> Response:
    """The result of a completed task, or the ranges of it that were asked for."""

    def opened(start: int, length: int) -> AsyncIterator[bytes]:
        return calls.music_video.read(task.id, scope=by.client_id, start=start, length=length)

    return bytes_answer(
        request,
        opened,
        size_bytes=task.media.size_bytes,
        sha256=task.media.sha256,
        content_type=task.media.content_type,
        cache_control=ASK_EACH_TIME,
        modified_at=time_of(task.finished_at),
        filename=task.path.rsplit("/", 1)[-1],
    )


async def _outcome(task: pb.MvTask | Response, calls: Neighbours, by: Caller) -> Response | CharacterReferenceOut:
    content = b""
    if isinstance(task, pb.MvTask) and task.state == pb.MV_TASK_STATE_COMPLETED:
        content = b"".join([piece async for piece in calls.music_video.read(task.id, scope=by.client_id)])

    def answer(made: pb.MvTask) -> CharacterReferenceOut:
        return CharacterReferenceOut(
            image_base64=base64.b64encode(content).decode("ascii"),
            output_file=made.path,
            metadata=CharacterMetadataOut(**from_struct(made.metadata)),
            reference_id=made.id,
            image_url=f"{MV_PREFIX}/get_image/{made.id}",
        )

    return answered(task, _PATH, answer)
