"""What the work of every music-video task has in common: its beginning, its progress, its result, its failure."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.errors import RenderNotFound
from adreel_render.domain.mv_metadata import metadata_of
from adreel_render.domain.mv_ports import OutputFolder
from adreel_render.domain.mv_task import KeptFile, MvTask
from adreel_render.usecases.explain_mv import ExplainMv
from adreel_render.usecases.tell_regularly import telling

# The rest is storing what was made.
_MOST_SHARE = 0.99
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4"}


class MvRecord:
    """Keeps the rows of tasks while handlers work on them."""

    def __init__(self, database: Database, output: OutputFolder, explain: ExplainMv) -> None:
        self._database = database
        self._output = output
        self._explain = explain

    async def begin(self, item: WorkItem) -> MvTask:
        """The item's task, marked as begun."""
        task_id = uuid.UUID(item.payload["task_id"])
        async with self._database.transaction() as conn:
            await mv_tasks.begin(conn, task_id)
            task = await mv_tasks.find_task(conn, task_id)
        if task is None:
            raise RenderNotFound("The task is gone.")
        return task

    async def finish(
        self, task: MvTask, file: KeptFile, *, facts: Mapping[str, Any] | None = None, cost_micros: int = 0
    ) -> Finish:
        """Publish the result and return what records it; `facts` are added to the parameters that were used."""
        async with self._database.connection() as conn:
            stem = await mv_tasks.find_stem(conn, task.id)
        path = await self._output.publish(f"{stem}.{_ENDINGS.get(file.content_type, 'bin')}", file)

        async def record(conn: Connection) -> None:
            at, seconds = await mv_tasks.times_of(conn, task.id)
            metadata = metadata_of(task.plan, facts or {}, at=at, seconds=seconds)
            await mv_tasks.complete(conn, task.id, file=file, path=path, metadata=metadata, cost_micros=cost_micros)
            self._explain.completed(
                task, seconds=seconds, path=path, size_bytes=file.size_bytes, cost_micros=cost_micros
            )

        return record

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        """Record that the task was given up."""
        facts = error.as_dict() | {"http_status": error.http_status, "retry_after_seconds": error.retry_after_seconds}
        await mv_tasks.fail(conn, uuid.UUID(item.payload["task_id"]), facts)
        self._explain.failed(item.payload["task_id"], error)

    @asynccontextmanager
    async def progress(
        self, task: MvTask, *, start: float = 0.0, end: float = 1.0
    ) -> AsyncIterator[Callable[[float], None]]:
        """While the block runs, shares given to the callback are stored once a second, as parts of start to end."""

        async def tell(share: float) -> None:
            async with self._database.transaction() as conn:
                await mv_tasks.note_progress(conn, task.id, min(_MOST_SHARE, start + share * (end - start)))

        async with telling(tell) as on_progress:
            yield on_progress
