"""What a job will cost, asked of the services that would do the work; None where one of them does not answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger

from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.ports import RenderPort, ScenesPort

log = get_logger(__name__)


async def estimate_job(scenes: ScenesPort, render: RenderPort, job: JobInput) -> tuple[CostLine, ...] | None:
    """The lines for writing and rendering before anything is made."""
    try:
        async with asyncio.timeout(5):
            writing = await scenes.estimate(
                duration_seconds=job.video.duration_seconds,
                asset_count=len(job.assets),
                brief_characters=job.brief_characters,
                backend=job.video.backend,
                tone=job.direction.tone,
                style=job.direction.style,
            )
            rendering = await estimate_render(render, job, writing.scenes)
    except (AppError, TimeoutError) as error:
        # The estimate is filled in once the storyboard is there.
        log.info("estimate.missing", error=type(error).__name__)
        return None
    return as_estimate((*writing.lines, *rendering))


async def estimate_render(render: RenderPort, job: JobInput, scene_count: int) -> tuple[CostLine, ...]:
    """The lines for rendering this many scenes. Raises what render raised."""
    video = job.video
    return await render.estimate(
        backend=video.backend,
        duration_seconds=video.duration_seconds,
        scene_count=scene_count,
        resolution=video.resolution,
        aspect_ratio=video.aspect_ratio,
        voiceover=video.voiceover,
    )


def as_estimate(lines: Sequence[CostLine]) -> tuple[CostLine, ...]:
    """Lines as an estimate's, whatever state they came with."""
    return tuple(replace(line, state="estimated") for line in lines)
