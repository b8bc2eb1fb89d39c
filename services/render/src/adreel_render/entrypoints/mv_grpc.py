"""The gRPC methods of music-video tasks."""

import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import grpc
from adreel.common.v1 import common_pb2
from adreel.render.v1 import music_video_pb2 as pb
from adreel.render.v1 import music_video_pb2_grpc
from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.errors import Invalid
from adreel_kit.ids import parse_id
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_render.domain.errors import ClipNotReady, ParameterRefused
from adreel_render.domain.mv_orders import ImageOrder, MergeOrder, MvOrder, Ordered, VideoOrder
from adreel_render.domain.mv_task import KeptFile, MvKind, MvState, MvTask, Soundtrack
from adreel_render.usecases.keep_picture import KeepPicture
from adreel_render.usecases.mv_queries import MvQueries
from adreel_render.usecases.order_mv_task import OrderMvTask

Context = grpc.aio.ServicerContext[Any, Any]

# Longer looks are asked for again: callers' connections do not live for ever.
_LONGEST_WAIT_SECONDS = 30.0
_KINDS = {
    MvKind.IMAGE: pb.MV_TASK_KIND_IMAGE,
    MvKind.VIDEO: pb.MV_TASK_KIND_VIDEO,
    MvKind.MERGE: pb.MV_TASK_KIND_MERGE,
}
_STATES = {
    MvState.PENDING: pb.MV_TASK_STATE_PENDING,
    MvState.RUNNING: pb.MV_TASK_STATE_RUNNING,
    MvState.COMPLETED: pb.MV_TASK_STATE_COMPLETED,
    MvState.FAILED: pb.MV_TASK_STATE_FAILED,
}
_IMAGE_OPTIONS = (
    "aspect_ratio", "safety_filter_level", "person_generation", "output_format", "negative_prompt", "seed",
)  # fmt: skip
_VIDEO_OPTIONS = (
    "negative_prompt", "aspect_ratio", "duration", "generate_audio", "person_generation", "output_format", "seed",
    "resolution",
)  # fmt: skip


class MusicVideoServicer(music_video_pb2_grpc.MusicVideoServiceServicer):
    """See proto/adreel/render/v1/music_video.proto."""

    def __init__(self, orders: OrderMvTask, queries: MvQueries, pictures: KeepPicture, blobs: BlobStore) -> None:
        self._orders = orders
        self._queries = queries
        self._pictures = pictures
        self._blobs = blobs

    async def CreateMvTask(  # noqa: N802
        self, request: pb.CreateMvTaskRequest, context: Context
    ) -> pb.CreateMvTaskResponse:
        task_id = parse_id(request.id)
        if task_id is None:
            raise Invalid("A task needs a UUID for its id.")
        ordered = Ordered(task_id, _client(request.scope_client_id), _order(request))
        return pb.CreateMvTaskResponse(task=_task(await self._orders.take(ordered)))

    async def GetMvTask(self, request: pb.GetMvTaskRequest, context: Context) -> pb.GetMvTaskResponse:  # noqa: N802
        wait_seconds = min(max(request.wait_seconds, 0.0), _LONGEST_WAIT_SECONDS)
        task = await self._queries.task(request.id, _client(request.scope_client_id), wait_seconds=wait_seconds)
        return pb.GetMvTaskResponse(task=_task(task))

    async def ReadMvMedia(  # noqa: N802
        self, request: pb.ReadMvMediaRequest, context: Context
    ) -> AsyncIterator[pb.ReadMvMediaResponse]:
        task = await self._queries.task(request.id, _client(request.scope_client_id))
        if task.result is None:
            raise ClipNotReady("There is no result yet.")
        ref = BlobRef(task.result.sha256, task.result.size_bytes)
        async for piece in self._blobs.read(ref, request.start, request.length or None):
            yield pb.ReadMvMediaResponse(chunk=common_pb2.Chunk(content=piece))

    async def KeepPicture(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.KeepPictureRequest], context: Context
    ) -> pb.KeepPictureResponse:
        kept = await self._pictures.keep(request.content async for request in request_iterator)
        return pb.KeepPictureResponse(picture=pb.KeptPicture(**kept.as_dict()))


def _client(text: str) -> uuid.UUID | None:
    if not text:
        return None
    parsed = parse_id(text)
    if parsed is None:
        raise Invalid("A client's id is a UUID.")
    return parsed


def _order(request: pb.CreateMvTaskRequest) -> MvOrder:
    match request.WhichOneof("order"):
        case "image":
            image = request.image
            return ImageOrder(image.character_description, image.backend, _given(image, _IMAGE_OPTIONS))
        case "video":
            return _video(request.video)
        case "merge":
            merge = request.merge
            return MergeOrder(tuple(merge.video_ids), merge.transition, _soundtrack(merge))
        case _:
            raise ParameterRefused("Nothing is ordered.")


def _video(video: pb.MvVideoOrder) -> VideoOrder:
    picture = video.reference
    return VideoOrder(
        prompt=video.prompt,
        backend=video.backend,
        given=_given(video, _VIDEO_OPTIONS),
        template=video.video_rules_template if video.HasField("video_rules_template") else None,
        reference=KeptFile(picture.sha256, picture.size_bytes, picture.content_type)
        if video.HasField("reference")
        else None,
        reference_id=video.reference_id,
    )


def _soundtrack(merge: pb.MvMergeOrder) -> Soundtrack | None:
    if not merge.audio_asset_id:
        return None
    asset_id = parse_id(merge.audio_asset_id)
    if asset_id is None:
        raise ParameterRefused("audio_asset_id is no asset's id.", details={"field": "audio_asset_id"})
    return Soundtrack(asset_id, merge.audio_sha256)


def _given(order: pb.MvImageOrder | pb.MvVideoOrder, names: tuple[str, ...]) -> dict[str, Any]:
    # The stubs know each field's name as a literal; here they come from a table.
    return {name: getattr(order, name) for name in names if order.HasField(name)}  # type: ignore[arg-type]


def _task(task: MvTask) -> pb.MvTask:
    message = pb.MvTask(
        id=str(task.id),
        kind=_KINDS[task.kind],
        state=_STATES[task.state],
        progress=task.progress,
        backend=task.plan.backend,
        created_at=_timestamp(task.created_at),
        finished_at=_timestamp(task.finished_at) if task.finished_at else None,
        path=task.path,
    )
    if task.result is not None:
        message.media.CopyFrom(pb.MvMedia(**task.result.as_dict()))
        message.metadata.update(dict(task.metadata))
    if task.error is not None:
        message.error.CopyFrom(_error(task.error))
    return message


def _error(facts: Mapping[str, Any]) -> common_pb2.ErrorDetail:
    return common_pb2.ErrorDetail(
        code=facts["code"],
        message=facts["message"],
        details=ParseDict(facts["details"], Struct()),
        kind=facts["kind"],
        http_status=facts["http_status"],
        retry_after_seconds=facts["retry_after_seconds"] or 0.0,
    )


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
