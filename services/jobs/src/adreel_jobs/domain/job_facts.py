"""What other services tell of a job: one method per fact.

A fact that is late, repeated or of an older request changes nothing and returns False.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from adreel_jobs.domain.job_parts import (
    AssetOrigin,
    AssetStatus,
    ChangeKind,
    ErrorInfo,
    JobAsset,
    Order,
    Progress,
    Render,
)
from adreel_jobs.domain.job_record import LockedScene
from adreel_jobs.domain.job_steps import JobSteps
from adreel_jobs.domain.status import RENDER_PHASES, JobStatus, Phase, Step


class JobFacts(JobSteps):
    """A job that hears of what was done for it."""

    __slots__ = ()

    def asset_settled(
        self, asset_id: UUID, *, facts: Mapping[str, Any] | None = None, error: ErrorInfo | None = None
    ) -> bool:
        """An asset became ready (`facts`) or cannot be had (`error`)."""
        asset = next((one for one in self.assets if one.asset_id == asset_id), None)
        if asset is None or asset.status is not AssetStatus.PENDING or self.phase is not Phase.INGESTING_ASSETS:
            return False
        self.assets = tuple(_settled(one, facts, error) if one is asset else one for one in self.assets)
        self.are_assets_changed = True
        if any(one.status is AssetStatus.PENDING for one in self.assets):
            self._note(ChangeKind.PROGRESS)
        else:
            ids = [str(one.asset_id) for one in self.assets]
            message = "None of the assets could be fetched; each asset says why."
            self._end_ingest(ErrorInfo("ASSETS_UNAVAILABLE", message, {"assets": ids}, "invalid"), "assets unavailable")
        return True

    def storyboard_ready(
        self,
        request_id: UUID,
        *,
        version: int,
        generator: str,
        scene_count: int,
        duration_seconds: float,
        warnings: Sequence[str] = (),
        changed_scenes: Sequence[int] = (),
    ) -> bool:
        """A storyboard was written, or one scene rewritten."""
        is_awaited = self.writing is not None and self.writing.request_id == request_id
        # A rewrite that was given up may come after all: scenes has it, so it is the storyboard.
        is_news = self.status is JobStatus.STORYBOARD_REVIEW and version > self.storyboard.version
        if not (is_awaited or is_news):
            return False
        # An edit made right after it may have been heard of first; then that one knows better.
        if version > self.storyboard.version:
            self.storyboard = replace(
                self.storyboard,
                version=version,
                generator=generator,
                warnings=tuple(warnings),
                duration_seconds=duration_seconds,
            )
            self.progress = replace(self.progress, scenes_total=scene_count)
        else:
            self.storyboard = replace(self.storyboard, generator=generator)
        if is_awaited:
            self.writing = None
        if self.status is JobStatus.FAILED:
            # Given up before it came: it is kept for a retry, the end stays the end.
            return True
        if self.writing is None:
            self.phase = None
        self.error = None
        self.orders.append(Order.ESTIMATE)
        numbers = changed_scenes or range(1, scene_count + 1)
        if self.status is JobStatus.PENDING:
            self._move(JobStatus.STORYBOARD_REVIEW, "storyboard ready", scenes=numbers)
        else:
            self._note_scenes(numbers)
            self._note(ChangeKind.STATUS)
        return True

    def storyboard_failed(self, request_id: UUID, error: ErrorInfo) -> bool:
        """Writing was given up. A storyboard that was there before stays, and goes back to review with the error."""
        if self.writing is None or self.writing.request_id != request_id or self.has_ended:
            return False
        self.writing = None
        self._writing_ends_in(error, "storyboard failed")
        return True

    def scene_updated(
        self,
        scene_number: int,
        *,
        storyboard_version: int,
        duration_seconds: float,
        scene_count: int | None,
        warnings: Sequence[str],
    ) -> bool:
        """A person changed a scene (0: all changed places)."""
        is_open = self.status in (JobStatus.PENDING, JobStatus.STORYBOARD_REVIEW)
        if not is_open or storyboard_version < self.storyboard.version:
            return False
        self.storyboard = replace(
            self.storyboard, version=storyboard_version, duration_seconds=duration_seconds, warnings=tuple(warnings)
        )
        if scene_count is not None:
            self.progress = replace(self.progress, scenes_total=scene_count)
        self.orders.append(Order.ESTIMATE)
        self._note(ChangeKind.SCENE, scene_number)
        return True

    def storyboard_locked(self, version: int, scenes: Sequence[LockedScene], render_id: UUID) -> bool:
        """Scenes locked this version: render it. Heard of while still in review, it is the approval itself."""
        if version < self.storyboard.version or not scenes:
            return False
        if self.status is JobStatus.STORYBOARD_REVIEW:
            self.writing = None
            self._approved()
        elif self.status is not JobStatus.IN_PROGRESS:
            return False
        self.locked_scenes = tuple(scenes)
        self.storyboard = replace(self.storyboard, version=version, locked=True)
        self.progress = replace(self.progress, scenes_total=len(scenes))
        self._render(render_id, "storyboard locked", accept_possible_duplicate=False)
        return True

    def clip_ready(self, render_id: UUID, scene_number: int) -> bool:
        """A scene's clip is kept."""
        render = self._current_render(render_id)
        if render is None or scene_number in render.scenes_ready:
            return False
        self.render = replace(render, scenes_ready=render.scenes_ready | {scene_number})
        done = max(self.progress.scenes_done, len(self.render.scenes_ready))
        self.progress = replace(self.progress, scenes_done=min(done, self.progress.scenes_total))
        self._note(ChangeKind.SCENE, scene_number)
        return True

    def render_progressed(
        self,
        render_id: UUID,
        sequence: int,
        *,
        percent: float,
        phase: str,
        scenes_done: int,
        scenes_total: int,
        eta_seconds: float | None,
    ) -> bool:
        """A render got further; within one render neither percent nor scenes done go down."""
        render = self._current_render(render_id)
        if render is None or sequence <= render.sequence:
            return False
        self.render = replace(render, sequence=sequence)
        before = (self.phase, self.progress)
        if phase in RENDER_PHASES:
            self.phase = Phase(phase)
        self.progress = Progress(
            # 100 is said by completion alone.
            percent=max(self.progress.percent, min(percent, 99.9)),
            scenes_done=max(self.progress.scenes_done, min(scenes_done, scenes_total)),
            scenes_total=scenes_total,
            eta_seconds=eta_seconds,
        )
        # A sign of life that brings nothing new is heard, and not told.
        if (self.phase, self.progress) != before:
            self._note(ChangeKind.PROGRESS)
        return True

    def render_completed(self, render_id: UUID, *, duration_seconds: float) -> bool:
        """The film is kept and can be served."""
        if self._current_render(render_id) is None:
            return False
        self.phase = None
        self.error = None
        self.has_video = True
        self.video_duration_seconds = duration_seconds
        total = self.progress.scenes_total
        self.progress = Progress(percent=100.0, scenes_done=total, scenes_total=total, eta_seconds=0.0)
        self._move(JobStatus.COMPLETED, "render completed")
        return True

    def render_failed(self, render_id: UUID, error: ErrorInfo) -> bool:
        """The render was given up; its clips are kept for a retry."""
        if self._current_render(render_id) is None:
            return False
        self._fail(Step.RENDER, error, "render failed")
        return True

    def give_up(self, step: Step, error: ErrorInfo, cause: str) -> bool:
        """`step` will not be answered: a message of it was dead-lettered, or nothing was heard for too long."""
        if self.current_step is not step:
            return False
        if step is Step.WRITE:
            self._writing_ends_in(error, cause)
        elif step is Step.INGEST:
            # The job does without the assets that nobody speaks of, where it has others.
            self.assets = tuple(
                replace(one, status=AssetStatus.FAILED, error=error) if one.status is AssetStatus.PENDING else one
                for one in self.assets
            )
            self.are_assets_changed = True
            self._end_ingest(error, cause)
        else:
            self._fail(step, error, cause)
        return True

    def _end_ingest(self, error: ErrorInfo, cause: str) -> None:
        """All assets are settled: on to the writing, or the end for a job that has none of those it named."""
        named = [asset for asset in self.assets if asset.origin is AssetOrigin.BRIEF]
        if named and all(asset.status is AssetStatus.FAILED for asset in named):
            self._fail(Step.INGEST, error, cause)
        else:
            self._write()
            self._note(ChangeKind.PROGRESS)

    def _writing_ends_in(self, error: ErrorInfo, cause: str) -> None:
        if self.status is JobStatus.PENDING:
            # What was asked for stays known: if it comes after all, a retry need not pay for it again.
            self._fail(Step.WRITE, error, cause)
            return
        self.writing = None
        self.phase = None
        self.error = error
        self._note(ChangeKind.STATUS)

    def _current_render(self, render_id: UUID) -> Render | None:
        if self.status is not JobStatus.RENDERING or self.render is None or self.render.render_id != render_id:
            return None
        return self.render


def _settled(asset: JobAsset, facts: Mapping[str, Any] | None, error: ErrorInfo | None) -> JobAsset:
    if facts is None:
        return replace(asset, status=AssetStatus.FAILED, error=error)
    return replace(
        asset,
        status=AssetStatus.READY,
        error=None,
        facts=facts,
        type=facts["type"],
        name=asset.name or facts["name"],
        role=asset.role or facts.get("role") or "",
    )
