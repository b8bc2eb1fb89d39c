"""The work of `create_scenes`: ask the writer, keep its scenes, write the files, and say that it is done.

Scenes are kept in a transaction of their own before the files are written. A model's failure ends the task at once,
with its code and what it cost: someone waits for the answer, and the writer has tried again by itself where that helps.
"""

import asyncio
import uuid
from collections.abc import Mapping

from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish, GiveUp

from adreel_scenes.adapters.postgres import music_tasks, writing_costs
from adreel_scenes.adapters.postgres.music_tasks import StoredMusicTask
from adreel_scenes.domain.errors import MusicTaskNotFound
from adreel_scenes.domain.music import MusicScene
from adreel_scenes.domain.music_files import JSON_NAME, MARKDOWN_NAME, scenes_json, scenes_markdown
from adreel_scenes.domain.ports import MusicSceneWriter, OutputRoot
from adreel_scenes.domain.usage import Usage
from adreel_scenes.domain.writer_errors import MissingAPIKey, ProviderTimeout, WriterError
from adreel_scenes.usecases.order_music_scenes import task_directory
from adreel_scenes.usecases.price_usage import cost_lines, unknown_line

_COST_KIND = "music_scenes"
_WHAT = "Music-video scenes"


class WriteMusicScenes:
    """The `write_music_scenes` work handler. `writers` by backend, `models` by backend for what failed calls cost."""

    def __init__(
        self,
        *,
        database: Database,
        output: OutputRoot,
        writers: Mapping[str, MusicSceneWriter],
        models: Mapping[str, str],
        deadline_seconds: float,
    ) -> None:
        self._database = database
        self._output = output
        self._writers = writers
        self._models = models
        self._deadline_seconds = deadline_seconds

    async def run(self, item: WorkItem) -> Finish:
        task_id = uuid.UUID(item.payload["task_id"])
        async with self._database.connection() as conn:
            task = await music_tasks.load(conn, task_id)
        if task is None:
            raise MusicTaskNotFound("There is no such task.")
        scenes = task.scenes if task.scenes is not None else await self._write(item, task)
        files = await self._output.write(
            task_directory(task.id, task.client_id, task.order.output_dir),
            {
                JSON_NAME: scenes_json(scenes, metadata_of(task)),
                MARKDOWN_NAME: scenes_markdown(scenes, task.order.idea, task.order.parameters),
            },
        )

        async def finish(conn: Connection) -> None:
            await music_tasks.complete(conn, task_id, files)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        await music_tasks.fail(conn, uuid.UUID(item.payload["task_id"]), error)

    async def _write(self, item: WorkItem, task: StoredMusicTask) -> tuple[MusicScene, ...]:
        try:
            writer = self._writers.get(task.backend)
            if writer is None:
                # The key was taken away after the task was ordered.
                raise MissingAPIKey(f"The backend {task.backend} has no API key any more.", provider=task.backend)
            if model := self._models.get(task.backend):
                line = unknown_line(task.backend, model, kind=_COST_KIND, what=_WHAT)
                async with self._database.transaction() as conn:
                    await writing_costs.intend(conn, uuid.UUID(item.key), item.attempt, line)
            async with asyncio.timeout(self._deadline_seconds):
                result = await writer.write_music_scenes(task.order.request)
        except TimeoutError:
            error = ProviderTimeout(f"{task.backend} did not answer in time.", provider=task.backend)
            raise GiveUp(error) from None
        except WriterError as error:
            async with self._database.transaction() as conn:
                await self._note(conn, item, task.backend, self._models.get(task.backend, ""), error.usage)
            raise GiveUp(error) from error
        async with self._database.transaction() as conn:
            await music_tasks.keep_scenes(conn, task.id, result.scenes)
            await self._note(conn, item, result.provider, result.model, result.usage)
        return result.scenes

    async def _note(self, conn: Connection, item: WorkItem, provider: str, model: str, usage: Usage) -> None:
        lines = cost_lines(provider, model, usage, kind=_COST_KIND, what=_WHAT)
        await writing_costs.settle(conn, uuid.UUID(item.key), item.attempt, lines)


def metadata_of(task: StoredMusicTask) -> dict[str, object]:
    """As the answer's `metadata` says it."""
    return {
        "idea": task.order.idea,
        "number_of_scenes": task.order.number_of_scenes,
        "parameters_used": dict(task.order.parameters),
        "backend_used": task.backend,
    }
