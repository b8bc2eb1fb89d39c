"""What became of a creation that nobody can tell of: asked of the provider's own list before anything else happens."""

from adreel_kit.db import Database
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt, GenerationProvider, ProviderAway
from adreel_render.domain.purchases import REPEATABLE
from adreel_render.usecases.buying.settle import Settle
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import broken_off, no_answer, unknown, with_facts

log = get_logger(__name__)


class Reconcile:
    """From unknown to submitted (it is there), intended (it is not) or parked (nothing can tell); failed if cheap."""

    def __init__(self, database: Database, settle: Settle, terms: Terms) -> None:
        self._database = database
        self._settle = settle
        self._terms = terms

    async def run(self, attempt: Attempt, provider: GenerationProvider) -> None:
        if attempt.medium in REPEATABLE:
            # Counted as paid, and done with: whoever wants it may buy it once more.
            await self._settle.lose(attempt, broken_off(attempt))
            return
        try:
            found = await provider.find(attempt)
        except ProviderAway as error:
            log.info("purchase.list_unanswered", purchase_id=str(attempt.id), error=str(error))
            if (attempt.submit_age or 0.0) > self._terms.deadline_seconds:
                await self._park(attempt)
            return
        if found is None:
            await self._park(attempt)
            return
        async with self._database.transaction() as conn:
            owned = await ledger.owned_ids(conn, attempt.provider, found.provider_ids)
        for provider_id in found.provider_ids:
            if provider_id not in owned and await self._attach(attempt, provider_id):
                return
        if not found.is_conclusive:
            await self._park(attempt)
        elif attempt.looks + 1 < self._terms.looks:
            # A list may lag behind: it is believed when it says so twice, some time apart.
            async with self._database.transaction() as conn:
                await ledger.note_look(conn, attempt)
        else:
            await self._not_there(attempt)

    async def _attach(self, attempt: Attempt, provider_id: str) -> bool:
        async with self._database.transaction() as conn:
            attached = await ledger.attach(conn, attempt.id, provider_id)
        if attached is not None:
            log.info("purchase.found", purchase_id=str(attempt.id), provider_id=provider_id)
        return attached is not None

    async def _not_there(self, attempt: Attempt) -> None:
        log.info("purchase.not_created", purchase_id=str(attempt.id), tries=attempt.tries)
        facts = with_facts(no_answer(attempt), attempt)
        if attempt.is_withdrawn or attempt.is_abandoned:
            await self._settle.drop(attempt)
        elif attempt.tries >= self._terms.most_tries:
            await self._settle.write_off(attempt, facts)
        else:
            async with self._database.transaction() as conn:
                await ledger.send_again_later(conn, attempt, error=facts, after_seconds=0.0)

    async def _park(self, attempt: Attempt) -> None:
        await self._settle.park(attempt, with_facts(unknown(attempt), attempt))
