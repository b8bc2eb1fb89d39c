"""The facts of the other services, each turned into a verb of its job."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from adreel_kit.bus import Bus, Message, MessageDeadLettered
from adreel_kit.ids import new_id, parse_id

from adreel_jobs.domain.cost import Bill, CostLine
from adreel_jobs.domain.job_parts import ErrorInfo
from adreel_jobs.domain.status import Step
from adreel_jobs.entrypoints.facts import (
    AssetFailed,
    AssetReady,
    ClipReady,
    CostBooked,
    CostFact,
    RenderCompleted,
    RenderFailed,
    RenderProgressed,
    SceneUpdated,
    StoryboardFailed,
    StoryboardLocked,
    StoryboardReady,
    without_nul,
)
from adreel_jobs.usecases.record_fact import FactRecorder

# Without these messages a job's step would never be answered; the loss of any other delays nothing.
_STEP_OF: Mapping[str, Step] = MappingProxyType(
    {
        "assets.ingest_requested.v1": Step.INGEST,
        "asset.ready.v1": Step.INGEST,
        "asset.failed.v1": Step.INGEST,
        "storyboard.requested.v1": Step.WRITE,
        "storyboard.ready.v1": Step.WRITE,
        "storyboard.failed.v1": Step.WRITE,
        "storyboard.locked.v1": Step.LOCK,
        "render.requested.v1": Step.RENDER,
        "render.completed.v1": Step.RENDER,
        "render.failed.v1": Step.RENDER,
    }
)


class FactConsumers:
    """One handler per event type."""

    def __init__(self, recorder: FactRecorder) -> None:
        self._recorder = recorder

    def subscribe(self, bus: Bus) -> None:
        """Register every handler."""
        bus.subscribe(AssetReady, self.asset_ready)
        bus.subscribe(AssetFailed, self.asset_failed)
        bus.subscribe(StoryboardReady, self.storyboard_ready)
        bus.subscribe(StoryboardFailed, self.storyboard_failed)
        bus.subscribe(SceneUpdated, self.scene_updated)
        bus.subscribe(StoryboardLocked, self.storyboard_locked)
        bus.subscribe(ClipReady, self.clip_ready)
        bus.subscribe(CostBooked, self.cost_booked)
        bus.subscribe(RenderProgressed, self.render_progressed)
        bus.subscribe(RenderCompleted, self.render_completed)
        bus.subscribe(RenderFailed, self.render_failed)
        bus.subscribe(MessageDeadLettered, self.dead_lettered)

    async def asset_ready(self, message: Message[AssetReady]) -> None:
        event = message.event
        if event.job_id is not None:
            facts = event.as_facts()
            await self._recorder.record(
                message.conn, event.job_id, event.TYPE, lambda job: job.asset_settled(event.asset_id, facts=facts)
            )

    async def asset_failed(self, message: Message[AssetFailed]) -> None:
        event = message.event
        if event.job_id is not None:
            error = event.error.as_info()
            await self._recorder.record(
                message.conn, event.job_id, event.TYPE, lambda job: job.asset_settled(event.asset_id, error=error)
            )

    async def storyboard_ready(self, message: Message[StoryboardReady]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.storyboard_ready(
                event.request_id,
                version=event.version,
                generator=event.generator,
                scene_count=event.scene_count,
                duration_seconds=event.duration_seconds,
                warnings=event.warnings,
                changed_scenes=event.changed_scenes,
            ),
            bill=_writing_bill(event.request_id, event.cost_lines),
        )

    async def storyboard_failed(self, message: Message[StoryboardFailed]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.storyboard_failed(event.request_id, event.error.as_info()),
            bill=_writing_bill(event.request_id, event.cost_lines),
        )

    async def scene_updated(self, message: Message[SceneUpdated]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.scene_updated(
                event.scene_number,
                storyboard_version=event.storyboard_version,
                duration_seconds=event.duration_seconds,
                scene_count=event.scene_count,
                warnings=event.warnings,
            ),
        )

    async def storyboard_locked(self, message: Message[StoryboardLocked]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.storyboard_locked(event.version, event.scenes, new_id()),
        )

    async def clip_ready(self, message: Message[ClipReady]) -> None:
        event = message.event
        bill = Bill(f"render:{event.render_id}", f"take:{event.take_id}", False, _lines(event.cost_lines))
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.clip_ready(event.render_id, event.scene_number),
            # A take that was there already was billed when it was made.
            bill=None if event.is_reused else bill,
        )

    async def cost_booked(self, message: Message[CostBooked]) -> None:
        event = message.event
        source = f"purchase:{event.purchase_id}"
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            # A cost changes nothing about how far the job is.
            lambda job: False,
            bill=Bill(source, source, True, _lines(event.cost_lines)),
        )

    async def render_progressed(self, message: Message[RenderProgressed]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.render_progressed(
                event.render_id,
                event.sequence,
                percent=event.percent,
                phase=event.phase,
                scenes_done=event.scenes_done,
                scenes_total=event.scenes_total,
                eta_seconds=event.eta_seconds,
            ),
        )

    async def render_completed(self, message: Message[RenderCompleted]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.render_completed(event.render_id, duration_seconds=event.duration_seconds),
            bill=_render_bill(event.render_id, event.cost_lines),
        )

    async def render_failed(self, message: Message[RenderFailed]) -> None:
        event = message.event
        await self._recorder.record(
            message.conn,
            event.job_id,
            event.TYPE,
            lambda job: job.render_failed(event.render_id, event.as_info()),
            bill=_render_bill(event.render_id, event.cost_lines),
        )

    async def dead_lettered(self, message: Message[MessageDeadLettered]) -> None:
        event = message.event
        job_id, step = parse_id(event.subject), _STEP_OF.get(event.message_type)
        if job_id is None or step is None:
            return
        error = ErrorInfo(
            without_nul(event.code),
            without_nul(event.message),
            {"consumer": event.consumer, "messageType": event.message_type},
        )
        await self._recorder.record(
            message.conn,
            job_id,
            event.TYPE,
            lambda job: job.give_up(step, error, f"{event.message_type} dead-lettered"),
        )


def _writing_bill(request_id: UUID, lines: Sequence[CostFact]) -> Bill:
    group = f"writing:{request_id}"
    return Bill(group, group, True, _lines(lines))


def _render_bill(render_id: UUID, lines: Sequence[CostFact]) -> Bill:
    group = f"render:{render_id}"
    return Bill(group, group, True, _lines(lines))


def _lines(lines: Sequence[CostFact]) -> tuple[CostLine, ...]:
    return tuple(line.as_line() for line in lines)
