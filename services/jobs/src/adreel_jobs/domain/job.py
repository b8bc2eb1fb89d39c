"""The job aggregate: its making, and one method per action of a person.

What other services tell of it is in `job_facts.py`, the steps both lead to in `job_steps.py`, the state in
`job_record.py`. A verb changes the state and leaves behind what must happen with it, in the same transaction: `changes`
(each is one version, reported by WatchJob), `moves` (the timeline) and `orders` (the next requests). An action that is
not open raises ActionNotAllowed. The store writes a job only where its version still is `loaded_version`.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from adreel_jobs.domain.actions import Action
from adreel_jobs.domain.errors import StoryboardVersionStale
from adreel_jobs.domain.job_facts import JobFacts
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import (
    AssetStatus,
    ChangeKind,
    JobAsset,
    Order,
    Progress,
    SceneConstraints,
    Writing,
    WritingMode,
)
from adreel_jobs.domain.status import JobStatus, Phase, Step

# What render says when a provider's rules forbid a scene.
_FORBIDDEN = "CONTENT_POLICY_VIOLATION"


class Job(JobFacts):
    """One request for one ad. Made by `Job.new`, or by the store from its row."""

    __slots__ = ()

    @classmethod
    def new(
        cls,
        *,
        job_id: UUID,
        client_id: UUID,
        campaign_id: UUID | None,
        job_input: JobInput,
        assets: Sequence[JobAsset],
        request_id: UUID,
    ) -> "Job":
        """An accepted job on its way; `request_id` names the first piece of writing."""
        job = cls(job_id, client_id, campaign_id, job_input, tuple(assets))
        job._begin(request_id)
        job._note(ChangeKind.STATUS)
        return job

    def regenerate_scene(
        self, request_id: UUID, scene_number: int, feedback: str | None, constraints: SceneConstraints | None
    ) -> None:
        """Have one scene rewritten; the caller has checked that there is such a scene."""
        self.require_open(Action.REGENERATE_SCENE)
        self.writing = Writing(request_id, WritingMode.SCENE, scene_number, feedback, constraints)
        self._rewrite(Phase.REWRITING_SCENE)

    def regenerate_all_scenes(self, request_id: UUID, feedback: str | None) -> None:
        """Have a new storyboard written."""
        self.require_open(Action.REGENERATE_ALL_SCENES)
        self._keep_feedback(feedback)
        self.writing = Writing(request_id, WritingMode.ALL, feedback=feedback)
        self._rewrite(Phase.WRITING_STORYBOARD)

    def reject_storyboard(self, request_id: UUID, feedback: str) -> None:
        """Keep why, and have a new storyboard written."""
        self.require_open(Action.REJECT_STORYBOARD)
        self._keep_feedback(feedback)
        self.writing = Writing(request_id, WritingMode.ALL, feedback=feedback)
        self._rewrite(Phase.WRITING_STORYBOARD)

    def require_approvable(self, storyboard_version: int) -> None:
        """Raises ActionNotAllowed, or StoryboardVersionStale for a version that is known to be old; 0 is the latest."""
        self.require_open(Action.APPROVE_STORYBOARD)
        if storyboard_version and storyboard_version < self.storyboard.version:
            raise StoryboardVersionStale(storyboard_version, self.storyboard.version)

    def approve(self, locked_version: int) -> None:
        """The storyboard was approved, and scenes has locked this version of it."""
        self.require_open(Action.APPROVE_STORYBOARD)
        self.storyboard = replace(self.storyboard, version=locked_version, locked=True)
        self._approved()

    def reopen(self, version: int) -> None:
        """Back to review as the new `version` that scenes opened; the film stays."""
        self.require_open(Action.REOPEN_STORYBOARD)
        self._open_review(version, "storyboard reopened")

    def cancel(self, reason: str | None) -> None:
        """Nobody wants it any more; what is paid for, and a film from before, are kept."""
        self.require_open(Action.CANCEL)
        self.writing = None
        self.phase = None
        self.cancel_reason = reason
        self.progress = replace(self.progress, eta_seconds=None)
        self.orders.append(Order.STOP)
        self._move(JobStatus.CANCELLED, f"cancelled: {reason}" if reason else "cancelled")

    @property
    def is_refused(self) -> bool:
        """Whether it failed because a provider's rules forbid what a scene shows; asking again changes nothing."""
        return self.failed_step is Step.RENDER and self.error is not None and self.error.code == _FORBIDDEN

    def retry_in_review(self, version: int) -> None:
        """Go on with the storyboard as the new `version` that scenes opened, so that the refused scene can be changed.

        The error stays until then: it tells the person which scene it is.
        """
        self.require_open(Action.RETRY)
        self.failed_step = None
        self._open_review(version, "retried: a scene has to change")

    def retry(self, request_id: UUID, render_id: UUID, *, accept_possible_duplicate: bool) -> None:
        """Go on from the last good step."""
        self.require_open(Action.RETRY)
        step, self.failed_step, self.error = self.failed_step, None, None
        self.orders.append(Order.HOLD)
        if step is Step.RENDER:
            self._render(render_id, "retried", accept_possible_duplicate=accept_possible_duplicate)
        elif step is Step.LOCK:
            self._move(JobStatus.IN_PROGRESS, "retried")
        elif self.storyboard.version:
            # It arrived after all, when the job had been given up.
            self.writing = None
            self.orders.append(Order.ESTIMATE)
            self._move(JobStatus.STORYBOARD_REVIEW, "retried")
        else:
            if step is Step.INGEST:
                self.assets = tuple(_as_pending(asset) for asset in self.assets)
                self.are_assets_changed = True
            self._begin(request_id)
            self._move(JobStatus.PENDING, "retried")

    def _open_review(self, version: int, cause: str) -> None:
        self.storyboard = replace(self.storyboard, version=max(version, self.storyboard.version + 1), locked=False)
        self.locked_scenes = ()
        self.progress = Progress(scenes_total=self.progress.scenes_total)
        self.orders.append(Order.HOLD)
        self._move(JobStatus.STORYBOARD_REVIEW, cause)

    def _rewrite(self, phase: Phase) -> None:
        self.phase = phase
        self.error = None
        self.orders.append(Order.WRITE)
        self._note(ChangeKind.STATUS)

    def _keep_feedback(self, feedback: str | None) -> None:
        if feedback:
            self.storyboard = replace(self.storyboard, feedback=(*self.storyboard.feedback, feedback))


def _as_pending(asset: JobAsset) -> JobAsset:
    if asset.status is AssetStatus.READY:
        return asset
    return replace(asset, status=AssetStatus.PENDING, error=None)
