"""A job with what other services know of it: its storyboard and its assets, fetched side by side."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from adreel.assets.v1 import assets_pb2
from adreel.jobs.v1 import jobs_pb2
from adreel.scenes.v1 import scenes_pb2

from adreel_gateway.usecases.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class JobParts:
    """All that a job's answer is made of."""

    job: jobs_pb2.Job
    storyboard: scenes_pb2.Storyboard | None
    assets: Mapping[str, assets_pb2.Asset]


async def read_job(neighbours: Neighbours, job_id: str, *, scope: str) -> JobParts:
    """The job as it stands. Raises RemoteError: half of a job is never given for a whole one."""
    return await complete_job(neighbours, await neighbours.jobs.get_job(job_id, scope=scope))


async def complete_job(neighbours: Neighbours, job: jobs_pb2.Job) -> JobParts:
    """`job` with its storyboard and assets. What the job was let see, its caller may see."""
    asset_ids = [asset.asset_id for asset in job.assets]
    storyboard, assets = await asyncio.gather(
        neighbours.scenes.get_storyboard(job.id),
        neighbours.assets.batch_get(asset_ids, scope="") if asset_ids else _nothing(),
    )
    return JobParts(job, storyboard, assets)


async def _nothing() -> dict[str, assets_pb2.Asset]:
    return {}
