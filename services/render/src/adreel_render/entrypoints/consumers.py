"""Events this service listens to."""

from adreel_kit import work_items
from adreel_kit.bus import Bus, Message, Outcome

from adreel_render.adapters.postgres import renders
from adreel_render.domain.request import JobCancelled, RenderRequested
from adreel_render.usecases.start_render import StartRender


def subscribe(bus: Bus, start_render: StartRender) -> None:
    """Register every consumer."""
    bus.subscribe(RenderRequested, start_render.handle)
    bus.subscribe(JobCancelled, _cancel)


async def _cancel(message: Message[JobCancelled]) -> Outcome:
    await renders.cancel_renders(message.conn, message.event.job_id)
    for subject in (str(message.event.job_id), f"{message.event.job_id}/preview"):
        await work_items.cancel(message.conn, subject=subject)
    return None
