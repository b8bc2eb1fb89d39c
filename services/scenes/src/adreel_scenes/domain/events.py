"""The facts this service publishes; their schemas stand in the event catalogue."""

import uuid
from typing import ClassVar

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict

from adreel_scenes.domain.scene import Scene
from adreel_scenes.domain.storyboard import Storyboard


class CostLine(BaseModel):
    """One line of cost; money in millionths of the currency."""

    model_config = ConfigDict(frozen=True)
    kind: str
    description: str
    provider: str
    model: str = ""
    quantity: float
    unit: str
    amount_micros: int
    state: str


class ErrorData(BaseModel):
    """What went wrong, as facts."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    code: str
    message: str
    details: dict[str, object] = {}
    kind: str = "internal"


class StoryboardReady(Event):
    """A storyboard was written, or one scene rewritten."""

    TYPE: ClassVar[str] = "storyboard.ready.v1"
    job_id: uuid.UUID
    request_id: uuid.UUID
    version: int
    generator: str
    scene_count: int
    duration_seconds: float
    warnings: list[str] = []
    changed_scenes: list[int] = []
    cost_lines: list[CostLine] = []


class StoryboardFailed(Event):
    """Writing failed for good."""

    TYPE: ClassVar[str] = "storyboard.failed.v1"
    job_id: uuid.UUID
    request_id: uuid.UUID
    mode: str
    error: ErrorData
    cost_lines: list[CostLine] = []


class SceneUpdated(Event):
    """A scene was changed by a person."""

    TYPE: ClassVar[str] = "scene.updated.v1"
    job_id: uuid.UUID
    scene_number: int
    revision: int
    storyboard_version: int
    cause: str
    duration_seconds: float
    scene_count: int
    warnings: list[str] = []


class LockedScene(BaseModel):
    """A scene as approved."""

    model_config = ConfigDict(frozen=True)
    id: uuid.UUID
    scene_number: int
    duration_seconds: float
    description: str
    script: str
    shot_type: str
    transition: str
    asset_ids: list[uuid.UUID]
    revision: int
    metadata: dict[str, object] = {}

    @classmethod
    def of(cls, scene: Scene) -> "LockedScene":
        content = scene.content
        return cls(
            id=scene.scene_id,
            scene_number=scene.number,
            duration_seconds=scene.duration_ms / 1000,
            description=content.description,
            script=content.script,
            shot_type=content.shot_type,
            transition=content.transition,
            asset_ids=[uuid.UUID(asset_id) for asset_id in content.asset_ids],
            revision=scene.revision,
            metadata=dict(content.metadata),
        )


class StoryboardLockedFact(Event):
    """A storyboard was approved and cannot change any more."""

    TYPE: ClassVar[str] = "storyboard.locked.v1"
    job_id: uuid.UUID
    version: int
    scenes: list[LockedScene]

    @classmethod
    def of(cls, board: Storyboard) -> "StoryboardLockedFact":
        return cls(job_id=board.job_id, version=board.version, scenes=[LockedScene.of(s) for s in board.scenes])


def warning_texts(board: Storyboard) -> list[str]:
    """The storyboard's warnings as sentences, each saying which scene it is about."""
    return [
        warning.message if warning.scene_number is None else f"Scene {warning.scene_number}: {warning.message}"
        for warning in board.warnings
    ]
