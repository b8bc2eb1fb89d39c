"""The work of writing: ask the writer outside any transaction, then accept its draft in one.

The draft is checked again when it is accepted, against the storyboard as it is by then: what a person changed
meanwhile is neither lost nor overruled.
"""

import asyncio
import uuid

from adreel_kit.clock import Clock
from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.ids import new_id
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish, GiveUp

from adreel_scenes.adapters.postgres import storyboards, writing_costs
from adreel_scenes.adapters.postgres.storyboards import StoredStoryboard
from adreel_scenes.domain.errors import SceneNotFound
from adreel_scenes.domain.events import CostLine, ErrorData, StoryboardFailed, StoryboardReady, warning_texts
from adreel_scenes.domain.history import revisions_between
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.ports import RewriteRequest, StoryboardWriter, WriteRequest, WriterResult
from adreel_scenes.domain.request import StoryboardRequested, WritingMode, scene_constraints, story_brief
from adreel_scenes.domain.storyboard import Storyboard
from adreel_scenes.domain.writer_errors import ProviderTimeout, WriterError
from adreel_scenes.usecases.price_usage import cost_lines


class WriteStoryboard:
    """The `write` work handler."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        writer: StoryboardWriter,
        limits: StoryLimits,
        clock: Clock,
        deadline_seconds: float,
        model: str = "",
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._writer = writer
        self._limits = limits
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._model = model

    async def run(self, item: WorkItem) -> Finish:
        request = StoryboardRequested.model_validate(item.payload)
        async with self._database.connection() as conn:
            stored = await storyboards.load(conn, request.job_id)
        try:
            async with asyncio.timeout(self._deadline_seconds):
                result = await self._write(request, stored)
        except TimeoutError as error:
            raise ProviderTimeout("The model did not answer in time.", provider="model") from error
        except WriterError as error:
            await self._note_usage(item, error)
            if not error.is_repeatable:
                raise GiveUp(error) from error
            raise

        async def finish(conn: Connection) -> None:
            await self._accept(conn, request, result)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        request = StoryboardRequested.model_validate(item.payload)
        await storyboards.end_writing(conn, request.job_id, request.request_id)
        await self._outbox.publish(
            StoryboardFailed(
                job_id=request.job_id,
                request_id=request.request_id,
                mode=request.mode.value,
                error=ErrorData.model_validate(error.as_dict()),
                cost_lines=await writing_costs.lines(conn, request.request_id),
            ),
            conn,
            subject=str(request.job_id),
        )

    async def _note_usage(self, item: WorkItem, error: WriterError) -> None:
        """A failed call may have cost all the same: what it used is kept, and billed with the end of the writing."""
        lines = cost_lines(error.provider, self._model, error.usage)
        if lines:
            async with self._database.transaction() as conn:
                await writing_costs.add(conn, uuid.UUID(item.key), item.attempt, lines)

    async def _write(self, request: StoryboardRequested, stored: StoredStoryboard | None) -> WriterResult:
        board = stored.board if stored is not None else None
        seed = _seed(request.job_id, board.version if board else 0)
        if request.mode is WritingMode.SCENE:
            if board is None or not board.scenes:
                raise SceneNotFound("There is no storyboard yet.")
            number = request.scene_number or 0
            board.scene(number)
            return await self._writer.rewrite_scene(
                RewriteRequest(
                    brief=story_brief(request, self._limits, with_feedback=False),
                    scenes=board.contents,
                    number=number,
                    feedback=request.feedback or "",
                    constraints=scene_constraints(request),
                    seed=seed,
                )
            )
        previous = board.contents if board else ()
        return await self._writer.write(WriteRequest(story_brief(request, self._limits), seed=seed, previous=previous))

    async def _accept(self, conn: Connection, request: StoryboardRequested, result: WriterResult) -> None:
        stored = await storyboards.load(conn, request.job_id, lock=True)
        if stored is None or stored.writing_id != request.request_id:
            return  # cancelled, or another request took its place
        now = self._clock.now()
        brief = story_brief(request, self._limits)
        if request.mode is WritingMode.SCENE:
            number = request.scene_number or 0
            board = stored.board.replace_scene(number, result.draft.scenes[0], brief, result.generator, now)
            cause = "regenerate"
        else:
            board = stored.board.accept(result.draft, brief, result.generator, now, new_id)
            cause = "write"
        revisions = revisions_between(stored.board, board, cause=cause, changed_by=result.generator, at=now)
        await storyboards.save(conn, board, revisions)
        await storyboards.end_writing(conn, request.job_id, request.request_id)
        costs = await writing_costs.lines(conn, request.request_id)
        costs += cost_lines(result.provider, result.model, result.usage)
        await self._outbox.publish(
            self._ready(request, stored.board, board, result.generator, costs), conn, subject=str(request.job_id)
        )

    def _ready(
        self, request: StoryboardRequested, before: Storyboard, after: Storyboard, generator: str, costs: list[CostLine]
    ) -> StoryboardReady:
        was = {scene.scene_id: scene.revision for scene in before.scenes}
        return StoryboardReady(
            job_id=request.job_id,
            request_id=request.request_id,
            version=after.version,
            generator=generator,
            scene_count=len(after.scenes),
            duration_seconds=after.duration_seconds,
            warnings=warning_texts(after),
            changed_scenes=[s.number for s in after.scenes if was.get(s.scene_id) != s.revision],
            cost_lines=costs,
        )


def _seed(job_id: uuid.UUID, version: int) -> int:
    """Another one for each version, so that writing again gives something else; the same for a repeated attempt."""
    return (job_id.int ^ (version * 0x9E3779B97F4A7C15)) & 0x7FFFFFFF
