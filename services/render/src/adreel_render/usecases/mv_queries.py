"""Reads of music-video tasks: one task for one caller, at once or when it has ended."""

import asyncio
import uuid

from adreel_kit.db import Database, Listener, wait_for
from adreel_kit.ids import parse_id

from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.errors import RenderNotFound
from adreel_render.domain.mv_task import MvTask

# A notification may be lost.
_LOOK_AGAIN_SECONDS = 2.0


class MvQueries:
    """Answers look-ups; a task of another client is as if it were not there."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database = database
        self._listener = listener

    async def task(self, task_id: str, client_id: uuid.UUID | None, *, wait_seconds: float = 0.0) -> MvTask:
        """The task, held back until it ends for at most that long. Raises RenderNotFound."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        async with self._listener.subscription(mv_tasks.CHANNEL, task_id) as ended:
            while True:
                task = await self._task(task_id, client_id)
                left = deadline - asyncio.get_running_loop().time()
                if task.has_ended or left <= 0:
                    return task
                await wait_for(ended, min(left, _LOOK_AGAIN_SECONDS))

    async def _task(self, task_id: str, client_id: uuid.UUID | None) -> MvTask:
        parsed = parse_id(task_id)
        if parsed is not None:
            async with self._database.connection() as conn:
                task = await mv_tasks.find_task(conn, parsed)
            if task is not None and (client_id is None or task.client_id == client_id):
                return task
        raise RenderNotFound("There is nothing with this id.")
