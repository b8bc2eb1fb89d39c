"""The facts this service publishes; their schemas stand in the event catalogue."""

import uuid
from typing import ClassVar

from adreel_kit.envelope import Event
from pydantic import BaseModel, ConfigDict


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


class StoredMedia(BaseModel):
    """A file in this service's keeping."""

    model_config = ConfigDict(frozen=True)
    sha256: str
    size_bytes: int


class ErrorData(BaseModel):
    """What went wrong, as facts."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    code: str
    message: str
    details: dict[str, object] = {}
    kind: str = "internal"


class ClipReady(Event):
    """A scene's clip is kept."""

    TYPE: ClassVar[str] = "clip.ready.v1"
    job_id: uuid.UUID
    render_id: uuid.UUID
    scene_number: int
    take_id: uuid.UUID
    backend: str
    duration_seconds: float
    is_reused: bool
    cost_lines: list[CostLine] = []


class RenderProgressed(Event):
    """A render got further."""

    TYPE: ClassVar[str] = "render.progressed.v1"
    job_id: uuid.UUID
    render_id: uuid.UUID
    sequence: int
    percent: float
    phase: str
    scenes_done: int
    scenes_total: int
    eta_seconds: float | None = None


class RenderCompleted(Event):
    """A film is kept and can be served."""

    TYPE: ClassVar[str] = "render.completed.v1"
    job_id: uuid.UUID
    render_id: uuid.UUID
    film: StoredMedia
    duration_seconds: float
    width_px: int
    height_px: int
    fps: int
    has_captions: bool
    cost_lines: list[CostLine] = []


class RenderFailed(Event):
    """A render was given up."""

    TYPE: ClassVar[str] = "render.failed.v1"
    job_id: uuid.UUID
    render_id: uuid.UUID
    error: ErrorData
    scene_number: int | None = None
    cost_lines: list[CostLine] = []


class CostBooked(Event):
    """A paid call was settled when no other event could carry its cost any more."""

    TYPE: ClassVar[str] = "cost.booked.v1"
    job_id: uuid.UUID
    purchase_id: uuid.UUID
    cost_lines: list[CostLine] = []
