"""What passes between the service and its engine process: tasks one way, progress and outcomes the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.spec import Canvas, SceneSpec


@dataclass(frozen=True, slots=True)
class DrawScene:
    """Draw and encode one scene's clip at `out_path`."""

    spec: SceneSpec
    canvas: Canvas
    out_path: Path


@dataclass(frozen=True, slots=True)
class ComposeFilm:
    """Join clips into a film at `out_path`, its poster beside it as `.jpg`."""

    plan: FilmPlan
    out_path: Path
    work_dir: Path
    cache_dir: Path


class OtherTask(Protocol):
    """A task that knows itself how it is carried out; its class is importable in the engine process."""

    def carry_out(self, report: Callable[[float], None]) -> "Result":
        """Do it, reporting shares from 0 to 1. Raises what the engine raises."""


Task = DrawScene | ComposeFilm | OtherTask


@dataclass(frozen=True, slots=True)
class Progress:
    """Share of the task done, 0 to 1."""

    share: float


@dataclass(frozen=True, slots=True)
class Result:
    """A finished file, or what was found in one."""

    frame_count: int
    size_bytes: int
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed. `is_final` says that trying again is of no use."""

    message: str
    is_final: bool
    details: dict[str, object] = field(default_factory=dict)
