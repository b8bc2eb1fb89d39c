"""How far a render is, told at most once a second and never backwards.

Scenes count by their frames and make up the first 85 percent, joining the rest: measured on a 30 s film, drawing took
six times as long as joining.
"""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from adreel_kit.db import Connection, Database
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import renders
from adreel_render.domain.events import RenderProgressed
from adreel_render.usecases.tell_regularly import INTERVAL_SECONDS, tell_if_possible, telling

Note = Callable[[Connection, float], Awaitable[None]]

_SCENES_PERCENT = 85.0
_JOINED_PERCENT = 98.0
_WAITING_SECONDS = 10.0


class ReportProgress:
    """See `domain.ports.ProgressReport`. One per process: it keeps the pace over all scenes of a render."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._last: dict[uuid.UUID, float] = {}

    @asynccontextmanager
    async def scene(self, render_id: uuid.UUID, scene_number: int) -> AsyncIterator[Callable[[float], None]]:
        async def note(conn: Connection, share: float) -> None:
            total = await conn.fetchval(
                "SELECT frames_total FROM render_scenes WHERE render_id = $1 AND scene_number = $2",
                render_id,
                scene_number,
            )
            await renders.note_frames(conn, render_id, scene_number, int(share * (total or 0)))

        async with self._telling(render_id, "rendering_scenes", note) as on_progress:
            yield on_progress

    async def waiting(self, render_id: uuid.UUID) -> None:
        now = time.monotonic()
        if now - self._last.get(render_id, 0.0) < _WAITING_SECONDS:
            return
        await tell_if_possible(self._publish(render_id, "rendering_scenes", 0.0, None))

    @asynccontextmanager
    async def composing(self, render_id: uuid.UUID) -> AsyncIterator[Callable[[float], None]]:
        async with self._telling(render_id, "composing", None) as on_progress:
            yield on_progress

    @asynccontextmanager
    async def _telling(
        self, render_id: uuid.UUID, phase: str, note: "Note | None"
    ) -> AsyncIterator[Callable[[float], None]]:
        async with telling(lambda share: self._publish(render_id, phase, share, note)) as on_progress:
            yield on_progress

    async def _publish(self, render_id: uuid.UUID, phase: str, share: float, note: "Note | None") -> None:
        async with self._database.transaction() as conn:
            if note is not None:
                await note(conn, share)
            now = time.monotonic()
            if now - self._last.get(render_id, 0.0) < INTERVAL_SECONDS * 0.9:
                return
            self._last = {known: at for known, at in self._last.items() if now - at < 60} | {render_id: now}
            await self._tell_job(conn, render_id, phase, share)

    async def _tell_job(self, conn: Connection, render_id: uuid.UUID, phase: str, share: float) -> None:
        standing = await renders.standing(conn, render_id)
        request = await renders.load_request(conn, render_id)
        if standing is None or request is None or request.is_preview:
            return
        if phase == "composing":
            percent = _SCENES_PERCENT + share * (_JOINED_PERCENT - _SCENES_PERCENT)
        else:
            percent = _SCENES_PERCENT * standing.frames_done / max(standing.frames_total, 1)
        counted = await renders.next_progress(conn, render_id, percent)
        if counted is None:
            return
        sequence, percent = counted
        await self._outbox.publish(
            RenderProgressed(
                job_id=request.job_id,
                render_id=render_id,
                sequence=sequence,
                percent=round(percent, 1),
                phase=phase,
                scenes_done=standing.scenes_done,
                scenes_total=standing.scenes_total,
                eta_seconds=_eta(percent, standing.age_seconds),
            ),
            conn,
            subject=str(request.job_id),
        )


def _eta(percent: float, age_seconds: float) -> float | None:
    """Time left if the rest goes as the part done; unknown while too little is done to tell."""
    if percent < 2.0:
        return None
    return round(age_seconds * (100.0 - percent) / percent, 1)
