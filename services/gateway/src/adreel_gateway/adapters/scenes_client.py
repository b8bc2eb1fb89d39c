"""The scenes service as the gateway calls it. It knows no API keys: ask jobs first whether the caller may see a job."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import grpc
from adreel.scenes.v1 import scenes_pb2 as pb
from adreel.scenes.v1 import scenes_pb2_grpc
from adreel_kit.rpc import call
from google.protobuf.message import Message


class ScenesClient:
    """Typed calls with a deadline each. Every method raises RemoteError."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_seconds: float) -> None:
        self._stub = scenes_pb2_grpc.ScenesServiceStub(channel)
        self._timeout = timeout_seconds

    async def get_storyboard(self, job_id: str) -> pb.Storyboard | None:
        """The job's storyboard, or None while none was written."""
        answer: pb.GetStoryboardResponse = await self._call(
            self._stub.GetStoryboard, pb.GetStoryboardRequest(job_id=job_id)
        )
        return answer.storyboard if answer.HasField("storyboard") else None

    async def update_scene(self, request: pb.UpdateSceneRequest) -> pb.Scene:
        answer: pb.UpdateSceneResponse = await self._call(self._stub.UpdateScene, request)
        return answer.scene

    async def add_scene(self, request: pb.AddSceneRequest) -> pb.Storyboard:
        answer: pb.AddSceneResponse = await self._call(self._stub.AddScene, request)
        return answer.storyboard

    async def delete_scene(self, request: pb.DeleteSceneRequest) -> pb.Storyboard:
        answer: pb.DeleteSceneResponse = await self._call(self._stub.DeleteScene, request)
        return answer.storyboard

    async def reorder_scenes(self, job_id: str, scene_numbers: Sequence[int], *, actor: str) -> pb.Storyboard:
        request = pb.ReorderScenesRequest(job_id=job_id, scene_numbers=scene_numbers, actor=actor)
        answer: pb.ReorderScenesResponse = await self._call(self._stub.ReorderScenes, request)
        return answer.storyboard

    async def list_revisions(self, job_id: str, scene_number: int) -> Sequence[pb.Revision]:
        request = pb.ListRevisionsRequest(job_id=job_id, scene_number=scene_number)
        answer: pb.ListRevisionsResponse = await self._call(self._stub.ListRevisions, request)
        return answer.revisions

    async def restore_revision(self, job_id: str, scene_number: int, revision: int, *, actor: str) -> pb.Scene:
        request = pb.RestoreRevisionRequest(job_id=job_id, scene_number=scene_number, revision=revision, actor=actor)
        answer: pb.RestoreRevisionResponse = await self._call(self._stub.RestoreRevision, request)
        return answer.scene

    async def estimate(self, request: pb.EstimateStoryboardRequest) -> pb.EstimateStoryboardResponse:
        return cast(pb.EstimateStoryboardResponse, await self._call(self._stub.EstimateStoryboard, request))

    async def create_music_scenes(self, request: pb.CreateMusicScenesRequest) -> pb.MusicTask:
        """Order scenes; the same task id answers with the same task, so this is safe to repeat."""
        answer: pb.CreateMusicScenesResponse = await self._call(self._stub.CreateMusicScenes, request)
        return answer.task

    async def get_music_scenes(self, task_id: str, *, scope: str, wait_seconds: float) -> pb.MusicTask:
        """The task; the service may hold the answer for `wait_seconds`, until it has ended."""
        request = pb.GetMusicScenesRequest(task_id=task_id, client_id=scope, wait_seconds=wait_seconds)
        answer: pb.GetMusicScenesResponse = await call(
            self._stub.GetMusicScenes, request, service="scenes", timeout_seconds=self._timeout + wait_seconds
        )
        return answer.task

    async def _call(self, method: Callable[..., Any], request: Message) -> Any:
        # The stub's types name the answer; the annotation at each caller repeats it.
        return await call(method, request, service="scenes", timeout_seconds=self._timeout)
