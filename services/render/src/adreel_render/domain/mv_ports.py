"""What music-video tasks need of the engine and of the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from adreel_render.domain.mv_task import KeptFile
from adreel_render.engine.merging import SourceClip
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.previsualisation import Previsualisation
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import ClipFrames

OnProgress = Callable[[float], None]


class MvEngine(Protocol):
    """Draws, looks and joins in engine processes; cancelling a call ends its work. Raises as `ports.Engine` does."""

    async def draw_character(
        self, description: str, *, aspect_ratio: str, seed: int, image_format: str, out_path: Path
    ) -> None:
        """Write a character's card."""

    async def draw_previsualisation(self, wanted: Previsualisation, out_path: Path, on_progress: OnProgress) -> None:
        """Write a clip without sound."""

    async def look_at(self, source: Path) -> SourceClip:
        """What is in a clip's file."""

    async def normalize(
        self, source: Path, canvas: Canvas, frames: ClipFrames, out_path: Path, on_progress: OnProgress
    ) -> Path | None:
        """Write the clip in the film's form; returns the file with its sound, if it has any."""

    async def compose(self, plan: FilmPlan, out_path: Path, work_dir: Path, on_progress: OnProgress) -> int:
        """Write the film; returns its number of frames."""


class PictureCheck(Protocol):
    """Makes clean copies of pictures that strangers gave, apart from everything else that runs."""

    async def clean_copy(self, source: Path, out_path: Path) -> str:
        """Write the copy and return its content type. Raises PictureRefused."""


class OutputFolder(Protocol):
    """Where results are shown as files, if the deployment has such a place."""

    async def publish(self, path: str, file: KeptFile) -> str:
        """Put the bytes at `path` below the root, whole or not at all; returns how the result is addressed.

        Safe to repeat. Never writes outside the root, whatever links were put into it.
        """
