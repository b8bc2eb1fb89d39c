"""One attempt at a delivery: signed, guarded against addresses inside, repeated with growing patience.

A receiver may see a delivery more than once, always under the same `webhook-id`.
"""

import time

from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts, ErrorKind, NotFound, Unavailable
from adreel_kit.guarded_http import GuardedHttpError, GuardPolicy, Network, UrlForbidden, guarded_post
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_gateway.adapters.postgres.webhook_deliveries import WebhookDeliveries
from adreel_gateway.errors import ReceiverGone
from adreel_gateway.usecases.webhook_signature import signed_headers

# The delays that Standard Webhooks proposes, in short: quick at first, then about a day in all.
_DELAYS_SECONDS = (5, 30, 300, 1_800, 7_200, 18_000, 28_800, 28_800)


class WebhookNotTaken(Unavailable):
    """The receiver did not answer with success."""

    code = "WEBHOOK_NOT_TAKEN"


class DeliverWebhook:
    """The handler of work items of kind `webhook`."""

    def __init__(self, deliveries: WebhookDeliveries, policy: GuardPolicy, *, network: Network | None = None) -> None:
        self._deliveries = deliveries
        self._policy = policy
        self._network = network

    async def run(self, item: WorkItem) -> Finish:
        """POST once. Raises WebhookNotTaken to be called again, ReceiverGone or UrlForbidden to be done with it."""
        delivery_id = str(item.payload["delivery_id"])
        delivery = await self._deliveries.find(delivery_id)
        if delivery is None:
            raise NotFound("There is no such delivery.")
        body = delivery.body.encode()
        secret = await self._deliveries.secret(delivery.client_id)
        headers = {
            "content-type": "application/json",
            **signed_headers(secret, message_id=delivery_id, sent_at=int(time.time()), body=body),
        }
        status = await self._post(delivery_id, delivery.url, body, headers, item.attempt)
        await self._deliveries.attempted(delivery_id, status=status, error=None)

        async def finish(conn: Connection) -> None:
            await self._deliveries.close(conn, delivery_id, delivered=True)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        """Give the round up; it can be replayed."""
        if error.kind is not ErrorKind.NOT_FOUND:
            await self._deliveries.close(conn, str(item.payload["delivery_id"]), delivered=False)

    async def _post(self, delivery_id: str, url: str, body: bytes, headers: dict[str, str], attempt: int) -> int:
        delay = float(_DELAYS_SECONDS[min(attempt, len(_DELAYS_SECONDS)) - 1])
        try:
            result = await guarded_post(url, body, headers, self._policy, network=self._network)
        except UrlForbidden as error:
            await self._deliveries.attempted(delivery_id, status=None, error=error.facts().as_dict())
            raise
        except GuardedHttpError as error:
            await self._deliveries.attempted(delivery_id, status=None, error=error.facts().as_dict())
            raise WebhookNotTaken(error.message, retry_after_seconds=delay) from error
        if result.is_success:
            return result.status
        refused = (
            ReceiverGone()
            if result.status == 410
            else WebhookNotTaken(
                f"The receiver answered with HTTP status {result.status}.",
                details={"status": result.status},
                retry_after_seconds=delay,
            )
        )
        await self._deliveries.attempted(delivery_id, status=result.status, error=refused.facts().as_dict())
        raise refused
