"""The end of an attempt, applied once: poller, watcher and webhook all come here, and the first one counts.

The output is copied before the row is touched, which may be repeated; the row is then moved under its lock, from the
state it was seen in, together with what is owed. A row that has moved meanwhile is left alone.
"""

from typing import Protocol

from adreel_kit.db import Connection, Database
from adreel_kit.errors import AppError, ErrorFacts
from adreel_kit.logging import get_logger

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import (
    Attempt,
    GenerationProvider,
    OutputGone,
    OutputUnusable,
    Prediction,
    PredictionState,
    ProviderAway,
)
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import PurchaseState, StoredOutput
from adreel_render.usecases.buying.keep_output import KeepOutput
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import blocked, lost, rejected, too_late, with_facts

log = get_logger(__name__)


class Books(Protocol):
    """Books what is owed for an attempt, in the transaction that settles it."""

    async def hold(self, conn: Connection, attempt: Attempt) -> None:
        """Take the locks that booking needs, before the attempt's own: everybody takes them in this order."""

    async def on_settled(self, conn: Connection, attempt: Attempt) -> None:
        """The attempt has ended."""

    async def on_parked(self, conn: Connection, attempt: Attempt) -> None:
        """Nobody knows whether the attempt was paid; its cost line says so."""


class Settle:
    """Writes ends, and has what is owed booked with them."""

    def __init__(self, database: Database, keep: KeepOutput, terms: Terms, books: Books) -> None:
        self._database = database
        self._keep = keep
        self._terms = terms
        self._books = books

    async def run(self, attempt: Attempt, prediction: Prediction, provider: GenerationProvider) -> None:
        """Apply what the provider says is final. Does nothing where the output cannot be copied just now."""
        match prediction.state:
            case PredictionState.SUCCEEDED:
                await self._succeeded(attempt, prediction, provider)
            case PredictionState.FAILED:
                error = blocked(attempt, prediction) if prediction.is_blocked else rejected(attempt, prediction)
                if prediction.is_failure_charged:
                    await self.lose(attempt, error)
                else:
                    await self.write_off(attempt, with_facts(error, attempt))
            case PredictionState.EXPIRED:
                await self.write_off(attempt, with_facts(too_late(attempt), attempt))
            case PredictionState.CANCELLED:
                # Stopped while it ran: charged as if it had been finished.
                cost = actual_cost(attempt) if prediction.was_running else ()
                await self._end(attempt, PurchaseState.CANCELLED, cost_lines=cost, error=_withdrawn(attempt))
            case PredictionState.RUNNING:
                pass

    async def write_off(self, attempt: Attempt, error: ErrorFacts) -> None:
        """It came to nothing and cost nothing."""
        await self._end(attempt, PurchaseState.FAILED, error=error)

    async def lose(self, attempt: Attempt, error: AppError) -> None:
        """It came to nothing and was paid."""
        log.error("purchase.lost", purchase_id=str(attempt.id), code=error.code, reason=error.message)
        await self._end(
            attempt, PurchaseState.FAILED, cost_lines=actual_cost(attempt), error=with_facts(error, attempt)
        )

    async def park(self, attempt: Attempt, error: ErrorFacts) -> None:
        """It may have been created, and nothing can tell."""
        line = attempt.estimate.model_copy(update={"state": "unknown"})
        async with self._database.transaction() as conn:
            await self._books.hold(conn, attempt)
            if await ledger.park(conn, attempt, error, line):
                log.warning("purchase.parked", purchase_id=str(attempt.id))
                parked = await ledger.load(conn, attempt.id)
                assert parked is not None, "just written"
                await self._books.on_parked(conn, parked)

    async def drop(self, attempt: Attempt) -> None:
        """It was never created, and is not wanted any more."""
        await self._end(attempt, PurchaseState.CANCELLED)

    async def _succeeded(self, attempt: Attempt, prediction: Prediction, provider: GenerationProvider) -> None:
        if not prediction.outputs:
            await self.lose(attempt, lost(attempt, "it was deleted before it could be copied"))
            return
        try:
            output = await self._keep.run(attempt, prediction.outputs[0], provider)
        except (OutputGone, OutputUnusable) as error:
            await self.lose(attempt, lost(attempt, str(error)))
        except ProviderAway as error:
            log.info("purchase.output_unanswered", purchase_id=str(attempt.id), error=str(error))
            if (attempt.submitted_age or 0.0) > 2 * self._terms.deadline_seconds:
                await self.lose(attempt, lost(attempt, "it could not be downloaded in all that time"))
                return
            async with self._database.transaction() as conn:
                await ledger.note_poll(conn, attempt)
        else:
            await self._end(attempt, PurchaseState.SUCCEEDED, output=output, cost_lines=actual_cost(attempt))

    async def _end(
        self,
        attempt: Attempt,
        state: PurchaseState,
        *,
        output: StoredOutput | None = None,
        cost_lines: tuple[CostLine, ...] = (),
        error: ErrorFacts | None = None,
    ) -> None:
        async with self._database.transaction() as conn:
            await self._books.hold(conn, attempt)
            current = await ledger.load(conn, attempt.id, lock=True)
            if current is None or current.state is not attempt.state:
                return  # somebody else was faster; what is settled stays settled
            if await ledger.settle(conn, attempt, state, output=output, cost_lines=cost_lines, error=error):
                log.info("purchase.settled", purchase_id=str(attempt.id), state=state.value)
                settled = await ledger.load(conn, attempt.id)
                assert settled is not None, "just written"
                await self._books.on_settled(conn, settled)


def actual_cost(attempt: Attempt) -> tuple[CostLine, ...]:
    """What was paid, by the price table: providers say no price in their answers."""
    if attempt.estimate.amount_micros == 0:
        return ()
    return (attempt.estimate.model_copy(update={"state": "actual"}),)


def _withdrawn(attempt: Attempt) -> ErrorFacts | None:
    """Cancelled because it took too long is an error to the one who waits; because nobody wants it, is none."""
    return None if attempt.is_withdrawn else with_facts(too_late(attempt), attempt)
