"""Long work, leased and never held: a row that a worker claims, keeps alive and finishes in one short transaction.

Nothing that takes longer than a moment runs in a message handler. The handler enqueues a work item in its own
transaction; a `Worker` claims it with a lease and a token, works outside any transaction, and finishes where the token
still is its own. A killed worker's lease runs out and another goes on. Cancelling an item takes its token away: the
worker that holds it is woken and its task is cancelled, and its result is dropped.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from adreel_kit.db import Connection, Row
from adreel_kit.errors import ErrorFacts
from adreel_kit.ids import new_id

QUEUED_CHANNEL = "work_items"
CANCELLED_CHANNEL = "work_items_cancelled"

WORK_ITEMS_TABLE_SQL = """
CREATE TABLE work_items (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CONSTRAINT ck_work_items_state CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    token uuid,
    last_error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT uq_work_items_kind_key UNIQUE (kind, key),
    CONSTRAINT ck_work_items_lease CHECK ((state = 'leased') = (token IS NOT NULL))
);
CREATE INDEX ix_work_items_open ON work_items (due_at, id) WHERE state IN ('queued', 'leased');
CREATE INDEX ix_work_items_subject ON work_items (subject);
"""


class WorkState(StrEnum):
    """Where a work item stands."""

    QUEUED = "queued"  # waits for a worker, not before `due_at`
    LEASED = "leased"  # a worker holds it until `lease_until`; after that anyone may take it
    DONE = "done"  # finished; its result was written in the same transaction
    FAILED = "failed"  # gave up; `last_error` says why
    CANCELLED = "cancelled"  # nobody wants it any more


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One claimed unit of work. `attempt` counts from 1."""

    id: uuid.UUID
    kind: str
    key: str
    subject: str
    payload: Mapping[str, Any]  # JSON whose shape is the kind's own
    attempt: int
    max_attempts: int
    token: uuid.UUID


async def enqueue(
    conn: Connection,
    *,
    kind: str,
    key: str,
    subject: str,
    payload: Mapping[str, Any],
    max_attempts: int = 5,
    delay: timedelta | None = None,
) -> bool:
    """Add a work item in the caller's transaction; False when one of this kind and key exists already.

    `key` names the piece of work, so a repeated event does not order it twice. `subject` is what it is cancelled by.
    """
    inserted = await conn.fetchval(
        "INSERT INTO work_items (id, kind, key, subject, payload, max_attempts, due_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, now() + $7) ON CONFLICT (kind, key) DO NOTHING RETURNING id",
        new_id(),
        kind,
        key,
        subject,
        dict(payload),
        max_attempts,
        delay or timedelta(0),
    )
    if inserted is not None:
        await conn.execute("SELECT pg_notify($1, $2)", QUEUED_CHANNEL, kind)
    return inserted is not None


async def lock_subject(conn: Connection, subject: str) -> None:
    """Until the transaction ends, no other one closes or cancels items of `subject`; `finish` and `cancel` begin so.

    A closing goes on to rows of the service, which some cancelling transaction wants too. Neither waits for the other
    in a circle as long as both come here first: cancel the work, then touch what its closing writes.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('work_items ' || $1, 0))", subject)


async def cancel(conn: Connection, *, subject: str, kinds: Sequence[str] | None = None) -> int:
    """Cancel the open items of `subject`; returns how many there were. To come before what their closing writes."""
    await lock_subject(conn, subject)
    rows = await conn.fetch(
        "UPDATE work_items SET state = 'cancelled', token = NULL, lease_until = NULL, finished_at = now() "
        "WHERE subject = $1 AND state IN ('queued', 'leased') AND ($2::text[] IS NULL OR kind = ANY($2)) RETURNING id",
        subject,
        list(kinds) if kinds is not None else None,
    )
    if rows:
        await conn.execute("SELECT pg_notify($1, $2)", CANCELLED_CHANNEL, subject)
    return len(rows)


async def revive(conn: Connection, *, kind: str, key: str) -> bool:
    """Queue a failed or cancelled item again from its first attempt; False when there is none such."""
    revived = await conn.fetchval(
        "UPDATE work_items SET state = 'queued', attempt = 0, due_at = now(), finished_at = NULL "
        "WHERE kind = $1 AND key = $2 AND state IN ('failed', 'cancelled') RETURNING id",
        kind,
        key,
    )
    if revived is not None:
        await conn.execute("SELECT pg_notify($1, $2)", QUEUED_CHANNEL, kind)
    return revived is not None


async def hurry(conn: Connection, *, subject: str, kinds: Sequence[str] | None = None) -> int:
    """Make the waiting items of `subject` due now, when what they wait for may be there; returns how many.

    It waits for nobody: items that another transaction is at are left to it.
    """
    rows = await conn.fetch(
        "UPDATE work_items SET due_at = now() WHERE id IN (SELECT id FROM work_items WHERE subject = $1 "
        "AND state = 'queued' AND due_at > now() AND ($2::text[] IS NULL OR kind = ANY($2)) "
        "FOR UPDATE SKIP LOCKED) RETURNING kind",
        subject,
        list(kinds) if kinds is not None else None,
    )
    for kind in {row["kind"] for row in rows}:
        await conn.execute("SELECT pg_notify($1, $2)", QUEUED_CHANNEL, kind)
    return len(rows)


_CLAIM = """
UPDATE work_items SET state = 'leased', attempt = attempt + 1, token = $3, lease_until = now() + $4
WHERE id = (
    SELECT id FROM work_items
    WHERE kind = ANY($1) AND due_at <= now()
      AND (state = 'queued' OR (state = 'leased' AND lease_until < now()))
      AND NOT (id = ANY($2))
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""


async def claim(
    conn: Connection, *, kinds: Sequence[str], lease: timedelta, held: Sequence[uuid.UUID] = ()
) -> WorkItem | None:
    """Take the next due item of these kinds, or None. `held` are ids this worker still works on."""
    row = await conn.fetchrow(_CLAIM, list(kinds), list(held), uuid.uuid4(), lease)
    return None if row is None else _item(row)


async def heartbeat(conn: Connection, item: WorkItem, lease: timedelta) -> bool:
    """Prolong the lease; False when it is lost, and the work must stop."""
    kept = await conn.fetchval(
        "UPDATE work_items SET lease_until = now() + $3 WHERE id = $1 AND token = $2 RETURNING 1",
        item.id,
        item.token,
        lease,
    )
    return kept is not None


async def finish(conn: Connection, item: WorkItem, state: WorkState, error: ErrorFacts | None = None) -> bool:
    """Close the item if the token still is this one's; False when the lease was lost. The first of a transaction."""
    await lock_subject(conn, item.subject)
    closed = await conn.fetchval(
        "UPDATE work_items SET state = $3, token = NULL, lease_until = NULL, finished_at = now(), last_error = $4 "
        "WHERE id = $1 AND token = $2 RETURNING 1",
        item.id,
        item.token,
        state.value,
        None if error is None else error.as_dict(),
    )
    return closed is not None


async def put_back(
    conn: Connection, item: WorkItem, *, delay: timedelta, error: ErrorFacts | None = None, counts: bool = True
) -> bool:
    """Queue the item again after `delay`; with `counts` false the attempt does not count (a poll, a shutdown)."""
    kept = await conn.fetchval(
        "UPDATE work_items SET state = 'queued', token = NULL, lease_until = NULL, due_at = now() + $3, "
        "last_error = COALESCE($4, last_error), attempt = attempt - CASE WHEN $5 THEN 0 ELSE 1 END "
        "WHERE id = $1 AND token = $2 RETURNING 1",
        item.id,
        item.token,
        delay,
        None if error is None else error.as_dict(),
        counts,
    )
    return kept is not None


def _item(row: Row) -> WorkItem:
    return WorkItem(
        id=row["id"],
        kind=row["kind"],
        key=row["key"],
        subject=row["subject"],
        payload=row["payload"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        token=row["token"],
    )
