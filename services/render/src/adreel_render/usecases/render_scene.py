"""The work of one scene: draw its clip unless it exists, keep it, and order the film after the last one."""

import uuid

from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres.renders import StoredClip
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.draw_clip import DrawClip, SceneWork
from adreel_render.usecases.end_scenes import MadeClip, fail_render, record_clip

log = get_logger(__name__)

LOCAL = "local"


class RenderScene:
    """The `scene` work handler for the local engine."""

    def __init__(self, *, outbox: Outbox, describe: DescribeScene, draw: DrawClip) -> None:
        self._outbox = outbox
        self._describe = describe
        self._draw = draw

    async def run(self, item: WorkItem) -> Finish:
        work = await self._draw.work_of(item)
        clip, is_reused = await self._clip(work)
        made = MadeClip(clip, backend=LOCAL, model=LOCAL, is_reused=is_reused)

        async def finish(conn: Connection) -> None:
            await record_clip(conn, self._outbox, work.request, work.layout, work.number, made)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        render_id = uuid.UUID(item.payload["render_id"])
        await fail_render(conn, self._outbox, render_id, error, scene_number=int(item.payload["scene_number"]))

    async def _clip(self, work: SceneWork) -> tuple[StoredClip, bool]:
        """The scene's clip. A medium that cannot be drawn is left out, as a failed one is."""
        without: frozenset[str] = frozenset()
        while True:
            spec = await self._describe.spec(
                work.request, work.layout, work.number, without=without, spoken_frames=work.spoken_frames
            )
            try:
                return await self._draw.clip(work, spec)
            except SceneUnrenderable as error:
                medium = str(error.details.get("medium", ""))
                if not medium or medium in without:
                    raise
                log.warning(
                    "medium.left_out", medium=medium, scene_number=work.number, reason=error.details.get("reason")
                )
                without |= {medium}
