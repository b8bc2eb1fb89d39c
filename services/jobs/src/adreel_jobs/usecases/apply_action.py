"""Applies a person's action to a job: checks its fields, runs the verb, commits; one module for all seven.

Approving, reopening and retrying a refused scene need an answer from scenes between two transactions; approving has a
module of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from adreel_kit.db import Connection, Database
from adreel_kit.ids import new_id

from adreel_jobs.domain.actions import Action, parse_action
from adreel_jobs.domain.field_checks import FieldChecks
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import SceneConstraints
from adreel_jobs.domain.job_rules import FEEDBACK_CHARACTERS
from adreel_jobs.domain.ports import ScenesPort, Stores
from adreel_jobs.domain.status import Step
from adreel_jobs.usecases.approve_storyboard import ApproveStoryboard, StoryboardApprover
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.fetch_lock import LockFetcher
from adreel_jobs.usecases.price_film import FilmPricer
from adreel_jobs.usecases.request_keys import request_key
from adreel_jobs.usecases.reserve_spend import SpendGuard
from adreel_jobs.usecases.scope import visible_job

_REASON_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class ApplyAction:
    """The command; fields that the action does not take are ignored."""

    job_id: str
    action: str
    scope: str
    scene_number: int = 0
    feedback: str = ""
    constraints: SceneConstraints | None = None
    storyboard_version: int = 0
    reason: str = ""
    accept_possible_duplicate: bool = False
    # Empty where a repeated call is another action.
    request_id: str = ""


class ActionRunner:
    """Runs ApplyAction; returns the id of the job."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        committer: JobCommitter,
        scenes: ScenesPort,
        approver: StoryboardApprover,
        lock_fetcher: LockFetcher,
        spend: SpendGuard,
        pricer: FilmPricer,
    ) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._scenes = scenes
        self._approver = approver
        self._lock_fetcher = lock_fetcher
        self._spend = spend
        self._pricer = pricer

    async def run(self, command: ApplyAction) -> UUID:
        """Raises UnknownAction, FieldsInvalid, JobNotFound, ActionNotAllowed and what the action's own run raises."""
        action = parse_action(command.action)
        _check_fields(action, command)
        key = request_key(command.scope, command.request_id)
        if key:
            async with self._database.connection() as conn:
                applied = await self._stores.requests.find(conn, key)
            if applied is not None:
                return applied
        match action:
            case Action.APPROVE_STORYBOARD:
                return await self._approver.run(
                    ApproveStoryboard(command.job_id, command.storyboard_version, command.scope, key)
                )
            case Action.REOPEN_STORYBOARD:
                return await self._reopen(command)
            case Action.RETRY:
                return await self._retry(command)
            case Action.CANCEL:
                return await self._apply(command, lambda job: job.cancel(command.reason.strip() or None))
            case Action.REGENERATE_SCENE:
                return await self._apply(command, lambda job: _regenerate_scene(job, command))
            case Action.REGENERATE_ALL_SCENES:
                feedback = command.feedback.strip() or None
                return await self._apply(command, lambda job: job.regenerate_all_scenes(new_id(), feedback))
            case Action.REJECT_STORYBOARD:
                return await self._apply(command, lambda job: job.reject_storyboard(new_id(), command.feedback.strip()))

    async def _apply(self, command: ApplyAction, verb: Callable[[Job], None]) -> UUID:
        async with self._database.transaction() as conn:
            job = await visible_job(conn, self._stores, command.job_id, command.scope, for_update=True)
            if await self._was_applied(conn, command, job):
                return job.id
            verb(job)
            await self._committer.commit(conn, job)
        return job.id

    async def _reopen(self, command: ApplyAction) -> UUID:
        async with self._database.connection() as conn:
            job = await visible_job(conn, self._stores, command.job_id, command.scope)
        job.require_open(Action.REOPEN_STORYBOARD)
        # Scenes opens a locked version once, so a call that is repeated after a crash finds it open.
        version = await self._scenes.reopen(job.id, job.storyboard.version)
        return await self._apply(command, lambda current: current.reopen(version))

    async def _retry(self, command: ApplyAction) -> UUID:
        async with self._database.connection() as conn:
            seen = await visible_job(conn, self._stores, command.job_id, command.scope)
        if seen.is_refused:
            seen.require_open(Action.RETRY)
            version = await self._scenes.reopen(seen.id, seen.storyboard.version)
            return await self._apply(command, lambda current: current.retry_in_review(version))
        needed = await self._needed(seen)
        async with self._database.transaction() as conn:
            job = await visible_job(conn, self._stores, command.job_id, command.scope, for_update=True)
            if await self._was_applied(conn, command, job):
                return job.id
            step = job.failed_step
            job.retry(new_id(), new_id(), accept_possible_duplicate=command.accept_possible_duplicate)
            if step is Step.RENDER and needed is not None:
                await self._spend.reserve(conn, job, needed)
            await self._committer.commit(conn, job)
        if step is Step.LOCK:
            await self._lock_fetcher.try_to_fetch(job.id)
        return job.id

    async def _needed(self, job: Job) -> int | None:
        """What a render that is tried again is going to buy; None where no cap has to know it."""
        if not self._spend.has_caps or job.failed_step is not Step.RENDER:
            return None
        return (await self._pricer.price(job)).open_micros

    async def _was_applied(self, conn: Connection, command: ApplyAction, job: Job) -> bool:
        """Whether this request has acted before; if not, it counts as having acted once `conn` commits."""
        key = request_key(command.scope, command.request_id)
        return bool(key) and await self._stores.requests.remember(conn, key, job.id) is not None


def _regenerate_scene(job: Job, command: ApplyAction) -> None:
    # Whether it is open comes first: no scene number is right for a job without scenes.
    job.require_open(Action.REGENERATE_SCENE)
    count = job.progress.scenes_total
    if not 1 <= command.scene_number <= count:
        checks = FieldChecks()
        checks.add("sceneNumber", f"There are scenes 1 to {count}.")
        checks.finish()
    job.regenerate_scene(new_id(), command.scene_number, command.feedback.strip() or None, command.constraints)


def _check_fields(action: Action, command: ApplyAction) -> None:
    checks = FieldChecks()
    checks.text("feedback", command.feedback, most=FEEDBACK_CHARACTERS, required=action is Action.REJECT_STORYBOARD)
    checks.text("reason", command.reason, most=_REASON_CHARACTERS)
    if action is Action.REGENERATE_SCENE and command.scene_number < 1:
        checks.add("sceneNumber", "This is required, from 1.")
    if command.storyboard_version < 0:
        checks.add("storyboardVersion", "Versions count from 1.")
    if command.constraints is not None:
        _check_constraints(checks, command.constraints)
    checks.finish()


def _check_constraints(checks: FieldChecks, constraints: SceneConstraints) -> None:
    seconds = constraints.duration_seconds
    # NaN fails both comparisons.
    if seconds is not None and not 0 < seconds <= 120:
        checks.add("constraints.durationSeconds", "Taken are more than 0 and at most 120 seconds.")
    checks.text("constraints.style", constraints.style or "", most=500)
    checks.text("constraints.shotType", constraints.shot_type or "", most=50)
