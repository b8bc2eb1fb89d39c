"""Music-video scenes are ordered, and looked at until they are there: the calls of `create_scenes`."""

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from adreel_kit import work_items
from adreel_kit.db import Connection, Database, Listener, wait_for
from adreel_kit.logging import get_logger

from adreel_scenes.adapters.postgres import music_tasks, writing_costs
from adreel_scenes.adapters.postgres.music_tasks import StoredMusicTask
from adreel_scenes.domain.errors import MusicRequestInvalid, MusicTaskNotFound
from adreel_scenes.domain.events import CostLine
from adreel_scenes.domain.music import MusicDefaults, MusicOrder, MusicWish
from adreel_scenes.domain.music_task import MusicTaskState
from adreel_scenes.domain.output_dir import output_dir_parts
from adreel_scenes.domain.ports import OutputRoot
from adreel_scenes.domain.writer_errors import MissingAPIKey

log = get_logger(__name__)

MUSIC_KIND = "write_music_scenes"
MUSIC_BACKENDS = ("gemini", "template")
# The contract's default; with `fallback`, the one that needs no key stands in for it.
_DEFAULT, _NO_KEY = MUSIC_BACKENDS
# A notification may be lost with its connection.
_LOOK_AGAIN_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class MusicTaskView:
    """A task and what it cost so far."""

    task: StoredMusicTask
    costs: list[CostLine]


class OrderMusicScenes:
    """`available` are the backends that can be called here; `fallback` allows the no-key one where none was named."""

    def __init__(
        self,
        *,
        database: Database,
        listener: Listener,
        output: OutputRoot,
        defaults: MusicDefaults,
        available: Collection[str],
        fallback: bool,
        is_debugged: bool = False,
    ) -> None:
        self._database = database
        self._listener = listener
        self._output = output
        self._defaults = defaults
        self._available = frozenset(available)
        self._fallback = fallback
        self._is_debugged = is_debugged

    async def order(self, task_id: uuid.UUID, client_id: str, wish: MusicWish) -> MusicTaskView:
        """Make the task, or find the one that was made under this id. Raises MusicRequestInvalid, MissingAPIKey."""
        order = MusicOrder.of(wish, self._defaults)
        backend = self._backend(wish.backend)
        if self._is_debugged:
            log.info("mv.debug.parameters", task=str(task_id), used=order.parameters, idea=order.idea)
            log.info("mv.debug.backend", task=str(task_id), asked=wish.backend, chosen=backend)
        await self._output.check(task_directory(task_id, client_id, order.output_dir))
        async with self._database.transaction() as conn:
            if await music_tasks.add(conn, task_id, client_id, order, backend):
                await work_items.enqueue(
                    conn, kind=MUSIC_KIND, key=str(task_id), subject=str(task_id), payload={"task_id": str(task_id)}
                )
            return await _view(conn, task_id, client_id)

    async def look(self, task_id: uuid.UUID, client_id: str, *, wait_seconds: float) -> MusicTaskView:
        """The task once it has ended, or as it stands after `wait_seconds`. Raises MusicTaskNotFound."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(wait_seconds, _LONGEST_WAIT_SECONDS)
        async with self._listener.subscription(music_tasks.CHANNEL, str(task_id)) as ended:
            while True:
                async with self._database.connection() as conn:
                    view = await _view(conn, task_id, client_id)
                left = deadline - loop.time()
                if view.task.state is not MusicTaskState.PENDING or left <= 0:
                    return view
                await wait_for(ended, min(left, _LOOK_AGAIN_SECONDS))

    def _backend(self, named: str | None) -> str:
        if named is not None and named not in MUSIC_BACKENDS:
            raise MusicRequestInvalid("backend", f"must be one of {', '.join(MUSIC_BACKENDS)}.")
        wanted = named or _DEFAULT
        if wanted in self._available:
            return wanted
        if named is None and self._fallback and _NO_KEY in self._available:
            return _NO_KEY
        raise MissingAPIKey(
            f"The backend {wanted} needs an API key: set GEMINI_API_KEY.",
            provider=wanted,
            details={"backend": wanted, "setting": "GEMINI_API_KEY"},
        )


def task_directory(task_id: uuid.UUID, client_id: str, output_dir: str) -> tuple[str, ...]:
    """Where a task's files go: the directory named, or one of its own; of a bound client, below the client's.

    Raises OutputDirRefused.
    """
    named = output_dir_parts(output_dir) or ("scenes", str(task_id))
    return ("clients", *output_dir_parts(client_id), *named) if client_id else named


async def _view(conn: Connection, task_id: uuid.UUID, client_id: str) -> MusicTaskView:
    task = await music_tasks.load(conn, task_id)
    if task is None or client_id not in ("", task.client_id):
        raise MusicTaskNotFound("There is no such task.")
    return MusicTaskView(task, await writing_costs.lines(conn, task_id))
