"""What the gateway does about events: a job's change of status may be told to its owner."""

from adreel_kit.bus import Bus, Message

from adreel_gateway.adapters.postgres.webhook_deliveries import WebhookDeliveries
from adreel_gateway.usecases.order_webhook import JobStatusChanged, order_webhook


def subscribe(bus: Bus, deliveries: WebhookDeliveries, *, public_url: str) -> None:
    """Register every handler of this service."""

    async def job_status_changed(message: Message[JobStatusChanged]) -> None:
        await order_webhook(message, deliveries, public_url)

    bus.subscribe(JobStatusChanged, job_status_changed)
