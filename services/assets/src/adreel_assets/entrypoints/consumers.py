"""Events this service listens to."""

from adreel_kit.bus import Bus, Message, Outcome

from adreel_assets.adapters.postgres import assets
from adreel_assets.domain.events import IngestRequested, JobCancelled, JobStatusChanged
from adreel_assets.usecases.cancel_ingest import cancel_ingest
from adreel_assets.usecases.ingest import OrderIngest

# A job that can still go on, by retry or by reopening, has ended all the same: it takes its assets up again then.
_ENDED = frozenset({"completed", "failed", "cancelled"})


def subscribe(bus: Bus, order_ingest: OrderIngest) -> None:
    """Register every consumer."""
    bus.subscribe(IngestRequested, order_ingest.handle)
    bus.subscribe(JobCancelled, cancel_ingest)
    bus.subscribe(JobStatusChanged, _release)


async def _release(message: Message[JobStatusChanged]) -> Outcome:
    if message.event.to_status in _ENDED:
        await assets.release_uses(message.conn, message.event.job_id)
    return None
