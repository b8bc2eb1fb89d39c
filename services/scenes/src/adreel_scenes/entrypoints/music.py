"""The gRPC methods of music-video scenes."""

import uuid
from datetime import datetime
from typing import Any

import grpc
from adreel.common.v1 import common_pb2
from adreel.scenes.v1 import scenes_pb2
from adreel_kit.errors import ErrorFacts
from adreel_kit.ids import parse_id
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_scenes.domain.errors import MusicTaskNotFound
from adreel_scenes.domain.music import MusicWish
from adreel_scenes.domain.music_files import JSON_NAME, MARKDOWN_NAME
from adreel_scenes.domain.music_task import MusicTaskState
from adreel_scenes.usecases.order_music_scenes import MusicTaskView, OrderMusicScenes

Context = grpc.aio.ServicerContext[Any, Any]

_STATES = {
    MusicTaskState.PENDING: scenes_pb2.MUSIC_TASK_STATE_PENDING,
    MusicTaskState.COMPLETED: scenes_pb2.MUSIC_TASK_STATE_COMPLETED,
    MusicTaskState.FAILED: scenes_pb2.MUSIC_TASK_STATE_FAILED,
}


class MusicMethods:
    """A part of the scenes service's servicer."""

    def __init__(self, music: OrderMusicScenes) -> None:
        self._music = music

    async def CreateMusicScenes(  # noqa: N802
        self, request: scenes_pb2.CreateMusicScenesRequest, context: Context
    ) -> scenes_pb2.CreateMusicScenesResponse:
        view = await self._music.order(_task_id(request.task_id), request.client_id, _wish(request.fields))
        return scenes_pb2.CreateMusicScenesResponse(task=_task(view))

    async def GetMusicScenes(  # noqa: N802
        self, request: scenes_pb2.GetMusicScenesRequest, context: Context
    ) -> scenes_pb2.GetMusicScenesResponse:
        view = await self._music.look(
            _task_id(request.task_id), request.client_id, wait_seconds=max(0.0, request.wait_seconds)
        )
        return scenes_pb2.GetMusicScenesResponse(task=_task(view))


def _task_id(text: str) -> uuid.UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise MusicTaskNotFound("There is no such task.")
    return parsed


def _wish(fields: scenes_pb2.MusicSceneFields) -> MusicWish:
    given = {descriptor.name: value for descriptor, value in fields.ListFields()}
    return MusicWish(**({"idea": "", "character_description": ""} | given))


def _task(view: MusicTaskView) -> scenes_pb2.MusicTask:
    task = view.task
    message = scenes_pb2.MusicTask(
        id=str(task.id),
        state=_STATES[task.state],
        backend=task.backend,
        idea=task.order.idea,
        scenes=[
            scenes_pb2.MusicScene(description=scene.description, negative_description=scene.negative_description)
            for scene in task.scenes or ()
        ],
        json_file=task.files.get(JSON_NAME, ""),
        markdown_file=task.files.get(MARKDOWN_NAME, ""),
        error=None if task.error is None else _error(task.error),
        created_at=_timestamp(task.created_at),
        finished_at=None if task.finished_at is None else _timestamp(task.finished_at),
        lines=[common_pb2.CostLine(**line.model_dump()) for line in view.costs],
    )
    message.parameters_used.update(task.order.parameters)
    return message


def _error(facts: ErrorFacts) -> common_pb2.ErrorDetail:
    detail = common_pb2.ErrorDetail(
        code=facts.code,
        message=facts.message,
        kind=facts.kind.value,
        http_status=facts.http_status,
        retry_after_seconds=facts.retry_after_seconds or 0.0,
    )
    detail.details.update(facts.details)
    return detail


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
