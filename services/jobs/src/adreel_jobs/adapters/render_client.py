"""The render service by gRPC: which backends can be used, and what rendering would cost."""

from collections.abc import Mapping
from typing import Any

import grpc
from adreel.render.v1 import render_pb2, render_pb2_grpc
from adreel_kit.rpc import call, open_channel

from adreel_jobs.adapters.channels import reachable
from adreel_jobs.adapters.cost_lines import read_lines
from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.ports import Backend, Backends, FilmPrice

_LOOKUP_SECONDS = 3.0
_COMMAND_SECONDS = 5.0
_ESTIMATE_SECONDS = 2.0


class RenderClient:
    """The RenderPort over gRPC; its channel is opened by the first call, inside the event loop that it belongs to."""

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
    def _stub(self) -> "render_pb2_grpc.RenderServiceAsyncStub":
        return render_pb2_grpc.RenderServiceStub(self._opened())

    async def backends(self) -> Backends:
        answer: render_pb2.ListBackendsResponse = await call(
            self._stub.ListBackends,
            render_pb2.ListBackendsRequest(),
            service="render",
            timeout_seconds=_LOOKUP_SECONDS,
        )
        known = tuple(Backend(one.name, one.is_available, one.problem, one.message) for one in answer.backends)
        return Backends(known, answer.default_backend)

    async def ensure_preview(self, request: Mapping[str, Any]) -> None:
        message = render_pb2.EnsurePreviewRequest()
        message.request.update(request)
        await call(self._stub.EnsurePreview, message, service="render", timeout_seconds=_COMMAND_SECONDS)

    async def price_film(self, request: Mapping[str, Any]) -> FilmPrice:
        message = render_pb2.EstimateRenderRequest()
        message.request.update(request)
        answer: render_pb2.EstimateRenderResponse = await call(
            self._stub.EstimateRender, message, service="render", timeout_seconds=_LOOKUP_SECONDS
        )
        return FilmPrice(read_lines(answer.lines), answer.open_micros)

    async def estimate(
        self,
        *,
        backend: str,
        duration_seconds: float,
        scene_count: int,
        resolution: str,
        aspect_ratio: str,
        voiceover: bool,
    ) -> tuple[CostLine, ...]:
        request = render_pb2.EstimateRenderRequest(
            backend=backend,
            duration_seconds=duration_seconds,
            scene_count=scene_count,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            voiceover=voiceover,
        )
        answer: render_pb2.EstimateRenderResponse = await call(
            self._stub.EstimateRender, request, service="render", timeout_seconds=_ESTIMATE_SECONDS
        )
        return read_lines(answer.lines)
