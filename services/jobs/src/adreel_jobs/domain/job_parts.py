"""The values a job is made of, and what its verbs leave behind: changes to watch, moves to remember, orders to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from adreel_jobs.domain.status import JobStatus, Phase


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as facts: what is stored, shown and sent."""

    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "internal"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is; `eta_seconds` is None where nobody knows."""

    percent: float = 0.0
    scenes_done: int = 0
    scenes_total: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StoryboardState:
    """What jobs knows of the storyboard; its scenes live in scenes. Version 0: none was written yet."""

    version: int = 0
    locked: bool = False
    generator: str = ""
    feedback: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    duration_seconds: float = 0.0


class WritingMode(StrEnum):
    """What scenes is asked to write."""

    NEW = "new"  # the first storyboard
    ALL = "all"  # all scenes anew
    SCENE = "scene"  # one scene


@dataclass(frozen=True, slots=True)
class SceneConstraints:
    """What a rewritten scene must keep to; None where it is free."""

    duration_seconds: float | None = None
    style: str | None = None
    shot_type: str | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """A storyboard request under way; facts that carry another request id are of the past."""

    request_id: UUID
    mode: WritingMode
    scene_number: int | None = None
    feedback: str | None = None
    constraints: SceneConstraints | None = None


@dataclass(frozen=True, slots=True)
class Render:
    """The latest render ordered; facts that carry another render id are of the past.

    `sequence` is the highest progress message seen, `scenes_ready` the scenes whose clips are kept.
    """

    render_id: UUID
    sequence: int = -1
    scenes_ready: frozenset[int] = frozenset()
    accept_possible_duplicate: bool = False


class AssetStatus(StrEnum):
    """Where one asset of a job stands."""

    PENDING = "pending"  # assets works on it
    READY = "ready"  # it can be used
    FAILED = "failed"  # it cannot be had; the job does without it


class AssetOrigin(StrEnum):
    """Why an asset belongs to a job."""

    BRIEF = "brief"  # the caller named it for the scenes
    MUSIC = "music"  # the caller named it as the video's music
    BRAND = "brand"  # the logo of the client's brand


@dataclass(frozen=True, slots=True)
class JobAsset:
    """An asset of a job. `facts` is what assets said of it when it became ready, by the names of its event."""

    asset_id: UUID
    origin: AssetOrigin
    status: AssetStatus = AssetStatus.PENDING
    role: str = ""
    name: str = ""
    type: str = ""
    source_url: str = ""
    error: ErrorInfo | None = None
    facts: Mapping[str, Any] | None = None


class ChangeKind(StrEnum):
    """The kinds of change that WatchJob reports."""

    STATUS = "status"
    PROGRESS = "progress"
    SCENE = "scene"
    END = "end"  # the job came to an end; the last change until somebody retries or reopens it


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a job, as a watcher sees it."""

    version: int
    kind: ChangeKind
    status: JobStatus
    phase: Phase | None
    progress: Progress
    scene_number: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A step from one status to another, for the timeline; `version` is the job's after it."""

    version: int
    from_status: JobStatus
    to_status: JobStatus
    cause: str


class Order(StrEnum):
    """What a verb asks of others; the job's state holds all that is needed to say it."""

    INGEST = "ingest"  # assets: have the pending assets ready
    HOLD = "hold"  # assets: the job uses its ready assets again, after an end had let them go
    WRITE = "write"  # scenes: write what `writing` says
    RENDER = "render"  # render: make a film of the locked scenes
    STOP = "stop"  # everybody: the job was cancelled
    ESTIMATE = "estimate"  # ourselves: price the render, now that the scenes are known
