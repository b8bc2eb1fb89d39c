"""Tells jobs what was paid: each attempt's cost is in exactly one event, marked in the transaction that writes it.

A clip's event carries the cost of its own attempts, the end of a failed render all of its round's; what is settled when
neither can carry it any more (a late result, a cancelled job) goes out as an event of its own.
"""

import uuid

from adreel_kit.db import Connection
from adreel_kit.ids import parse_id
from adreel_kit.outbox import Outbox

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.adapters.postgres import renders
from adreel_render.domain.attempts import Attempt
from adreel_render.domain.events import CostBooked, CostLine

_OPEN = ("rendering", "composing")


class BookCosts:
    """Publishes the costs that no other event will carry."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def hold(self, conn: Connection, attempt: Attempt) -> None:
        """Hold the render that the attempt was made for."""
        if (render_id := parse_id(attempt.round)) is not None:
            await renders.standing(conn, render_id, lock=True)

    async def on_settled(self, conn: Connection, attempt: Attempt) -> None:
        """An attempt ended: if the render it was made for is over, its cost goes out now."""
        job_id = await _job(conn, attempt.subject)
        if job_id is None:
            return
        if await ledger.is_told(conn, attempt.id):
            # What was uncertain is known now, also when it turns out to be nothing.
            free = attempt.estimate.model_copy(update={"state": "actual", "amount_micros": 0})
            await self._tell(conn, job_id, attempt, list(attempt.cost_lines) or [free])
        elif attempt.cost_lines:
            await _publish_unless_open(conn, self._outbox, job_id, attempt.id, attempt.round)

    async def on_parked(self, conn: Connection, attempt: Attempt) -> None:
        """Show the price that may have been paid, by an event of its own: what becomes of it will follow."""
        if (job_id := await _job(conn, attempt.subject)) is not None:
            await ledger.note_told(conn, attempt.id)
            await self._tell(conn, job_id, attempt, list(attempt.cost_lines))

    async def _tell(self, conn: Connection, job_id: uuid.UUID, attempt: Attempt, lines: list[CostLine]) -> None:
        event = CostBooked(job_id=job_id, purchase_id=attempt.id, cost_lines=lines)
        await self._outbox.publish(event, conn, subject=str(job_id))


async def book_leftovers(conn: Connection, outbox: Outbox, job_id: uuid.UUID) -> None:
    """Send what no event has carried, of the job's renders that are over."""
    for purchase_id, round_ in await ledger.unbilled(conn, str(job_id)):
        await _publish_unless_open(conn, outbox, job_id, purchase_id, round_)


async def _publish_unless_open(
    conn: Connection, outbox: Outbox, job_id: uuid.UUID, purchase_id: uuid.UUID, round_: str
) -> None:
    render_id = parse_id(round_)
    # Its end waits for this transaction, or this one for its end: the cost is in one of the two.
    standing = None if render_id is None else await renders.standing(conn, render_id, lock=True)
    if standing is not None and standing.state in _OPEN:
        return
    lines = await ledger.bill(conn, [purchase_id], ledger.own_bill(purchase_id))
    if lines:
        await outbox.publish(
            CostBooked(job_id=job_id, purchase_id=purchase_id, cost_lines=lines), conn, subject=str(job_id)
        )


async def _job(conn: Connection, subject: str) -> uuid.UUID | None:
    """The job that a subject is, if it is one: music-video tasks keep their own books."""
    job_id = parse_id(subject)
    return job_id if job_id is not None and await renders.is_job(conn, job_id) else None
