"""A music-video task is ordered: planned, stored once under its id, and its work queued, in one transaction."""

import uuid
from dataclasses import replace
from datetime import datetime

from adreel_kit import work_items
from adreel_kit.db import Connection, Database
from adreel_kit.ids import parse_id

from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.errors import ClipNotReady, ParameterRefused, PictureNotReady, RenderNotFound
from adreel_render.domain.mv_models import LOCAL
from adreel_render.domain.mv_orders import ImageOrder, MergeOrder, Ordered, VideoOrder
from adreel_render.domain.mv_task import KeptFile, MvKind, MvPlan, MvState, MvTask
from adreel_render.usecases.explain_mv import ExplainMv
from adreel_render.usecases.plan_mv import PlanMv

IMAGE_KIND = "mv_image"
VIDEO_KIND = "mv_video"
MERGE_KIND = "mv_merge"
PURCHASE_KIND = "mv_purchase"
DRAWN_KINDS = (IMAGE_KIND, VIDEO_KIND, MERGE_KIND)

_KIND_OF_WORK = {MvKind.IMAGE: IMAGE_KIND, MvKind.VIDEO: VIDEO_KIND, MvKind.MERGE: MERGE_KIND}
_MOST_ATTEMPTS = 6
# Pictures ordered in the same second get a number behind their time.
_MOST_NAMES = 10_000


class OrderMvTask:
    """Takes orders in. Safe to repeat: the same id answers with the same task, whatever became of it."""

    def __init__(self, database: Database, plan: PlanMv, explain: ExplainMv) -> None:
        self._database = database
        self._plan = plan
        self._explain = explain

    async def take(self, ordered: Ordered) -> MvTask:
        """Raises ParameterRefused, MissingAPIKey, RenderNotFound, ClipNotReady, PictureNotReady, and makes nothing."""
        async with self._database.transaction() as conn:
            known = await mv_tasks.find_task(conn, ordered.task_id)
            if known is not None:
                return known
            plan = await self._planned(conn, ordered)
            await self._store(conn, ordered, plan)
            task = await mv_tasks.find_task(conn, ordered.task_id)
        assert task is not None, "stored in this transaction, or by another one that this one waited for"
        self._explain.planned(ordered, plan)
        return task

    async def _planned(self, conn: Connection, ordered: Ordered) -> MvPlan:
        order = ordered.order
        if isinstance(order, ImageOrder):
            return self._plan.image(order)
        if isinstance(order, MergeOrder):
            plan = self._plan.merge(order)
            clips = [await _clip(conn, video_id, ordered.client_id) for video_id in order.video_ids]
            return replace(plan, clips=tuple(clips))
        plan = self._plan.video(order)
        return replace(plan, reference=await _reference(conn, order, ordered.client_id))

    async def _store(self, conn: Connection, ordered: Ordered, plan: MvPlan) -> None:
        at: datetime = await conn.fetchval("SELECT now() AT TIME ZONE 'UTC'")
        for number in range(1, _MOST_NAMES):
            if await mv_tasks.insert_task(conn, ordered.task_id, ordered.client_id, plan, _stem(ordered, at, number)):
                break
            if await mv_tasks.find_task(conn, ordered.task_id) is not None:
                return  # the same order came twice at once
        await work_items.enqueue(
            conn,
            kind=_KIND_OF_WORK[plan.kind] if plan.backend == LOCAL else PURCHASE_KIND,
            key=str(ordered.task_id),
            subject=work_subject(ordered.task_id),
            payload={"task_id": str(ordered.task_id)},
            max_attempts=_MOST_ATTEMPTS,
        )


def work_subject(task_id: uuid.UUID) -> str:
    """What a task's work is cancelled and booked by."""
    return f"mv/{task_id}"


def _stem(ordered: Ordered, at: datetime, number: int) -> str:
    if not isinstance(ordered.order, ImageOrder):
        return f"videos/{ordered.task_id}"
    suffix = f"_{number}" if number > 1 else ""
    return f"character_reference/character_ref_{at:%Y%m%d_%H%M%S}{suffix}"


async def _reference(conn: Connection, order: VideoOrder, client_id: uuid.UUID | None) -> KeptFile | None:
    if not order.reference_id:
        return order.reference
    if order.reference is not None:
        raise ParameterRefused(
            "Give reference_image_base64 or reference_id, not both.", details={"field": "reference_id"}
        )
    task = await _visible(conn, order.reference_id, client_id)
    if task is None or task.kind is not MvKind.IMAGE:
        raise RenderNotFound(f"There is no reference image with the id {order.reference_id[:40]!r}.")
    if task.result is None:
        state = "failed" if task.state is MvState.FAILED else "is not finished"
        raise PictureNotReady(f"The reference image {task.id} {state}.", retry_after_seconds=_hint(task))
    return task.result


async def _clip(conn: Connection, video_id: str, client_id: uuid.UUID | None) -> uuid.UUID:
    task = await _visible(conn, video_id, client_id)
    if task is None or task.kind is MvKind.IMAGE:
        raise RenderNotFound(f"There is no video with the id {video_id[:40]!r}.")
    if task.result is None:
        state = "failed" if task.state is MvState.FAILED else "is not finished"
        raise ClipNotReady(f"The video {task.id} {state}.", retry_after_seconds=_hint(task))
    return task.id


async def _visible(conn: Connection, text: str, client_id: uuid.UUID | None) -> MvTask | None:
    parsed = parse_id(text)
    task = await mv_tasks.find_task(conn, parsed) if parsed is not None else None
    return task if task is not None and client_id in (None, task.client_id) else None


def _hint(task: MvTask) -> float | None:
    return None if task.has_ended else 5.0
