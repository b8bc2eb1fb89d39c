"""The events jobs consumes, each with the fields it reads. Unknown fields are ignored, NUL characters dropped.

PostgreSQL stores no NUL, and a fact is not worth losing for one.
"""

from dataclasses import replace
from typing import Annotated, Any, ClassVar
from uuid import UUID

from adreel_kit.bus import MessageDeadLettered
from adreel_kit.envelope import Event
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.job_parts import ErrorInfo


def without_nul(value: Any) -> Any:
    """JSON of any shape with NUL dropped from its texts."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {without_nul(key): without_nul(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_nul(one) for one in value]
    return value


Text = Annotated[str, BeforeValidator(without_nul)]
JSONObject = Annotated[dict[str, Any], BeforeValidator(without_nul)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ErrorFact(_Part):
    code: Text
    message: Text
    details: JSONObject = Field(default_factory=dict)
    kind: Text = "internal"

    def as_info(self) -> ErrorInfo:
        return ErrorInfo(self.code, self.message, self.details, self.kind)


class CostFact(_Part):
    kind: Text
    description: Text
    provider: Text
    model: Text | None = None
    quantity: float
    unit: Text
    amount_micros: int
    state: Text

    def as_line(self) -> CostLine:
        return CostLine(
            kind=self.kind,
            description=self.description,
            provider=self.provider,
            model=self.model or "",
            quantity=self.quantity,
            unit=self.unit,
            amount_micros=self.amount_micros,
            state=self.state,
        )


class AssetReady(Event):
    """An asset is kept and can be used; `job_id` is missing where no job asked for it."""

    TYPE: ClassVar[str] = "asset.ready.v1"
    job_id: UUID | None = None
    asset_id: UUID
    type: Text
    format: Text
    name: Text
    role: Text | None = None
    sha256: Text
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    duration_seconds: float | None = None
    has_audio: bool | None = None

    def as_facts(self) -> dict[str, Any]:
        """What requests to scenes and render say of the asset."""
        return self.model_dump(mode="json", exclude={"job_id"})


class AssetFailed(Event):
    """An asset cannot be had."""

    TYPE: ClassVar[str] = "asset.failed.v1"
    job_id: UUID | None = None
    asset_id: UUID
    error: ErrorFact


class StoryboardReady(Event):
    """A storyboard was written, or one scene rewritten."""

    TYPE: ClassVar[str] = "storyboard.ready.v1"
    job_id: UUID
    request_id: UUID
    version: int
    generator: Text
    scene_count: int
    duration_seconds: float
    warnings: tuple[Text, ...] = ()
    changed_scenes: tuple[int, ...] = ()
    cost_lines: tuple[CostFact, ...] = ()


class StoryboardFailed(Event):
    """Writing failed for good."""

    TYPE: ClassVar[str] = "storyboard.failed.v1"
    job_id: UUID
    request_id: UUID
    error: ErrorFact
    cost_lines: tuple[CostFact, ...] = ()


class SceneUpdated(Event):
    """A scene was changed by a person."""

    TYPE: ClassVar[str] = "scene.updated.v1"
    job_id: UUID
    scene_number: int
    storyboard_version: int
    duration_seconds: float
    scene_count: int | None = None
    warnings: tuple[Text, ...] = ()


class StoryboardLocked(Event):
    """A storyboard was approved; its scenes are passed on to render as they are."""

    TYPE: ClassVar[str] = "storyboard.locked.v1"
    job_id: UUID
    version: int
    scenes: tuple[JSONObject, ...]


class ClipReady(Event):
    """A scene's clip is kept."""

    TYPE: ClassVar[str] = "clip.ready.v1"
    job_id: UUID
    render_id: UUID
    scene_number: int
    take_id: UUID
    is_reused: bool = False
    cost_lines: tuple[CostFact, ...] = ()


class CostBooked(Event):
    """A paid call was settled when no other event could carry its cost any more."""

    TYPE: ClassVar[str] = "cost.booked.v1"
    job_id: UUID
    purchase_id: UUID
    cost_lines: tuple[CostFact, ...] = ()


class RenderProgressed(Event):
    """A render got further."""

    TYPE: ClassVar[str] = "render.progressed.v1"
    job_id: UUID
    render_id: UUID
    sequence: int
    percent: float
    phase: Text
    scenes_done: int
    scenes_total: int
    eta_seconds: float | None = None


class RenderCompleted(Event):
    """A film is kept and can be served."""

    TYPE: ClassVar[str] = "render.completed.v1"
    job_id: UUID
    render_id: UUID
    duration_seconds: float
    cost_lines: tuple[CostFact, ...] = ()


class RenderFailed(Event):
    """A render was given up."""

    TYPE: ClassVar[str] = "render.failed.v1"
    job_id: UUID
    render_id: UUID
    error: ErrorFact
    scene_number: int | None = None
    cost_lines: tuple[CostFact, ...] = ()

    def as_info(self) -> ErrorInfo:
        """The error, saying which scene it is about."""
        told = self.error.as_info()
        if self.scene_number is None:
            return told
        details = {**told.details, "sceneNumber": self.scene_number}
        return replace(told, message=f"Scene {self.scene_number}: {told.message}", details=details)


CONSUMED: tuple[type[Event], ...] = (
    AssetReady,
    AssetFailed,
    StoryboardReady,
    StoryboardFailed,
    SceneUpdated,
    StoryboardLocked,
    ClipReady,
    RenderProgressed,
    RenderCompleted,
    RenderFailed,
    CostBooked,
    MessageDeadLettered,
)
