"""A provider's webhook: it says that something happened, and what is true is asked of the provider all the same.

It only shortens the wait, with one thing that nothing else can do: it names the creation of an attempt whose answer was
lost. Duplicates and late ones change nothing.
"""

import time
from collections.abc import Callable, Mapping

from adreel_kit import work_items
from adreel_kit.db import Connection, Database
from adreel_kit.ids import new_id, parse_id
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt
from adreel_render.domain.errors import WebhookRefused
from adreel_render.domain.purchases import PurchaseState
from adreel_render.domain.webhook_signature import is_signed
from adreel_render.usecases.buying.watchers import MOST_ATTEMPTS, WATCH_KIND, watch_subject

log = get_logger(__name__)


# Reads a provider's webhook (its raw body, and what its address names) for our attempt's id and the provider's own.
ReadWebhook = Callable[[bytes, str], tuple[str | None, str | None]]


class Knock:
    """Receives webhooks. `secrets` and `readers` are by provider; one without a secret takes none."""

    def __init__(
        self,
        database: Database,
        *,
        secrets: Mapping[str, str],
        readers: Mapping[str, ReadWebhook],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._readers = readers
        self._now = now

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes, *, attempt: str) -> None:
        """Raises WebhookRefused for what was not signed by this provider."""
        secret, read = self._secrets.get(provider), self._readers.get(provider)
        if secret is None or read is None or not is_signed(secret, headers, body, now=self._now()):
            raise WebhookRefused("This webhook is not signed by a provider that is set up here.")
        attempt_id, provider_id = read(body, attempt)
        async with self._database.transaction() as conn:
            found = await self._attempt(conn, provider, attempt_id, provider_id)
            if found is None:
                log.info("webhook.of_nothing_known", provider=provider)
                return
            if provider_id is not None:
                await self._name(conn, found, provider_id)
            await work_items.hurry(conn, subject=found.subject)
            await work_items.hurry(conn, subject=watch_subject(found.subject))

    async def _attempt(
        self, conn: Connection, provider: str, attempt_id: str | None, provider_id: str | None
    ) -> Attempt | None:
        if (known := parse_id(attempt_id or "")) is not None:
            attempt = await ledger.load(conn, known, lock=True)
            if attempt is not None and attempt.provider == provider:
                return attempt
        return None if provider_id is None else await ledger.find_by_provider_id(conn, provider, provider_id)

    async def _name(self, conn: Connection, attempt: Attempt, provider_id: str) -> None:
        if attempt.provider_id is not None or await ledger.attach(conn, attempt.id, provider_id) is None:
            return
        log.info("purchase.named_by_webhook", purchase_id=str(attempt.id), provider_id=provider_id)
        if attempt.state is PurchaseState.PARKED:
            # Its watcher had given up waiting.
            await work_items.enqueue(
                conn,
                kind=WATCH_KIND,
                key=f"{attempt.id}/{new_id()}",
                subject=watch_subject(attempt.subject),
                payload={"purchase_id": str(attempt.id)},
                max_attempts=MOST_ATTEMPTS,
            )
