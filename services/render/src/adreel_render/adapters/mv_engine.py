"""The music-video engine port: a pool for drawing, a process of its own for each picture that a stranger gave."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from adreel_render.adapters.engine_process import EnginePool, EngineProcess
from adreel_render.adapters.engine_tasks import ComposeFilm, OtherTask
from adreel_render.adapters.mv_engine_tasks import (
    CleanCopy,
    DrawCharacter,
    DrawPrevisualisation,
    LookAtClip,
    NormalizeClip,
)
from adreel_render.domain.errors import PictureRefused, SceneUnrenderable
from adreel_render.domain.mv_ports import OnProgress
from adreel_render.engine.merging import SourceClip
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.previsualisation import Previsualisation
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import ClipFrames

# A picture takes a second; one that takes longer was made to.
_PICTURE_SECONDS = 30.0


class ProcessMvEngine:
    """See `domain.mv_ports.MvEngine`."""

    def __init__(self, pool: EnginePool, cache_dir: Path) -> None:
        self._pool = pool
        self._cache_dir = cache_dir

    async def draw_character(
        self, description: str, *, aspect_ratio: str, seed: int, image_format: str, out_path: Path
    ) -> None:
        await self._run(DrawCharacter(description, aspect_ratio, seed, image_format, out_path))

    async def draw_previsualisation(self, wanted: Previsualisation, out_path: Path, on_progress: OnProgress) -> None:
        await self._run(DrawPrevisualisation(wanted, out_path), on_progress)

    async def look_at(self, source: Path) -> SourceClip:
        facts = await self._run(LookAtClip(source))
        return SourceClip(
            width_px=facts["width_px"],
            height_px=facts["height_px"],
            rate=Fraction(facts["rate"]),
            seconds=facts["seconds"],
            has_audio=facts["has_audio"],
        )

    async def normalize(
        self, source: Path, canvas: Canvas, frames: ClipFrames, out_path: Path, on_progress: OnProgress
    ) -> Path | None:
        facts = await self._run(NormalizeClip(source, canvas, frames, out_path), on_progress)
        return out_path.with_suffix(".flac") if facts["has_sound"] else None

    async def compose(self, plan: FilmPlan, out_path: Path, work_dir: Path, on_progress: OnProgress) -> int:
        async with self._pool.process() as process:
            result = await process.run(ComposeFilm(plan, out_path, work_dir, self._cache_dir), on_progress)
        return result.frame_count

    async def _run(self, task: OtherTask, on_progress: OnProgress = lambda share: None) -> dict[str, Any]:
        async with self._pool.process() as process:
            return (await process.run(task, on_progress)).details


class ProcessPictureCheck:
    """See `domain.mv_ports.PictureCheck`: a fresh process for each picture, gone when it is done."""

    async def clean_copy(self, source: Path, out_path: Path) -> str:
        process = EngineProcess(stall_seconds=_PICTURE_SECONDS)
        try:
            result = await process.run(CleanCopy(source, out_path), lambda share: None)
        except SceneUnrenderable as error:
            raise PictureRefused(f"The reference image cannot be used: {_reason(error)}.") from error
        finally:
            await process.kill()
        return str(result.details["content_type"])


def _reason(error: SceneUnrenderable) -> str:
    """What the decoder said, unless it names one of our files."""
    reason = str(error.details.get("reason", ""))
    return reason[:200] if reason and "/" not in reason else "it is no picture of a kind that is taken"
