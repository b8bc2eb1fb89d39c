"""The engine port over a pool of engine processes."""

from collections.abc import Callable
from pathlib import Path

from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.engine_tasks import ComposeFilm, DrawScene
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.spec import Canvas, SceneSpec


class ProcessEngine:
    """See `domain.ports.Engine`."""

    def __init__(self, pool: EnginePool, cache_dir: Path) -> None:
        self._pool = pool
        self._cache_dir = cache_dir

    async def draw_scene(
        self, spec: SceneSpec, canvas: Canvas, out_path: Path, on_progress: Callable[[float], None]
    ) -> int:
        async with self._pool.process() as process:
            result = await process.run(DrawScene(spec, canvas, out_path), on_progress)
        return result.frame_count

    async def compose(
        self, plan: FilmPlan, out_path: Path, work_dir: Path, on_progress: Callable[[float], None]
    ) -> int:
        async with self._pool.process() as process:
            result = await process.run(ComposeFilm(plan, out_path, work_dir, self._cache_dir), on_progress)
        return result.frame_count
