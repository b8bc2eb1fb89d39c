"""From a change of a job's status to what its owner is told, and where."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from adreel_kit.bus import Message
from adreel_kit.envelope import Event

from adreel_gateway.adapters.postgres.webhook_deliveries import WebhookDeliveries

_TOLD = {
    "storyboard_review": "job.storyboard_ready",
    "completed": "job.completed",
    "failed": "job.failed",
    "cancelled": "job.cancelled",
}


class JobStatusChanged(Event):
    """The part of `job.status_changed.v1` that webhooks are made of."""

    TYPE: ClassVar[str] = "job.status_changed.v1"

    job_id: str
    client_id: str
    campaign_id: str | None = None
    version: int
    from_status: str | None = None
    to_status: str
    error: dict[str, Any] | None = None  # ErrorFacts as JSON
    webhook_url: str | None = None


async def order_webhook(message: Message[JobStatusChanged], deliveries: WebhookDeliveries, public_url: str) -> None:
    """Order the delivery, if the job has an address and the change is one that is told."""
    event = message.event
    told = _TOLD.get(event.to_status)
    if not event.webhook_url or told is None or (event.from_status == "completed" and told == "job.storyboard_ready"):
        # A finished job that is reopened has the storyboard its owner knows already.
        return
    await deliveries.add(
        message.conn,
        event_id=message.message_id,
        event_type=told,
        job_id=event.job_id,
        client_id=event.client_id,
        url=event.webhook_url,
        body=json.dumps(payload(event, told, message.time, public_url), separators=(",", ":")),
    )


def payload(event: JobStatusChanged, told: str, at: datetime, public_url: str) -> Mapping[str, Any]:
    """The body: what happened, when, and enough to decide whether to ask for more."""
    base = f"{public_url.rstrip('/')}/api/v3/jobs/{event.job_id}"
    error = event.error
    return {
        "type": told,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "data": {
            "jobId": event.job_id,
            "clientId": event.client_id,
            "campaignId": event.campaign_id,
            "status": event.to_status,
            "version": event.version,
            "error": {name: error.get(name) for name in ("code", "message", "details")} if error else None,
            "url": base,
            "videoUrl": f"{base}/video" if told == "job.completed" else None,
        },
    }
