"""The REST API as tests call it. Reads are repeated while the gateway is away, since tests end it on purpose."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

# Answers are looked at, not modelled: the gateway's own models are the contract.
Job = dict[str, Any]

ENDED = ("completed", "failed", "cancelled")

_LOOK_EVERY_SECONDS = 0.25


class SuiteClient:
    """`/api/v3` of one suite; an async context manager. `http` is the plain client below it."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{base_url}/api/v3", timeout=120, trust_env=False)

    async def create_job(self, body: Job, *, prefer: str = "") -> Job:
        """POST /jobs; asserts that it was taken."""
        response = await self.http.post("/jobs", json=body, headers={"Prefer": prefer} if prefer else {})
        assert response.status_code in (201, 202), response.text
        return _data(response)

    async def job(self, job_id: str) -> Job:
        """The job as it is; waits for a gateway that is away."""
        while True:
            try:
                response = await self.http.get(f"/jobs/{job_id}")
            except httpx.TransportError:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
                continue
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
                continue
            assert response.status_code == httpx.codes.OK, response.text
            return _data(response)

    async def act(self, job_id: str, action: str, **fields: Any) -> Job:
        """One action; asserts that it was taken."""
        response = await self.http.post(f"/jobs/{job_id}/actions", json={"action": action, **fields})
        assert response.status_code in (200, 202), response.text
        return _data(response)

    async def until(self, job_id: str, is_reached: Callable[[Job], bool], *, within_seconds: float = 600) -> Job:
        """The job once `is_reached` holds; one that ends otherwise or takes too long fails the test with its state."""
        job: Job = {}
        try:
            async with asyncio.timeout(within_seconds):
                while True:
                    job = await self.job(job_id)
                    if is_reached(job):
                        return job
                    assert job["status"] not in ENDED, f"ended as {job['status']}: {job['error']}"
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
        except TimeoutError:
            seen = {name: job.get(name) for name in ("status", "phase", "progress", "error", "assets", "timeline")}
            raise AssertionError(f"not reached within {within_seconds:g} s; the job is {seen}") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()


def is_in_review(job: Job) -> bool:
    """Whether the storyboard waits for a person, with no scene being rewritten."""
    return bool(job["status"] == "storyboard_review" and job["phase"] is None)


def is_completed(job: Job) -> bool:
    return bool(job["status"] == "completed")


def is_rendering_past(percent: float) -> Callable[[Job], bool]:
    """A condition: frames are being drawn, and so many percent of the work are done."""
    return lambda job: job["status"] == "rendering" and job["progress"]["percent"] >= percent


def _data(response: httpx.Response) -> Job:
    data: Job = response.json()["data"]
    return data
