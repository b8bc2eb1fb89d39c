"""Jobs in every status, made by their own verbs."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import AssetOrigin, ErrorInfo, JobAsset
from adreel_jobs.domain.status import JobStatus

ASSET = UUID("33333333-3333-7333-8333-333333333333")
FACTS = {"type": "image", "format": "jpeg", "name": "photo", "sha256": "ab", "size_bytes": 1}
SCENES = tuple({"id": str(uuid4()), "scene_number": number} for number in (1, 2, 3))
BROKEN = ErrorInfo("PROVIDER_ERROR", "It broke.")


class JobMaker:
    """Walks a new job to a status by the facts and actions that lead there."""

    asset = ASSET
    facts = FACTS
    scenes = SCENES
    broken = BROKEN

    def __init__(self, job_input: JobInput) -> None:
        self._input = job_input

    def new(self, *, assets: int = 1) -> Job:
        ids = [ASSET, *(uuid4() for _ in range(assets - 1))][:assets]
        return Job.new(
            job_id=uuid4(),
            client_id=uuid4(),
            campaign_id=None,
            job_input=self._input,
            assets=[JobAsset(one, AssetOrigin.BRIEF) for one in ids],
            request_id=uuid4(),
        )

    def writing(self) -> Job:
        job = self.new()
        assert job.asset_settled(ASSET, facts=FACTS)
        return job

    def ready(self, job: Job, *, version: int | None = None) -> bool:
        """Answer the writing under way."""
        assert job.writing is not None
        return job.storyboard_ready(
            job.writing.request_id,
            version=version or job.storyboard.version + 1,
            generator="template",
            scene_count=3,
            duration_seconds=30.0,
        )

    def in_review(self) -> Job:
        job = self.writing()
        assert self.ready(job)
        return job

    def in_progress(self) -> Job:
        job = self.in_review()
        job.approve(job.storyboard.version)
        return job

    def rendering(self) -> Job:
        job = self.in_progress()
        assert job.storyboard_locked(job.storyboard.version, SCENES, uuid4())
        return job

    def completed(self) -> Job:
        job = self.rendering()
        assert job.render is not None
        assert job.render_completed(job.render.render_id, duration_seconds=30.0)
        return job

    def failed(self) -> Job:
        job = self.rendering()
        assert job.render is not None
        assert job.render_failed(job.render.render_id, BROKEN)
        return job

    def cancelled(self) -> Job:
        job = self.writing()
        job.cancel(None)
        return job

    def at(self, status: JobStatus) -> Job:
        makers: dict[JobStatus, Callable[[], Job]] = {
            JobStatus.PENDING: self.writing,
            JobStatus.STORYBOARD_REVIEW: self.in_review,
            JobStatus.IN_PROGRESS: self.in_progress,
            JobStatus.RENDERING: self.rendering,
            JobStatus.COMPLETED: self.completed,
            JobStatus.FAILED: self.failed,
            JobStatus.CANCELLED: self.cancelled,
        }
        return makers[status]()


@pytest.fixture
def make(good_input: JobInput) -> JobMaker:
    return JobMaker(good_input)
