"""A job's state and the mechanics every verb uses: versions, changes to watch, moves between statuses.

No verb writes `status` or `version` itself: `_move` obeys the table of moves, `_note` makes each change one version.
The verbs are in `job.py` (actions) and `job_facts.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from adreel_jobs.domain.actions import OPEN_ACTIONS, Action
from adreel_jobs.domain.errors import ActionNotAllowed, IllegalMove
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import (
    Change,
    ChangeKind,
    ErrorInfo,
    JobAsset,
    Move,
    Order,
    Progress,
    Render,
    StoryboardState,
    Writing,
)
from adreel_jobs.domain.status import ENDED, MOVES, JobStatus, Phase, Step

# A scene as scenes locked it, passed on to render unchanged.
LockedScene = Mapping[str, Any]


@dataclass(slots=True)
class JobRecord:
    """The state of one job, and what was done to it since it was loaded."""

    id: UUID
    client_id: UUID
    campaign_id: UUID | None
    input: JobInput
    assets: tuple[JobAsset, ...]
    status: JobStatus = JobStatus.PENDING
    phase: Phase | None = None
    version: int = 0
    loaded_version: int = 0
    progress: Progress = field(default_factory=Progress)
    storyboard: StoryboardState = field(default_factory=StoryboardState)
    writing: Writing | None = None
    render: Render | None = None
    locked_scenes: tuple[LockedScene, ...] = ()
    error: ErrorInfo | None = None
    failed_step: Step | None = None
    has_video: bool = False
    video_duration_seconds: float = 0.0
    # An approval is between its claim and its end (see usecases/approve_storyboard.py).
    is_being_approved: bool = False
    cancel_reason: str | None = None
    are_assets_changed: bool = False

    changes: list[Change] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def open_actions(self) -> tuple[Action, ...]:
        """The actions open now; while a rewrite or an approval runs, only its end or a cancel helps."""
        if self.status is JobStatus.STORYBOARD_REVIEW and (self.writing is not None or self.is_being_approved):
            return (Action.CANCEL,)
        return OPEN_ACTIONS[self.status]

    def require_open(self, action: Action) -> None:
        """Raises ActionNotAllowed unless `action` is open."""
        if action not in self.open_actions:
            raise ActionNotAllowed(
                action, status=self.status, phase=self.phase, open_actions=[one.value for one in self.open_actions]
            )

    @property
    def current_step(self) -> Step | None:
        """The step that somebody else works on now; None where the job waits for a person or has ended."""
        if self.status is JobStatus.IN_PROGRESS:
            return Step.LOCK
        if self.status is JobStatus.RENDERING:
            return Step.RENDER
        if self.phase is Phase.INGESTING_ASSETS:
            return Step.INGEST
        return Step.WRITE if self.writing is not None and not self.has_ended else None

    def _fail(self, step: Step, error: ErrorInfo, cause: str) -> None:
        self.phase = None
        self.failed_step = step
        self.error = error
        self.progress = replace(self.progress, eta_seconds=None)
        self._move(JobStatus.FAILED, cause)

    def _move(self, to: JobStatus, cause: str, *, scenes: Sequence[int] = ()) -> None:
        if to not in MOVES[self.status]:
            raise IllegalMove(self.status, to)
        before, self.status = self.status, to
        self._note_scenes(scenes)
        self._note(ChangeKind.STATUS)
        self.moves.append(Move(self.version, before, to, cause))
        if to in ENDED:
            self._note(ChangeKind.END)

    def _note_scenes(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._note(ChangeKind.SCENE, number)

    def _note(self, kind: ChangeKind, scene_number: int = 0) -> None:
        self.version += 1
        self.changes.append(Change(self.version, kind, self.status, self.phase, self.progress, scene_number))
