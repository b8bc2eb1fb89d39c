"""One step of an attempt, whoever takes it: the work that ordered it, its watcher, or a webhook's knock.

intended --send--> submitting --id stored--> submitted --poll--> succeeded | failed | cancelled
                       |
                       +--no answer, or a crash--> unknown --found--> submitted
                                                      +------not there, looked twice--> intended
                                                      +------cannot be told--> parked
"""

from collections.abc import Mapping

from adreel_kit.db import Database
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt, GenerationProvider
from adreel_render.domain.purchases import PurchaseState
from adreel_render.usecases.buying.poll import Poll
from adreel_render.usecases.buying.reconcile import Reconcile
from adreel_render.usecases.buying.submit import Submit
from adreel_render.usecases.buying.terms import Terms

log = get_logger(__name__)


class TakeStep:
    """Moves an attempt on as far as it goes without waiting."""

    def __init__(
        self,
        *,
        database: Database,
        providers: Mapping[str, GenerationProvider],
        submit: Submit,
        reconcile: Reconcile,
        poll: Poll,
        terms: Terms,
    ) -> None:
        self._database = database
        self._providers = providers
        self._submit = submit
        self._reconcile = reconcile
        self._poll = poll
        self._terms = terms

    async def forward(self, attempt: Attempt, *, may_send: bool) -> Attempt:
        """The attempt after its step. Only who wants the thing may send: a watcher merely sees things through."""
        provider = self._providers.get(attempt.provider)
        if provider is None:
            # The key was taken away while this was under way: it is picked up when there is one again.
            return attempt
        match attempt.state:
            case PurchaseState.INTENDED if may_send and attempt.wait_seconds <= 0:
                await self._submit.run(attempt, provider)
            case PurchaseState.SUBMITTING if (attempt.submit_age or 0.0) > self._terms.stale_seconds:
                async with self._database.transaction() as conn:
                    await ledger.mark_unknown(conn, attempt)
                log.warning("purchase.found_unfinished", purchase_id=str(attempt.id))
            case PurchaseState.UNKNOWN if self._is_look_due(attempt):
                await self._reconcile.run(attempt, provider)
            case PurchaseState.SUBMITTED:
                await self._poll.run(attempt, provider)
            case _:
                return attempt
        async with self._database.connection() as conn:
            after = await ledger.load(conn, attempt.id)
        assert after is not None, "the ledger forgets nothing"
        if after.state is PurchaseState.UNKNOWN and attempt.state is not PurchaseState.UNKNOWN:
            return await self.forward(after, may_send=may_send)
        return after

    def delay(self, attempt: Attempt) -> float:
        """Seconds until the next step makes sense."""
        match attempt.state:
            case PurchaseState.INTENDED:
                return max(attempt.wait_seconds, 0.0)
            case PurchaseState.SUBMITTING:
                return max(self._terms.stale_seconds - (attempt.submit_age or 0.0), 0.0) + 0.1
            case PurchaseState.UNKNOWN if attempt.look_age is not None:
                return max(self._terms.look_gap_seconds - attempt.look_age, 0.0) + 0.05
            case _:
                return self._terms.poll_delay(attempt.polls)

    def _is_look_due(self, attempt: Attempt) -> bool:
        return attempt.look_age is None or attempt.look_age >= self._terms.look_gap_seconds
