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
from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.errors import SceneNotFound
from adreel_scenes.domain.events import CostLine, ErrorData, StoryboardFailed, StoryboardReady, warning_texts
from adreel_scenes.domain.history import revisions_between
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.ports import AssetPictures, RewriteRequest, StoryboardWriter, WriteRequest, WriterResult
from adreel_scenes.domain.request import StoryboardRequested, WritingMode, scene_constraints, story_brief
from adreel_scenes.domain.storyboard import Storyboard
from adreel_scenes.domain.usage import Usage
from adreel_scenes.domain.writer_errors import ProviderTimeout, WriterError
from adreel_scenes.usecases.price_usage import cost_lines, unknown_line

# Someone waits for each of them for a whole deadline.
_MOST_TIMEOUTS = 2


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
        provider: str = "",
        model: str = "",
        pictures: AssetPictures | None = None,
    ) -> None:
        """`model` is empty for a writer that costs nothing. `pictures` are for one that can see; None shows none."""
        self._database = database
        self._outbox = outbox
        self._writer = writer
        self._limits = limits
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._provider = provider
        self._model = model
        self._pictures = pictures

    async def run(self, item: WorkItem) -> Finish:
        request = StoryboardRequested.model_validate(item.payload)
        async with self._database.connection() as conn:
            stored = await storyboards.load(conn, request.job_id)
        await self._intend(item)
        try:
            async with asyncio.timeout(self._deadline_seconds):
                result = await self._write(request, stored)
        except TimeoutError as error:
            late = ProviderTimeout("The model did not answer in time.", provider="model")
            if item.attempt >= _MOST_TIMEOUTS:
                raise GiveUp(late) from error
            raise late from error
        except WriterError as error:
            # A failed call may have cost all the same.
            async with self._database.transaction() as conn:
                await self._settle(conn, item, error.provider, self._model, error.usage)
            if not error.is_repeatable or (isinstance(error, ProviderTimeout) and item.attempt >= _MOST_TIMEOUTS):
                raise GiveUp(error) from error
            raise

        async def finish(conn: Connection) -> None:
            await self._settle(conn, item, result.provider, result.model, result.usage)
            await self._accept(conn, request, result)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        request = StoryboardRequested.model_validate(item.payload)
        if request.scene_number is not None:
            error.details["sceneNumber"] = request.scene_number
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

    async def _intend(self, item: WorkItem) -> None:
        if self._model:
            async with self._database.transaction() as conn:
                line = unknown_line(self._provider, self._model)
                await writing_costs.intend(conn, uuid.UUID(item.key), item.attempt, line)

    async def _settle(self, conn: Connection, item: WorkItem, provider: str, model: str, usage: Usage) -> None:
        """What the attempt used is kept, and billed with the end of the writing."""
        if self._model:
            await writing_costs.settle(
                conn, uuid.UUID(item.key), item.attempt, cost_lines(provider, model or self._model, usage)
            )

    async def _write(self, request: StoryboardRequested, stored: StoredStoryboard | None) -> WriterResult:
        board = stored.board if stored is not None else None
        brief = story_brief(request, self._limits, with_feedback=request.mode is not WritingMode.SCENE)
        shown = () if self._pictures is None else await self._pictures.pictures(_worth_showing(brief))
        seed = _seed(request.job_id, board.version if board else 0)
        if request.mode is WritingMode.SCENE:
            if board is None or not board.scenes:
                raise SceneNotFound("There is no storyboard yet.")
            number = request.scene_number or 0
            board.scene(number)
            return await self._writer.rewrite_scene(
                RewriteRequest(
                    brief=brief,
                    scenes=board.contents,
                    number=number,
                    feedback=request.feedback or "",
                    constraints=scene_constraints(request),
                    seed=seed,
                    pictures=shown,
                )
            )
        previous = board.contents if board else ()
        return await self._writer.write(WriteRequest(brief, seed=seed, previous=previous, pictures=shown))

    async def _accept(self, conn: Connection, request: StoryboardRequested, result: WriterResult) -> None:
        stored = await storyboards.load(conn, request.job_id, lock=True)
        if stored is None or stored.writing_id != request.request_id:
            return  # cancelled, or another request took its place
        now = self._clock.now()
        # What was said of one scene is no word on the whole storyboard.
        brief = story_brief(request, self._limits, with_feedback=request.mode is not WritingMode.SCENE)
        if request.mode is WritingMode.SCENE:
            number = request.scene_number or 0
            board = stored.board.replace_scene(
                number, result.draft.scenes[0], brief, result.generator, now, prompt_version=result.prompt_version
            )
            cause = "regenerate"
        else:
            board = stored.board.accept(
                result.draft, brief, result.generator, now, new_id, prompt_version=result.prompt_version
            )
            cause = "write"
        revisions = revisions_between(stored.board, board, cause=cause, changed_by=result.generator, at=now)
        await storyboards.save(conn, board, revisions)
        await storyboards.end_writing(conn, request.job_id, request.request_id)
        costs = await writing_costs.lines(conn, request.request_id)
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


def _worth_showing(brief: StoryBrief) -> list[str]:
    """Ids of what can be seen, the hero first: only so many pictures are shown."""
    return [asset.asset_id for asset in sorted(brief.visual_assets, key=lambda asset: not asset.is_hero)]


def _seed(job_id: uuid.UUID, version: int) -> int:
    """Another one for each version, so that writing again gives something else; the same for a repeated attempt."""
    return (job_id.int ^ (version * 0x9E3779B97F4A7C15)) & 0x7FFFFFFF
