"""The render service's music-video tasks as the gateway calls them. Every method raises RemoteError."""

from collections.abc import AsyncIterator

import grpc
from adreel.render.v1 import music_video_pb2 as pb
from adreel.render.v1 import music_video_pb2_grpc
from adreel_kit.rpc import call, stream

_SERVICE = "render"
_PIECE_BYTES = 256 * 1024
# A picture is decoded in a process of its own, which takes a second to start; a hostile one is ended after 30.
_PICTURE_SECONDS = 60.0


class MusicVideoClient:
    """Typed calls with a deadline each. `scope` is the client that the caller's key is bound to, or empty."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_seconds: float) -> None:
        self._stub = music_video_pb2_grpc.MusicVideoServiceStub(channel)
        self._timeout = timeout_seconds

    async def create(self, request: pb.CreateMvTaskRequest) -> pb.MvTask:
        """Order a task; the same id answers with the same task, so this is safe to repeat."""
        answer: pb.CreateMvTaskResponse = await call(
            self._stub.CreateMvTask, request, service=_SERVICE, timeout_seconds=self._timeout
        )
        return answer.task

    async def get(self, task_id: str, *, scope: str, wait_seconds: float = 0.0) -> pb.MvTask:
        """The task; the service may hold the answer for `wait_seconds`, until it has ended."""
        request = pb.GetMvTaskRequest(id=task_id, scope_client_id=scope, wait_seconds=wait_seconds)
        answer: pb.GetMvTaskResponse = await call(
            self._stub.GetMvTask, request, service=_SERVICE, timeout_seconds=self._timeout + wait_seconds
        )
        return answer.task

    async def read(self, task_id: str, *, scope: str, start: int = 0, length: int = 0) -> AsyncIterator[bytes]:
        """The bytes of the result from `start`, `length` of them (0: to the end), in chunks."""
        request = pb.ReadMvMediaRequest(id=task_id, scope_client_id=scope, start=start, length=length)
        async for answer in stream(self._stub.ReadMvMedia, request, service=_SERVICE, timeout_seconds=None):
            yield answer.chunk.content

    async def keep_picture(self, content: bytes) -> pb.KeptPicture:
        """Have a picture checked and kept for a later order."""

        async def pieces() -> AsyncIterator[pb.KeepPictureRequest]:
            for start in range(0, len(content), _PIECE_BYTES):
                yield pb.KeepPictureRequest(content=content[start : start + _PIECE_BYTES])

        answer: pb.KeepPictureResponse = await call(
            self._stub.KeepPicture, pieces(), service=_SERVICE, timeout_seconds=_PICTURE_SECONDS
        )
        return answer.picture
