"""The render service as the gateway calls it. It knows no API keys: ask jobs first whether the caller may see a job."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast

import grpc
from adreel.render.v1 import render_pb2 as pb
from adreel.render.v1 import render_pb2_grpc
from adreel_kit.errors import ErrorKind, RemoteError
from adreel_kit.rpc import call, stream
from google.protobuf.message import Message

_SERVICE = "render"


class RenderClient:
    """Typed calls with a deadline each. Every method raises RemoteError."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_seconds: float) -> None:
        self._stub = render_pb2_grpc.RenderServiceStub(channel)
        self._timeout = timeout_seconds

    async def get_media(self, job_id: str, kind: pb.MediaKind.ValueType) -> pb.Media | None:
        """What there is of this kind, or None where there is nothing (yet)."""
        try:
            answer: pb.GetMediaResponse = await self._call(
                self._stub.GetMedia, pb.GetMediaRequest(job_id=job_id, kind=kind)
            )
        except RemoteError as error:
            # Whether nothing is there yet or it is being made: the caller asks again either way.
            if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT):
                return None
            raise
        return answer.media if answer.HasField("media") else None

    async def read_media(self, job_id: str, media: pb.Media, *, start: int, length: int) -> AsyncIterator[bytes]:
        """The bytes of exactly this medium from `start`, `length` of them (0: to the end), in chunks."""
        request = pb.ReadMediaRequest(job_id=job_id, kind=media.kind, sha256=media.sha256, start=start, length=length)
        async for answer in stream(self._stub.ReadMedia, request, service=_SERVICE, timeout_seconds=None):
            yield answer.chunk.content

    async def list_takes(self, job_id: str, scene_number: int) -> Sequence[pb.Take]:
        answer: pb.ListTakesResponse = await self._call(
            self._stub.ListTakes, pb.ListTakesRequest(job_id=job_id, scene_number=scene_number)
        )
        return answer.takes

    async def select_take(self, job_id: str, scene_number: int, take_id: str) -> pb.Take:
        request = pb.SelectTakeRequest(job_id=job_id, scene_number=scene_number, take_id=take_id)
        answer: pb.SelectTakeResponse = await self._call(self._stub.SelectTake, request)
        return answer.take

    async def estimate(self, request: pb.EstimateRenderRequest) -> pb.EstimateRenderResponse:
        return cast(pb.EstimateRenderResponse, await self._call(self._stub.EstimateRender, request))

    async def list_backends(self) -> pb.ListBackendsResponse:
        return cast(pb.ListBackendsResponse, await self._call(self._stub.ListBackends, pb.ListBackendsRequest()))

    async def receive_provider_webhook(
        self, provider: str, headers: Mapping[str, str], body: bytes, *, attempt: str
    ) -> None:
        """Hand on what a provider sent, as it came; render knows whether it is genuine."""
        request = pb.ReceiveProviderWebhookRequest(provider=provider, headers=headers, body=body, attempt=attempt)
        await self._call(self._stub.ReceiveProviderWebhook, request)

    async def _call(self, method: Callable[..., Any], request: Message) -> Any:
        # The stub's types name the answer; the annotation at each caller repeats it.
        return await call(method, request, service=_SERVICE, timeout_seconds=self._timeout)
