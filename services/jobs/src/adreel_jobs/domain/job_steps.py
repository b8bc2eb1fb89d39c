"""The steps that actions and facts alike send a job on to. Each leaves the order that makes it happen."""

from dataclasses import replace
from uuid import UUID

from adreel_jobs.domain.job_parts import AssetStatus, Order, Progress, Render, Writing, WritingMode
from adreel_jobs.domain.job_record import JobRecord
from adreel_jobs.domain.status import JobStatus, Phase


class JobSteps(JobRecord):
    """A job that can be sent on."""

    __slots__ = ()

    def _begin(self, request_id: UUID) -> None:
        self.writing = Writing(request_id, WritingMode.NEW)
        self.progress = Progress()
        if any(asset.status is AssetStatus.PENDING for asset in self.assets):
            self.phase = Phase.INGESTING_ASSETS
            self.orders.append(Order.INGEST)
        else:
            self._write()

    def _write(self) -> None:
        self.phase = Phase.WRITING_STORYBOARD
        self.orders.append(Order.WRITE)

    def _approved(self) -> None:
        self.phase = None
        self.error = None
        self.is_being_approved = False
        self.storyboard = replace(self.storyboard, locked=True)
        self.progress = Progress(scenes_total=self.progress.scenes_total)
        self._move(JobStatus.IN_PROGRESS, "storyboard approved")

    def _render(self, render_id: UUID, cause: str, *, accept_possible_duplicate: bool) -> None:
        self.render = Render(render_id, accept_possible_duplicate=accept_possible_duplicate)
        self.phase = Phase.RENDERING_SCENES
        self.progress = Progress(scenes_total=self.progress.scenes_total)
        self.orders.append(Order.RENDER)
        self._move(JobStatus.RENDERING, cause)
