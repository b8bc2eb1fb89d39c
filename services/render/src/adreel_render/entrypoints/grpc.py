"""The render service's gRPC methods: look-ups, bytes, estimates."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc
from adreel.common.v1 import common_pb2
from adreel.render.v1 import render_pb2, render_pb2_grpc
from adreel_kit.blobs.port import BlobRef, BlobStore
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_render.adapters.postgres.renders import MediaRow
from adreel_render.domain.backends import Backends
from adreel_render.domain.errors import RenderNotFound
from adreel_render.usecases.buying.knock import Knock
from adreel_render.usecases.ensure_preview import EnsurePreview
from adreel_render.usecases.estimate_film import EstimateFilm
from adreel_render.usecases.estimate_voice import EstimateVoice, VoiceEstimate
from adreel_render.usecases.queries import Queries
from adreel_render.usecases.select_take import SelectTake

Context = grpc.aio.ServicerContext[Any, Any]

_KINDS = {
    render_pb2.MEDIA_KIND_VIDEO: "video",
    render_pb2.MEDIA_KIND_POSTER: "poster",
    render_pb2.MEDIA_KIND_CAPTIONS: "captions",
    render_pb2.MEDIA_KIND_PREVIEW: "preview",
}


class RenderServicer(render_pb2_grpc.RenderServiceServicer):
    """See proto/adreel/render/v1/render.proto."""

    def __init__(
        self,
        queries: Queries,
        preview: EnsurePreview,
        select: SelectTake,
        blobs: BlobStore,
        backends: Backends,
        estimate: EstimateFilm,
        knock: Knock,
        voice: EstimateVoice,
    ) -> None:
        self._queries = queries
        self._preview = preview
        self._select = select
        self._blobs = blobs
        self._backends = backends
        self._estimate = estimate
        self._knock = knock
        self._voice = voice

    async def GetMedia(  # noqa: N802
        self, request: render_pb2.GetMediaRequest, context: Context
    ) -> render_pb2.GetMediaResponse:
        row = await self._queries.media(request.job_id, _kind(request.kind))
        return render_pb2.GetMediaResponse(media=_media(row, request.kind))

    async def ReadMedia(  # noqa: N802
        self, request: render_pb2.ReadMediaRequest, context: Context
    ) -> AsyncIterator[render_pb2.ReadMediaResponse]:
        row = await self._queries.media(request.job_id, _kind(request.kind))
        if request.sha256 and request.sha256 != row.sha256:
            raise RenderNotFound("The file was replaced meanwhile.")
        ref = BlobRef(row.sha256, row.size_bytes)
        async for piece in self._blobs.read(ref, request.start, request.length or None):
            yield render_pb2.ReadMediaResponse(chunk=common_pb2.Chunk(content=piece))

    async def EnsurePreview(  # noqa: N802
        self, request: render_pb2.EnsurePreviewRequest, context: Context
    ) -> render_pb2.EnsurePreviewResponse:
        row = await self._preview.ensure(MessageToDict(request.request))
        return render_pb2.EnsurePreviewResponse(media=_media(row, render_pb2.MEDIA_KIND_PREVIEW))

    async def ListTakes(  # noqa: N802
        self, request: render_pb2.ListTakesRequest, context: Context
    ) -> render_pb2.ListTakesResponse:
        rows = await self._queries.takes(request.job_id, request.scene_number)
        return render_pb2.ListTakesResponse(takes=[_take(row) for row in rows])

    async def SelectTake(  # noqa: N802
        self, request: render_pb2.SelectTakeRequest, context: Context
    ) -> render_pb2.SelectTakeResponse:
        chosen = await self._select.select(request.job_id, request.scene_number, request.take_id)
        rows = await self._queries.takes(request.job_id, request.scene_number)
        return render_pb2.SelectTakeResponse(take=next(_take(row) for row in rows if row["id"] == chosen))

    async def EstimateRender(  # noqa: N802
        self, request: render_pb2.EstimateRenderRequest, context: Context
    ) -> render_pb2.EstimateRenderResponse:
        voice: VoiceEstimate | None = None
        if request.HasField("request"):
            film = await self._estimate.exactly(MessageToDict(request.request))
            voice = await self._voice.exactly(MessageToDict(request.request))
        else:
            film = self._estimate.roughly(
                request.backend or "local",
                duration_seconds=request.duration_seconds,
                scene_count=request.scene_count,
                resolution=request.resolution,
                with_audio=request.generate_audio,
            )
            if request.voiceover:
                voice = self._voice.roughly(request.duration_seconds)
        lines = [*film.lines, *([voice.line] if voice else [])]
        return render_pb2.EstimateRenderResponse(
            lines=[common_pb2.CostLine(**line.model_dump()) for line in lines],
            total_micros=sum(line.amount_micros for line in lines),
            open_micros=film.open_micros + (voice.open_micros if voice else 0),
        )

    async def ReceiveProviderWebhook(  # noqa: N802
        self, request: render_pb2.ReceiveProviderWebhookRequest, context: Context
    ) -> render_pb2.ReceiveProviderWebhookResponse:
        await self._knock.receive(request.provider, dict(request.headers), request.body, attempt=request.attempt)
        return render_pb2.ReceiveProviderWebhookResponse()

    async def ListBackends(  # noqa: N802
        self, request: render_pb2.ListBackendsRequest, context: Context
    ) -> render_pb2.ListBackendsResponse:
        return render_pb2.ListBackendsResponse(
            backends=[
                render_pb2.Backend(
                    name=backend.name,
                    is_available=backend.is_available,
                    problem=backend.problem,
                    message=backend.message,
                    model=backend.model,
                    clip_seconds=backend.clip_seconds,
                )
                for backend in self._backends.all()
            ],
            default_backend=self._backends.default,
        )


def _take(row: Mapping[str, Any]) -> render_pb2.Take:
    return render_pb2.Take(
        id=str(row["id"]),
        scene_number=row["scene_number"],
        backend=row["backend"],
        model=row["model"],
        duration_seconds=row["duration_seconds"],
        cost_micros=row["cost_micros"],
        is_selected=row["is_selected"],
        storyboard_version=row["storyboard_version"],
        created_at=_timestamp(row["created_at"]),
    )


def _kind(kind: "render_pb2.MediaKind.ValueType") -> str:
    name = _KINDS.get(kind)
    if name is None:
        raise RenderNotFound("There is no such kind of file.")
    return name


def _media(row: MediaRow, kind: "render_pb2.MediaKind.ValueType") -> render_pb2.Media:
    return render_pb2.Media(
        kind=kind,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        content_type=row.content_type,
        created_at=_timestamp(row.created_at),
        duration_seconds=row.duration_seconds,
        width_px=row.width_px,
        height_px=row.height_px,
    )


def _timestamp(at: Any) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
