"""Sees attempts through to their end when nobody waits for them any more: every one has a watcher of its own.

The work that ordered a thing asks often while it lives; its watcher asks seldom, and goes on when that work was
cancelled, gave up or lost interest. So what was created is always either kept or on the books.
"""

import uuid

from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.purchases import PurchaseState
from adreel_render.usecases.buying.settle import Settle
from adreel_render.usecases.buying.steps import TakeStep
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.verdicts import not_yet

_OVER = frozenset({PurchaseState.SUCCEEDED, PurchaseState.FAILED, PurchaseState.CANCELLED, PurchaseState.PARKED})


class WatchPurchase:
    """The `purchase` work handler."""

    def __init__(self, *, database: Database, step: TakeStep, settle: Settle, terms: Terms) -> None:
        self._database = database
        self._step = step
        self._settle = settle
        self._terms = terms

    async def run(self, item: WorkItem) -> Finish:
        async with self._database.connection() as conn:
            attempt = await ledger.load(conn, uuid.UUID(item.payload["purchase_id"]))
        if attempt is None:
            return _nothing
        attempt = await self._step.forward(attempt, may_send=False)
        if attempt.state is PurchaseState.INTENDED and attempt.age_seconds > 2 * self._terms.deadline_seconds:
            # Nobody came back for it, and nothing was ever sent.
            await self._settle.drop(attempt)
            return _nothing
        if attempt.state in _OVER:
            return _nothing
        if attempt.is_withdrawn or attempt.state is PurchaseState.UNKNOWN:
            raise not_yet(self._step.delay(attempt))
        raise not_yet(self._terms.watch_seconds)

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        return None


async def _nothing(_: Connection) -> None:
    return None
