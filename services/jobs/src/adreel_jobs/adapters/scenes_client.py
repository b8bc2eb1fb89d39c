"""The scenes service by gRPC: locking and reopening storyboards, and what writing one would cost."""

from uuid import UUID

import grpc
from adreel.scenes.v1 import scenes_pb2, scenes_pb2_grpc
from adreel_kit.errors import RemoteError
from adreel_kit.rpc import call, open_channel
from google.protobuf.json_format import MessageToDict

from adreel_jobs.adapters.channels import reachable
from adreel_jobs.adapters.cost_lines import read_lines
from adreel_jobs.domain.job_record import LockedScene
from adreel_jobs.domain.ports import LockedStoryboard, StoryboardEstimate

_OPEN_ALREADY = "STORYBOARD_NOT_LOCKED"
_COMMAND_SECONDS = 5.0
# An estimate is a courtesy: the caller waits for it with a person behind him.
_ESTIMATE_SECONDS = 2.0


class ScenesClient:
    """The ScenesPort over gRPC; its channel is opened by the first call, inside the event loop that it belongs to."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._channel: grpc.aio.Channel | None = None

    async def aclose(self) -> None:
        if self._channel is not None:
            await self._channel.close()

    async def ping(self) -> None:
        """Raise TimeoutError unless the service can be reached."""
        await reachable(self._opened())

    def _opened(self) -> grpc.aio.Channel:
        if self._channel is None:
            self._channel = open_channel(self._target)
        return self._channel

    @property
    def _stub(self) -> "scenes_pb2_grpc.ScenesServiceAsyncStub":
        return scenes_pb2_grpc.ScenesServiceStub(self._opened())

    async def lock(self, job_id: UUID, version: int) -> LockedStoryboard:
        request = scenes_pb2.LockStoryboardRequest(job_id=str(job_id), version=version)
        answer: scenes_pb2.LockStoryboardResponse = await call(
            self._stub.LockStoryboard, request, service="scenes", timeout_seconds=_COMMAND_SECONDS
        )
        return LockedStoryboard(
            answer.storyboard.version, tuple(_locked_scene(scene) for scene in answer.storyboard.scenes)
        )

    async def read(self, job_id: UUID) -> LockedStoryboard | None:
        board = (await self._board(job_id)).storyboard
        if not board.scenes:
            return None
        return LockedStoryboard(board.version, tuple(_locked_scene(scene) for scene in board.scenes))

    async def reopen(self, job_id: UUID, version: int) -> int:
        request = scenes_pb2.ReopenStoryboardRequest(job_id=str(job_id), version=version)
        try:
            answer: scenes_pb2.ReopenStoryboardResponse = await call(
                self._stub.ReopenStoryboard, request, service="scenes", timeout_seconds=_COMMAND_SECONDS
            )
        except RemoteError as error:
            if error.code != _OPEN_ALREADY:
                raise
            # Opened by a call whose end we did not live to see, and edited since.
            return await self._version(job_id)
        return answer.storyboard.version

    async def _version(self, job_id: UUID) -> int:
        return (await self._board(job_id)).storyboard.version

    async def _board(self, job_id: UUID) -> scenes_pb2.GetStoryboardResponse:
        request = scenes_pb2.GetStoryboardRequest(job_id=str(job_id))
        answer: scenes_pb2.GetStoryboardResponse = await call(
            self._stub.GetStoryboard, request, service="scenes", timeout_seconds=_COMMAND_SECONDS
        )
        return answer

    async def estimate(
        self,
        *,
        duration_seconds: float,
        asset_count: int,
        brief_characters: int,
        backend: str,
        tone: str = "",
        style: str = "",
    ) -> StoryboardEstimate:
        request = scenes_pb2.EstimateStoryboardRequest(
            duration_seconds=duration_seconds,
            asset_count=asset_count,
            brief_characters=brief_characters,
            backend=backend,
            tone=tone,
            style=style,
        )
        answer: scenes_pb2.EstimateStoryboardResponse = await call(
            self._stub.EstimateStoryboard, request, service="scenes", timeout_seconds=_ESTIMATE_SECONDS
        )
        return StoryboardEstimate(answer.expected_scenes, read_lines(answer.lines))


def _locked_scene(scene: scenes_pb2.Scene) -> LockedScene:
    """A scene by the names of the event `storyboard.locked`."""
    return {
        "id": scene.id,
        "scene_number": scene.scene_number,
        "duration_seconds": scene.duration_seconds,
        "description": scene.description,
        "script": scene.script,
        "shot_type": scene.shot_type,
        "transition": scene.transition,
        "asset_ids": list(scene.asset_ids),
        "revision": scene.revision,
        "metadata": MessageToDict(scene.metadata),
    }
