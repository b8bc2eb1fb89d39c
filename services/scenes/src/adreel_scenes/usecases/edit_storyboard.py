"""Changes by a person: each checks, saves, remembers what was, and tells the job, in one transaction."""

import uuid
from collections.abc import Callable
from dataclasses import replace

from adreel_kit.clock import Clock
from adreel_kit.db import Database
from adreel_kit.errors import NotFound
from adreel_kit.ids import new_id, parse_id
from adreel_kit.outbox import Outbox

from adreel_scenes.adapters.postgres import storyboards
from adreel_scenes.adapters.postgres.storyboards import StoredStoryboard
from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.errors import RevisionNotFound, SceneBeingRewritten, StoryboardNotFound
from adreel_scenes.domain.events import SceneUpdated, StoryboardLockedFact, warning_texts
from adreel_scenes.domain.history import revisions_between
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.request import story_brief
from adreel_scenes.domain.scene import Scene, SceneContent, SceneEdit, SceneRevision
from adreel_scenes.domain.storyboard import Storyboard

Change = Callable[[Storyboard, StoryBrief], Storyboard]


class EditStoryboard:
    """Every verb a person has on a storyboard."""

    def __init__(self, *, database: Database, outbox: Outbox, limits: StoryLimits, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._limits = limits
        self._clock = clock

    async def get(self, job_id: str) -> Storyboard | None:
        """The job's storyboard, None while there is none. Raises StoryboardNotFound for what is no id."""
        async with self._database.connection() as conn:
            stored = await storyboards.load(conn, _job(job_id))
        return stored.board if stored is not None and stored.is_written else None

    async def edit_scene(
        self, job_id: str, number: int, edit: SceneEdit, *, rebalance: bool, if_revision: int | None, actor: str
    ) -> Scene:
        now = self._clock.now()
        board = await self._change(
            job_id,
            "edit",
            actor,
            lambda board, brief: board.edit_scene(
                number, edit, brief, now, rebalance=rebalance, if_revision=if_revision
            ),
            number=number,
        )
        return board.scene(number)

    async def add_scene(
        self, job_id: str, number: int, content: SceneContent, *, rebalance: bool, actor: str
    ) -> Storyboard:
        """`number` 0 puts it before the last scene, which carries the call to action.

        A length of 0 ms means as long as the others are on average.
        """
        now = self._clock.now()

        def add(board: Storyboard, brief: StoryBrief) -> Storyboard:
            timed = content if content.duration_ms else replace(content, duration_ms=board.average_scene_ms)
            place = number or max(1, len(board.scenes))
            return board.add_scene(place, timed, brief, now, new_id, rebalance=rebalance)

        return await self._change(job_id, "add", actor, add, number=number)

    async def delete_scene(self, job_id: str, number: int, *, if_revision: int | None, actor: str) -> Storyboard:
        """The others are stretched, so that the film keeps its length."""
        now = self._clock.now()

        def remove(board: Storyboard, brief: StoryBrief) -> Storyboard:
            if if_revision is not None:
                # The edit that changes nothing checks the revision.
                board.edit_scene(number, SceneEdit(), brief, now, if_revision=if_revision)
            return board.remove_scene(number, brief, now, rebalance=True)

        return await self._change(job_id, "delete", actor, remove, number=number)

    async def reorder(self, job_id: str, numbers: list[int], *, actor: str) -> Storyboard:
        now = self._clock.now()
        return await self._change(
            job_id, "reorder", actor, lambda board, brief: board.reorder(numbers, brief, now), number=0
        )

    async def restore(self, job_id: str, number: int, revision: int, *, actor: str) -> Scene:
        earlier = next((r for r in await self.revisions(job_id, number) if r.revision == revision), None)
        if earlier is None:
            raise RevisionNotFound(
                f"Scene {number} has no earlier revision {revision}.",
                details={"sceneNumber": number, "revision": revision},
            )
        now = self._clock.now()
        board = await self._change(
            job_id,
            "restore",
            actor,
            lambda board, brief: board.restore_scene(number, earlier.content, brief, now),
            number=number,
        )
        return board.scene(number)

    async def revisions(self, job_id: str, number: int) -> list[SceneRevision]:
        """What the scene was before each change, newest first."""
        async with self._database.connection() as conn:
            stored = _written(await storyboards.load(conn, _job(job_id)))
            return await storyboards.revisions_of(conn, stored.board.scene(number).scene_id)

    async def lock(self, job_id: str, version: int | None) -> Storyboard:
        """Approve; the fact goes out with every call, since the first one's answer may have been lost."""
        async with self._database.transaction() as conn:
            stored = _written(await storyboards.load(conn, _job(job_id), lock=True))
            _require_quiet(stored, 0)
            board = stored.board.lock(version)
            await storyboards.save(conn, board)
            await self._outbox.publish(StoryboardLockedFact.of(board), conn, subject=job_id)
            return board

    async def reopen(self, job_id: str, version: int) -> Storyboard:
        """Open the locked `version` as a new one; a repeated call finds it open and changes nothing."""
        async with self._database.transaction() as conn:
            stored = _written(await storyboards.load(conn, _job(job_id), lock=True))
            if not stored.board.locked and stored.board.version == version + 1:
                return stored.board
            stored.board.require_version(version or None)
            board = stored.board.reopen()
            await storyboards.save(conn, board)
            return board

    async def _change(self, job_id: str, cause: str, actor: str, change: Change, *, number: int) -> Storyboard:
        async with self._database.transaction() as conn:
            stored = _written(await storyboards.load(conn, _job(job_id), lock=True))
            _require_quiet(stored, number)
            brief = replace(story_brief(stored.request, self._limits), feedback=stored.board.feedback)
            board = change(stored.board, brief)
            if board == stored.board:
                return board
            revisions = revisions_between(stored.board, board, cause=cause, changed_by=actor, at=self._clock.now())
            await storyboards.save(conn, board, revisions)
            await self._outbox.publish(_updated(board, cause, number), conn, subject=job_id)
            return board


def _updated(board: Storyboard, cause: str, number: int) -> SceneUpdated:
    known = 1 <= number <= len(board.scenes)
    return SceneUpdated(
        job_id=board.job_id,
        scene_number=number if known else 0,
        revision=board.scene(number).revision if known else board.highest_revision,
        storyboard_version=board.version,
        cause=cause,
        duration_seconds=board.duration_seconds,
        scene_count=len(board.scenes),
        warnings=warning_texts(board),
    )


def _require_quiet(stored: StoredStoryboard, number: int) -> None:
    """Nothing may be changed that a writer is at: its answer would overrule the change, or the change its answer."""
    if stored.writing_id is not None and (stored.writing_scene in (None, number) or number == 0):
        raise SceneBeingRewritten("This part of the storyboard is being rewritten; try again when that is done.")


def _written(stored: StoredStoryboard | None) -> StoredStoryboard:
    if stored is None or not stored.is_written:
        raise StoryboardNotFound("There is no storyboard for this job yet.")
    return stored


def _job(job_id: str) -> uuid.UUID:
    parsed = parse_id(job_id)
    if parsed is None:
        raise NotFound("There is no such job.")
    return parsed
