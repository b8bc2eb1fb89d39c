"""Music-video scenes: an idea and a character become descriptions for clips."""

from typing import Annotated, Any

from adreel.scenes.v1 import scenes_pb2 as pb
from adreel_kit.errors import NotFound
from adreel_kit.ids import parse_id
from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.entrypoints.http.dependencies import By, Calls, Preferred, Repeatable, With
from adreel_gateway.entrypoints.http.mv.debugging import debugged
from adreel_gateway.entrypoints.http.mv.holding import Hold, accepted, failure_of, task_id_for
from adreel_gateway.entrypoints.http.mv.wire import ACCEPTED, Choice, MvAnswer, MvRequest, mv_errors
from adreel_gateway.entrypoints.http.v3.models.base import from_struct

router = APIRouter()

_PATH = "/create_scenes"
_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
_NeededWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class CreateScenesIn(MvRequest):
    """What the video is about and who is in it; what is left out comes from `parameters.yaml`."""

    idea: _NeededWords = Field(examples=["A lighthouse keeper dances with the storm"])
    character_description: _NeededWords = Field(examples=["A keeper of sixty, white beard, yellow oilskin"])
    character_characteristics: _Words | None = None
    number_of_scenes: Annotated[int, Field(ge=1, le=50)] | None = None
    video_type: _Words | None = None
    video_characteristics: _Words | None = None
    camera_angle: _Words | None = None
    # Not stripped or cut: what is wrong with a name of a directory is said by the service that makes it.
    output_dir: Annotated[str, StringConstraints(max_length=4_000)] | None = Field(
        default=None, description="A name below the output root."
    )
    backend: Choice | None = Field(default=None, description="`gemini` (the default) or `template`.")


class SceneOut(MvAnswer):
    """One clip to be: what is seen, and what must not be."""

    description: str
    negative_description: str


class OutputFilesOut(MvAnswer):
    """Where the same scenes were written, below the output root."""

    # The contract's names; `json` would hide a method of the base class.
    json_file: str = Field(serialization_alias="json")
    markdown: str


class ScenesMetadataOut(MvAnswer):
    """What the scenes were made from, and by whom."""

    idea: str
    number_of_scenes: int
    parameters_used: dict[str, Any]
    backend_used: str


class CreateScenesOut(MvAnswer):
    """The scenes."""

    scenes: list[SceneOut]
    output_files: OutputFilesOut
    metadata: ScenesMetadataOut


@router.post(
    _PATH,
    summary="Write the scenes of a music video",
    response_model=CreateScenesOut,
    responses=mv_errors(400, 402, 413, 504, also=ACCEPTED),
    dependencies=[Repeatable],
)
async def create_scenes(
    body: CreateScenesIn, request: Request, services: With, by: By, prefer: Preferred
) -> Response | CreateScenesOut:
    scenes, settings = services.neighbours.scenes, services.settings
    with debugged(settings, _PATH, body):
        task_id = task_id_for(request)
        made = await scenes.create_music_scenes(
            pb.CreateMusicScenesRequest(
                task_id=task_id,
                client_id=by.client_id,
                fields=pb.MusicSceneFields(**body.model_dump(exclude_none=True)),
            )
        )
        longest_seconds = settings.mv_request_timeout_seconds
        hold = Hold(request, prefer, longest_seconds, task_id, _poll_url(task_id), backend=made.backend)

        async def look(seconds: float) -> pb.MusicTask:
            return await scenes.get_music_scenes(task_id, scope=by.client_id, wait_seconds=seconds)

        task = await hold.until_ended(look, _is_ended)
        return hold.accepted() if task is None else _outcome(task)


@router.get(
    f"{_PATH}/{{taskId}}",
    summary="The outcome of a request for scenes",
    response_model=CreateScenesOut,
    responses=mv_errors(400, 402, 404, 504, also=ACCEPTED),
)
async def get_scenes(
    task_id: Annotated[str, Path(alias="taskId", description="The id that a 202 gave.")], calls: Calls, by: By
) -> Response | CreateScenesOut:
    parsed = parse_id(task_id)
    if parsed is None:
        raise NotFound("There is no task with this id.")
    task = await calls.scenes.get_music_scenes(str(parsed), scope=by.client_id, wait_seconds=0)
    return _outcome(task) if _is_ended(task) else accepted(task.id, _poll_url(task.id))


def _poll_url(task_id: str) -> str:
    return f"/api/mv{_PATH}/{task_id}"


def _is_ended(task: pb.MusicTask) -> bool:
    return task.state in (pb.MUSIC_TASK_STATE_COMPLETED, pb.MUSIC_TASK_STATE_FAILED)


def _outcome(task: pb.MusicTask) -> CreateScenesOut:
    """The answer of a task that ended. Raises TaskFailed."""
    if task.state == pb.MUSIC_TASK_STATE_FAILED:
        raise failure_of(task.error, backend=task.backend)
    parameters = from_struct(task.parameters_used)
    return CreateScenesOut(
        scenes=[
            SceneOut(description=scene.description, negative_description=scene.negative_description)
            for scene in task.scenes
        ],
        output_files=OutputFilesOut(json_file=task.json_file, markdown=task.markdown_file),
        metadata=ScenesMetadataOut(
            idea=task.idea,
            number_of_scenes=len(task.scenes),
            parameters_used=parameters,
            backend_used=task.backend,
        ),
    )
