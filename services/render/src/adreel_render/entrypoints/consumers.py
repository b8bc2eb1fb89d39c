"""Events this service listens to."""

from adreel_kit import work_items
from adreel_kit.bus import Bus, Message, Outcome
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import renders
from adreel_render.domain.request import JobCancelled, RenderRequested
from adreel_render.usecases.buying.book import book_leftovers
from adreel_render.usecases.buying.buy import withdraw
from adreel_render.usecases.start_render import StartRender


def subscribe(bus: Bus, start_render: StartRender, outbox: Outbox) -> None:
    """Register every consumer."""

    async def cancel(message: Message[JobCancelled]) -> Outcome:
        job_id = message.event.job_id
        for subject in (str(job_id), f"{job_id}/preview"):
            await work_items.cancel(message.conn, subject=subject)
        await renders.cancel_renders(message.conn, job_id)
        # What runs at a provider is stopped there; what was paid already is told of now, the rest when it is known.
        await withdraw(message.conn, str(job_id))
        await book_leftovers(message.conn, outbox, job_id)
        return None

    bus.subscribe(RenderRequested, start_render.handle)
    bus.subscribe(JobCancelled, cancel)
