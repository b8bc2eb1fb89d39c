"""Sending a creation, once: the state is committed before the request leaves and the id before anything else happens.

What may die where: before `begin_submit` nothing was sent; between it and `attach` the attempt is found as
`submitting`, grows stale and is reconciled; after `attach` any worker goes on with the id.
"""

import asyncio
import time
from collections.abc import Mapping

from adreel_kit import work_items
from adreel_kit.db import Database
from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt, GenerationProvider, NotCreated, Prediction, PredictionState
from adreel_render.domain.errors import QuotaExceeded
from adreel_render.domain.purchases import JSON, PurchaseState
from adreel_render.usecases.buying.settle import Settle
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import with_facts
from adreel_render.usecases.buying.watchers import watch_subject

log = get_logger(__name__)

# A process that was stopped for longer between the commit and the request might send what another one has already
# declared not created.
_MOST_PAUSE_SECONDS = 5.0


class Submit:
    """From intended to submitted, or to what went wrong."""

    def __init__(self, database: Database, settle: Settle, terms: Terms) -> None:
        self._database = database
        self._settle = settle
        self._terms = terms

        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, attempt: Attempt, provider: GenerationProvider) -> None:
        try:
            request = await provider.prepare(attempt)
        except NotCreated as refusal:
            await self._not_created(attempt, refusal)
            return
        sending = asyncio.create_task(self._send(attempt, request, provider), name=f"purchase {attempt.id}")
        self._under_way.add(sending)
        sending.add_done_callback(self._done)
        # Whoever ordered it may be cancelled or lose its lease meanwhile; the answer holds the id of what is paid for,
        # so it is heard out and stored all the same.
        await asyncio.shield(sending)

    async def aclose(self) -> None:
        """Hear out what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _done(self, sending: "asyncio.Task[None]") -> None:
        self._under_way.discard(sending)
        if not sending.cancelled() and (error := sending.exception()) is not None:
            # The attempt stands as submitting and is reconciled like one whose sender died.
            log.warning("purchase.sending_failed", error=repr(error))

    async def _send(self, attempt: Attempt, request: Mapping[str, JSON], provider: GenerationProvider) -> None:
        async with self._database.transaction() as conn:
            sending = await ledger.begin_submit(conn, attempt)
        committed_at = time.monotonic()
        if sending is None:
            return  # somebody else sends it, or nobody wants it any more
        try:
            if time.monotonic() - committed_at > _MOST_PAUSE_SECONDS:
                return  # reconciled like any attempt whose sender vanished
            prediction = await provider.create(sending, request)
        except NotCreated as refusal:
            await self._not_created(sending, refusal)
        except Exception as error:  # whatever it was, the creation may have been made
            log.warning("purchase.outcome_unknown", purchase_id=str(sending.id), error=repr(error))
            async with self._database.transaction() as conn:
                await ledger.mark_unknown(conn, sending)
        else:
            await self._created(sending, prediction, provider)

    async def _created(self, attempt: Attempt, prediction: Prediction, provider: GenerationProvider) -> None:
        async with self._database.transaction() as conn:
            submitted = await ledger.attach(conn, attempt.id, prediction.provider_id)
            if submitted is not None and submitted.is_withdrawn:
                # Withdrawn while it was on its way: its watcher can tell the provider now.
                await work_items.hurry(conn, subject=watch_subject(submitted.subject))
        log.info("purchase.submitted", purchase_id=str(attempt.id), provider_id=prediction.provider_id)
        if submitted is not None and prediction.state is not PredictionState.RUNNING:
            await self._settle.run(submitted, prediction, provider)

    async def _not_created(self, attempt: Attempt, refusal: NotCreated) -> None:
        error: AppError = refusal.error
        after = refusal.again_after_seconds
        is_throttled = isinstance(error, QuotaExceeded)
        facts = with_facts(error, attempt)
        async with self._database.transaction() as conn:
            if after is not None and self._may_go_on(attempt, is_throttled=is_throttled):
                if attempt.state is PurchaseState.INTENDED:
                    # It never came to the creation: the try is counted all the same, so that it ends.
                    started = await ledger.begin_submit(conn, attempt)
                    if started is None:
                        return
                    attempt = started
                # Waiting one's turn is no failed try, and is bounded by the deadline instead.
                await ledger.send_again_later(
                    conn, attempt, error=facts, after_seconds=_delay(after, attempt.tries), counts=not is_throttled
                )
                return
        log.warning("purchase.refused", purchase_id=str(attempt.id), code=error.code, detail=error.message)
        await self._settle.write_off(attempt, facts)

    def _may_go_on(self, attempt: Attempt, *, is_throttled: bool) -> bool:
        if is_throttled:
            return attempt.age_seconds < self._terms.deadline_seconds
        return attempt.tries < self._terms.most_tries


def _delay(after_seconds: float, tries: int) -> float:
    """The provider's own word, or a growing pause where it only could not be reached."""
    return after_seconds * float(min(2 ** max(tries - 1, 0), 12))
