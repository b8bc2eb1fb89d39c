"""Waiting until a job's storyboard is written, or the time is over; the client's hanging up ends nothing."""

import asyncio
from contextlib import suppress

from adreel.jobs.v1 import jobs_pb2 as pb
from adreel_kit.errors import ErrorKind, RemoteError

from adreel_gateway.adapters.jobs_client import JobsClient

# Phases in which a storyboard is being written.
_WRITING = frozenset({"ingesting_assets", "writing_storyboard", "rewriting_scene"})


def is_settled(status: pb.JobStatus.ValueType, phase: str) -> bool:
    """Whether there is nothing to wait for: reviewed, rendering or ended, and no scene is being rewritten."""
    return status != pb.JOB_STATUS_PENDING and phase not in _WRITING


async def await_job(jobs: JobsClient, job: pb.Job, *, seconds: float, scope: str) -> pb.Job:
    """The job once it is settled, or as it stands after `seconds`."""
    if is_settled(job.status, job.phase) or seconds <= 0:
        return job
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _watch(jobs, job, scope)
    return await jobs.get_job(job.id, scope=scope)


async def _watch(jobs: JobsClient, job: pb.Job, scope: str) -> None:
    version = job.version
    while True:
        try:
            async for change in jobs.watch_job(job.id, after_version=version, scope=scope):
                version = max(version, change.version)
                if change.kind == pb.CHANGE_KIND_END:
                    return
                if is_settled(change.status, change.phase):
                    return
        except RemoteError as error:
            # The jobs service restarts: its job goes on, so the wait does too.
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
        await asyncio.sleep(0.5)
        with suppress(RemoteError):
            current = await jobs.get_job(job.id, scope=scope)
            if is_settled(current.status, current.phase):
                return
