"""`Purchases` over the ledger: every call looks where the attempt stands and takes the one step that follows.

No state lives in this process, so any worker may take the next step, and a crash between two steps loses nothing.
"""

import random
from collections.abc import Mapping
from datetime import timedelta

from adreel_kit import work_items
from adreel_kit.db import Connection, Database
from adreel_kit.worker import GiveUp

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.attempts import Attempt, GenerationProvider
from adreel_render.domain.errors import PurchaseWithdrawn
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import (
    JSON,
    MOST_REPEATS,
    REPEATABLE,
    Purchase,
    PurchaseOrder,
    PurchaseState,
)
from adreel_render.usecases.buying.steps import TakeStep
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import give_up, missing_key, not_yet, too_late
from adreel_render.usecases.buying.watchers import MOST_ATTEMPTS, WATCH_KIND, watch_subject

_ENDED = frozenset({PurchaseState.SUCCEEDED, PurchaseState.FAILED, PurchaseState.CANCELLED})
_KEY_SETTINGS = {"replicate": "REPLICATE_API_TOKEN", "gemini": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY"}


class Buyer:
    """See `domain.ports.Purchases`. `providers` are those that have a key."""

    def __init__(
        self, *, database: Database, providers: Mapping[str, GenerationProvider], step: TakeStep, terms: Terms
    ) -> None:
        self._database = database
        self._providers = providers
        self._step = step
        self._terms = terms

    async def obtain(self, order: PurchaseOrder, *, accept_possible_duplicate: bool = False) -> Purchase:
        attempt = await self._standing(order, accept_possible_duplicate=accept_possible_duplicate)
        attempt = await self._step.forward(attempt, may_send=True)
        if attempt.provider not in self._providers and attempt.state not in _ENDED:
            raise GiveUp(missing_key(attempt.provider, _KEY_SETTINGS.get(attempt.provider, "")))
        match attempt.state:
            case PurchaseState.SUCCEEDED:
                return attempt.as_purchase()
            case PurchaseState.PARKED if accept_possible_duplicate and attempt.round != order.round:
                # It turned out to be unknowable just now, after the risk was taken: the next call takes its place.
                raise not_yet(0.0)
            case PurchaseState.FAILED if await self._is_repeated(attempt, order):
                raise not_yet(self._terms.repeat_seconds)
            case PurchaseState.FAILED | PurchaseState.CANCELLED | PurchaseState.PARKED:
                raise give_up(attempt)
            case PurchaseState.SUBMITTED if (attempt.submitted_age or 0.0) > self._terms.deadline_seconds:
                # Cancelled by now, and watched to its end; what comes of it serves the next round.
                raise GiveUp(too_late(attempt))
            case _:
                raise not_yet(self._step.delay(attempt))

    async def withdraw(self, subject: str) -> None:
        async with self._database.transaction() as conn:
            await withdraw(conn, subject)

    async def costs(self, subject: str) -> list[CostLine]:
        async with self._database.connection() as conn:
            attempts = await ledger.of_subject(conn, subject)
        return [line for attempt in attempts for line in attempt.cost_lines]

    async def _standing(self, order: PurchaseOrder, *, accept_possible_duplicate: bool) -> Attempt:
        """The attempt that this order is about: the live one, the one that ended in this round, or a new one."""
        async with self._database.transaction() as conn:
            attempt = await ledger.live(conn, order.work_key)
            if attempt is not None and attempt.state is PurchaseState.PARKED and attempt.round != order.round:
                # Within its round it stays parked, or a risk taken once would be taken again and again.
                if not accept_possible_duplicate:
                    return attempt
                await ledger.abandon(conn, attempt)
            elif attempt is not None:
                return attempt
            ended = await ledger.ended_in_round(conn, order.work_key, order.round)
            if ended is not None:
                if not await self._may_repeat(conn, ended):
                    return ended
                if ended.age_seconds < self._terms.repeat_seconds:
                    raise not_yet(self._terms.repeat_seconds - ended.age_seconds)
            if await ledger.is_withdrawn(conn, order.subject):
                raise GiveUp(PurchaseWithdrawn("Nobody wants this any more."))
            provider = self._providers.get(order.provider)
            if provider is None:
                raise GiveUp(missing_key(order.provider, _KEY_SETTINGS.get(order.provider, "")))
            return await self._intend(conn, order, provider)

    async def _is_repeated(self, attempt: Attempt, order: PurchaseOrder) -> bool:
        """Whether the next call buys anew what came to nothing just now."""
        if attempt.medium not in REPEATABLE:
            return False
        async with self._database.connection() as conn:
            return attempt.round != order.round or await self._may_repeat(conn, attempt)

    async def _may_repeat(self, conn: Connection, ended: Attempt) -> bool:
        """Whether a cheap thing that was perhaps paid, and never had, may be bought once more."""
        if ended.medium not in REPEATABLE or ended.state is not PurchaseState.FAILED or not ended.cost_lines:
            return False
        return await ledger.count_paid_failures(conn, ended.work_key, ended.round) <= MOST_REPEATS

    async def _intend(self, conn: Connection, order: PurchaseOrder, provider: GenerationProvider) -> Attempt:
        inputs: dict[str, JSON] = dict(order.inputs)
        if inputs.get("seed") is None and provider.takes_seed(order.model):
            # A seed makes this creation recognisable in the provider's list, should its answer be lost.
            inputs["seed"] = random.SystemRandom().randrange(2**31)
        attempt = await ledger.insert(conn, order, inputs)
        if attempt is None:
            # Another worker wrote the same intent a moment ago.
            raise not_yet(self._terms.poll_first_seconds)
        await work_items.enqueue(
            conn,
            kind=WATCH_KIND,
            key=str(attempt.id),
            subject=watch_subject(order.subject),
            payload={"purchase_id": str(attempt.id)},
            max_attempts=MOST_ATTEMPTS,
            delay=timedelta(seconds=self._terms.watch_seconds),
        )
        return attempt


async def withdraw(conn: Connection, subject: str) -> None:
    """Withdraw a subject in the caller's transaction; its watchers tell the provider at once."""
    await ledger.withdraw(conn, subject)
    await work_items.hurry(conn, subject=watch_subject(subject))
