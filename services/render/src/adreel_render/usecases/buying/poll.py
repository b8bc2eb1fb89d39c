"""Asking how a creation stands, by its stored id only; also where it is cancelled and given up on."""

from adreel_kit.db import Database
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt, GenerationProvider, PredictionState, ProviderAway
from adreel_render.usecases.buying.settle import Settle
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import lost, too_late

log = get_logger(__name__)

# A creation that is not known yet right after it was made is the provider's own lag.
_LAG_SECONDS = 120.0
# Twice the deadline past it nothing more is expected of a creation that was cancelled.
_PATIENCE = 3.0


class Poll:
    """One question to the provider. Time-outs, 429 and 5xx to it change nothing."""

    def __init__(self, database: Database, settle: Settle, terms: Terms) -> None:
        self._database = database
        self._settle = settle
        self._terms = terms

    async def run(self, attempt: Attempt, provider: GenerationProvider) -> None:
        provider_id = attempt.provider_id
        assert provider_id is not None, "the ledger's own rule for submitted attempts"
        await self._cancel_if_unwanted(attempt, provider, provider_id)
        try:
            prediction = await provider.fetch(provider_id)
        except ProviderAway as error:
            log.info("purchase.poll_unanswered", purchase_id=str(attempt.id), error=str(error))
            await self._still_running(attempt)
            return
        if prediction is None:
            if (attempt.submitted_age or 0.0) > min(_LAG_SECONDS, self._terms.deadline_seconds):
                await self._settle.lose(attempt, lost(attempt, "it is not known there any more"))
            return
        if prediction.state is PredictionState.RUNNING:
            await self._still_running(attempt)
        else:
            await self._settle.run(attempt, prediction, provider)

    async def _cancel_if_unwanted(self, attempt: Attempt, provider: GenerationProvider, provider_id: str) -> None:
        if attempt.is_cancel_told or not (attempt.is_withdrawn or self._is_late(attempt)):
            return
        try:
            await provider.cancel(provider_id)
        except ProviderAway as error:
            log.info("purchase.cancel_unanswered", purchase_id=str(attempt.id), error=str(error))
            return
        async with self._database.transaction() as conn:
            await ledger.note_cancel_told(conn, attempt)

    async def _still_running(self, attempt: Attempt) -> None:
        if (attempt.submitted_age or 0.0) > _PATIENCE * self._terms.deadline_seconds:
            # It may have been charged; a provider that never says so is paid as if it had been.
            await self._settle.lose(attempt, too_late(attempt))
            return
        async with self._database.transaction() as conn:
            await ledger.note_poll(conn, attempt)

    def _is_late(self, attempt: Attempt) -> bool:
        return (attempt.submitted_age or 0.0) > self._terms.deadline_seconds
