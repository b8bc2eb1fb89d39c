"""Scenes, their revisions and their takes on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from adreel.render.v1 import render_pb2
from adreel.scenes.v1 import scenes_pb2 as pb
from pydantic import Field, model_validator

from adreel_gateway.entrypoints.http.v3.models.base import Text, Uuid, Wire, Word, from_struct, money, time_of

Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


class SceneIn(Wire):
    """A change to a scene: what is left out stays as it is."""

    duration: Seconds | None = Field(None, description="Seconds.")
    description: Text | None = None
    script: Text | None = None
    shot_type: Word | None = None
    transition: Word | None = None
    assets: list[Uuid] | None = Field(None, max_length=50, description="Asset ids; replaces the list.")
    rebalance: bool = Field(False, description="Keep the total length by stretching the other scenes.")

    def to_message(self) -> pb.ScenePatch:
        return pb.ScenePatch(
            duration_seconds=self.duration,
            description=self.description,
            script=self.script,
            shot_type=self.shot_type,
            transition=self.transition,
            assets=None if self.assets is None else pb.AssetIdList(asset_ids=self.assets),
            rebalance=self.rebalance,
        )


class SceneAdd(SceneIn):
    """A new scene."""

    scene_number: int | None = Field(None, ge=1, le=1000, description="Where it goes; before the last if left out.")
    description: Text = Field(min_length=1)


class SceneOrder(Wire):
    """The present scene numbers in their new order."""

    scene_numbers: list[Annotated[int, Field(ge=1, le=1000)]] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.scene_numbers)) != len(self.scene_numbers):
            raise ValueError("sceneNumbers must name every scene once")
        return self


class SceneOut(Wire):
    """A scene. Its ETag is its revision in quotes."""

    id: str
    scene_number: int
    duration: float
    description: str
    script: str
    shot_type: str
    transition: str
    assets: list[str]
    metadata: dict[str, Any]
    revision: int
    generator: str
    prompt_version: str | None
    warnings: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, scene: pb.Scene) -> Self:
        return cls(
            id=scene.id,
            scene_number=scene.scene_number,
            duration=scene.duration_seconds,
            description=scene.description,
            script=scene.script,
            shot_type=scene.shot_type,
            transition=scene.transition,
            assets=list(scene.asset_ids),
            metadata=from_struct(scene.metadata),
            revision=scene.revision,
            generator=scene.generator,
            prompt_version=scene.prompt_version or None,
            warnings=list(scene.warnings),
            created_at=time_of(scene.created_at),
            updated_at=time_of(scene.updated_at),
        )


def scenes_of(storyboard: pb.Storyboard | None) -> list[SceneOut]:
    """The scenes in their order."""
    if storyboard is None:
        return []
    return [SceneOut.of(scene) for scene in sorted(storyboard.scenes, key=lambda scene: scene.scene_number)]


class RevisionOut(Wire):
    """What a scene was at one time, who or what made it so, and why."""

    revision: int
    scene: SceneOut
    actor: str
    cause: str
    at: datetime

    @classmethod
    def of_all(cls, revisions: Sequence[pb.Revision]) -> list[Self]:
        return [
            cls(
                revision=revision.revision,
                scene=SceneOut.of(revision.scene),
                actor=revision.actor,
                cause=revision.cause,
                at=time_of(revision.at),
            )
            for revision in sorted(revisions, key=lambda revision: revision.revision)
        ]


class TakeOut(Wire):
    """A clip rendered for a scene."""

    id: str
    scene_number: int
    backend: str
    model: str
    duration_seconds: float
    cost: str
    currency: str = "USD"
    selected: bool
    storyboard_version: int
    created_at: datetime

    @classmethod
    def of(cls, take: render_pb2.Take) -> Self:
        return cls(
            id=take.id,
            scene_number=take.scene_number,
            backend=take.backend,
            model=take.model,
            duration_seconds=take.duration_seconds,
            cost=money(take.cost_micros),
            selected=take.is_selected,
            storyboard_version=take.storyboard_version,
            created_at=time_of(take.created_at),
        )
