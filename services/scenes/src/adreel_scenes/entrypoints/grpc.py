"""The scenes service's gRPC methods."""

from typing import Any

import grpc
from adreel.common.v1 import common_pb2
from adreel.scenes.v1 import scenes_pb2, scenes_pb2_grpc
from adreel_kit.errors import Invalid
from google.protobuf.timestamp_pb2 import Timestamp

from adreel_scenes.domain.events import warning_texts
from adreel_scenes.domain.scene import Scene, SceneContent, SceneEdit, SceneRevision
from adreel_scenes.domain.storyboard import USER, Storyboard
from adreel_scenes.domain.timing import milliseconds
from adreel_scenes.entrypoints.music import MusicMethods
from adreel_scenes.usecases.edit_storyboard import EditStoryboard
from adreel_scenes.usecases.estimate_storyboard import EstimateStoryboard
from adreel_scenes.usecases.order_music_scenes import OrderMusicScenes

Context = grpc.aio.ServicerContext[Any, Any]


class ScenesServicer(MusicMethods, scenes_pb2_grpc.ScenesServiceServicer):
    """See proto/adreel/scenes/v1/scenes.proto."""

    def __init__(self, edit: EditStoryboard, estimate: EstimateStoryboard, music: OrderMusicScenes) -> None:
        super().__init__(music)
        self._edit = edit
        self._estimate = estimate

    async def GetStoryboard(  # noqa: N802
        self, request: scenes_pb2.GetStoryboardRequest, context: Context
    ) -> scenes_pb2.GetStoryboardResponse:
        board = await self._edit.get(request.job_id)
        return scenes_pb2.GetStoryboardResponse(storyboard=None if board is None else _board(board))

    async def UpdateScene(  # noqa: N802
        self, request: scenes_pb2.UpdateSceneRequest, context: Context
    ) -> scenes_pb2.UpdateSceneResponse:
        scene = await self._edit.edit_scene(
            request.job_id,
            request.scene_number,
            _scene_edit(request.patch),
            rebalance=request.patch.rebalance,
            if_revision=request.expected_revision or None,
            actor=request.actor or USER,
        )
        board = await self._edit.get(request.job_id)
        return scenes_pb2.UpdateSceneResponse(scene=_scene(scene, board))

    async def AddScene(  # noqa: N802
        self, request: scenes_pb2.AddSceneRequest, context: Context
    ) -> scenes_pb2.AddSceneResponse:
        fields = request.fields
        content = SceneContent(
            duration_ms=_duration_ms(fields.duration_seconds) if fields.HasField("duration_seconds") else 0,
            description=fields.description,
            script=fields.script,
            shot_type=fields.shot_type or "medium",
            transition=fields.transition or "cut",
            asset_ids=tuple(fields.assets.asset_ids),
        )
        board = await self._edit.add_scene(
            request.job_id,
            request.scene_number,
            content,
            rebalance=fields.rebalance,
            actor=request.actor or USER,
        )
        return scenes_pb2.AddSceneResponse(storyboard=_board(board))

    async def DeleteScene(  # noqa: N802
        self, request: scenes_pb2.DeleteSceneRequest, context: Context
    ) -> scenes_pb2.DeleteSceneResponse:
        board = await self._edit.delete_scene(
            request.job_id,
            request.scene_number,
            if_revision=request.expected_revision or None,
            actor=request.actor or USER,
        )
        return scenes_pb2.DeleteSceneResponse(storyboard=_board(board))

    async def ReorderScenes(  # noqa: N802
        self, request: scenes_pb2.ReorderScenesRequest, context: Context
    ) -> scenes_pb2.ReorderScenesResponse:
        board = await self._edit.reorder(request.job_id, list(request.scene_numbers), actor=request.actor or USER)
        return scenes_pb2.ReorderScenesResponse(storyboard=_board(board))

    async def ListRevisions(  # noqa: N802
        self, request: scenes_pb2.ListRevisionsRequest, context: Context
    ) -> scenes_pb2.ListRevisionsResponse:
        revisions = await self._edit.revisions(request.job_id, request.scene_number)
        return scenes_pb2.ListRevisionsResponse(revisions=[_revision(revision) for revision in revisions])

    async def RestoreRevision(  # noqa: N802
        self, request: scenes_pb2.RestoreRevisionRequest, context: Context
    ) -> scenes_pb2.RestoreRevisionResponse:
        scene = await self._edit.restore(
            request.job_id, request.scene_number, request.revision, actor=request.actor or USER
        )
        board = await self._edit.get(request.job_id)
        return scenes_pb2.RestoreRevisionResponse(scene=_scene(scene, board))

    async def LockStoryboard(  # noqa: N802
        self, request: scenes_pb2.LockStoryboardRequest, context: Context
    ) -> scenes_pb2.LockStoryboardResponse:
        board = await self._edit.lock(request.job_id, request.version or None)
        return scenes_pb2.LockStoryboardResponse(storyboard=_board(board))

    async def ReopenStoryboard(  # noqa: N802
        self, request: scenes_pb2.ReopenStoryboardRequest, context: Context
    ) -> scenes_pb2.ReopenStoryboardResponse:
        board = await self._edit.reopen(request.job_id, request.version)
        return scenes_pb2.ReopenStoryboardResponse(storyboard=_board(board))

    async def EstimateStoryboard(  # noqa: N802
        self, request: scenes_pb2.EstimateStoryboardRequest, context: Context
    ) -> scenes_pb2.EstimateStoryboardResponse:
        estimate = self._estimate.estimate(
            duration_seconds=request.duration_seconds,
            asset_count=request.asset_count,
            brief_characters=request.brief_characters,
            backend=request.backend,
            tone=request.tone,
            style=request.style,
        )
        return scenes_pb2.EstimateStoryboardResponse(
            expected_scenes=estimate.scenes,
            expected_tokens=estimate.tokens,
            generator=estimate.generator,
            lines=[common_pb2.CostLine(**line.model_dump()) for line in estimate.lines],
        )


def _duration_ms(seconds: float) -> int:
    try:
        return milliseconds(seconds)
    except ValueError as error:
        message = f"The duration is wrong: {error}."
        raise Invalid(message, details={"fields": [{"field": "duration", "message": message}]}) from None


def _scene_edit(patch: scenes_pb2.ScenePatch) -> SceneEdit:
    return SceneEdit(
        duration_ms=_duration_ms(patch.duration_seconds) if patch.HasField("duration_seconds") else None,
        description=patch.description if patch.HasField("description") else None,
        script=patch.script if patch.HasField("script") else None,
        shot_type=patch.shot_type if patch.HasField("shot_type") else None,
        transition=patch.transition if patch.HasField("transition") else None,
        asset_ids=tuple(patch.assets.asset_ids) if patch.HasField("assets") else None,
    )


def _board(board: Storyboard) -> scenes_pb2.Storyboard:
    return scenes_pb2.Storyboard(
        job_id=str(board.job_id),
        version=board.version,
        locked=board.locked,
        generator=board.generator,
        feedback=board.feedback,
        warnings=warning_texts(board),
        duration_seconds=board.duration_seconds,
        scenes=[_scene(scene, board) for scene in board.scenes],
    )


def _scene(scene: Scene, board: Storyboard | None = None) -> scenes_pb2.Scene:
    message = _content(scene.content)
    message.id = str(scene.scene_id)
    message.scene_number = scene.number
    message.revision = scene.revision
    message.generator = scene.generator
    message.prompt_version = scene.prompt_version
    message.created_at.CopyFrom(_timestamp(scene.created_at))
    message.updated_at.CopyFrom(_timestamp(scene.updated_at))
    if board is not None:
        message.warnings.extend(w.message for w in board.warnings if w.scene_number == scene.number)
    return message


def _content(content: SceneContent) -> scenes_pb2.Scene:
    message = scenes_pb2.Scene(
        duration_seconds=content.duration_ms / 1000,
        description=content.description,
        script=content.script,
        shot_type=content.shot_type,
        transition=content.transition,
        asset_ids=content.asset_ids,
    )
    message.metadata.update(dict(content.metadata))
    return message


def _revision(revision: SceneRevision) -> scenes_pb2.Revision:
    scene = _content(revision.content)
    scene.id = str(revision.scene_id)
    scene.scene_number = revision.number
    scene.revision = revision.revision
    scene.generator = revision.generator
    scene.prompt_version = revision.prompt_version
    return scenes_pb2.Revision(
        revision=revision.revision,
        scene=scene,
        actor=revision.changed_by,
        cause=revision.cause,
        at=_timestamp(revision.changed_at),
    )


def _timestamp(at: Any) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
