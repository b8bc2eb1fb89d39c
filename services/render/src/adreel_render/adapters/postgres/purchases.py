"""SQL over the ledger of paid calls. Every function works in the caller's transaction.

Moves are conditional on the state they leave, and say whether they were made: two workers on one attempt never both
send it, and what is settled stays settled.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from adreel_kit.db import Connection, Row
from adreel_kit.errors import ErrorFacts, ErrorKind
from adreel_kit.ids import new_id

from adreel_render.domain.attempts import Attempt
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import (
    JSON,
    PurchaseOrder,
    PurchaseState,
    ReferencePicture,
    StoredOutput,
    check_move,
    inputs_hash,
)

_COLUMNS = """*,
    extract(epoch FROM now() - created_at)::float8 AS age_seconds,
    extract(epoch FROM not_before - now())::float8 AS wait_seconds,
    extract(epoch FROM now() - submit_started_at)::float8 AS submit_age,
    extract(epoch FROM now() - submitted_at)::float8 AS submitted_age,
    extract(epoch FROM now() - looked_at)::float8 AS look_age
"""


async def insert(conn: Connection, order: PurchaseOrder, inputs: dict[str, JSON]) -> Attempt | None:
    """Write the intent; None when the piece of work has a live attempt already."""
    row = await conn.fetchrow(
        "INSERT INTO purchases (id, work_key, subject, round, client_id, medium, provider, model, inputs, inputs_hash, "
        "reference, seed, estimate, estimate_micros) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
        f"$14) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}",
        new_id(),
        order.work_key,
        order.subject,
        order.round,
        order.client_id,
        order.medium,
        order.provider,
        order.model,
        inputs,
        inputs_hash(inputs, order.reference),
        None if order.reference is None else asdict(order.reference),
        inputs.get("seed"),
        order.estimate.model_dump(mode="json"),
        order.estimate.amount_micros,
    )
    return None if row is None else _attempt(row)


async def live(conn: Connection, work_key: str) -> Attempt | None:
    """The attempt that stands for this piece of work."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM purchases WHERE work_key = $1 AND abandoned_at IS NULL "
        "AND state NOT IN ('failed', 'cancelled')",
        work_key,
    )
    return None if row is None else _attempt(row)


async def ended_in_round(conn: Connection, work_key: str, round_: str) -> Attempt | None:
    """The attempt of this round that came to nothing, the newest if there were several.

    One that was dropped before anything was created does not count: it may be made anew.
    """
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM purchases WHERE work_key = $1 AND round = $2 "
        "AND (state = 'failed' OR (state = 'cancelled' AND provider_id IS NOT NULL)) "
        "ORDER BY created_at DESC, id DESC LIMIT 1",
        work_key,
        round_,
    )
    return None if row is None else _attempt(row)


async def count_paid_failures(conn: Connection, work_key: str, round_: str) -> int:
    """How many attempts of this round came to nothing and cost something all the same."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM purchases WHERE work_key = $1 AND round = $2 AND state = 'failed' AND cost_micros > 0",
        work_key,
        round_,
    )
    return count


async def load(conn: Connection, purchase_id: uuid.UUID, *, lock: bool = False) -> Attempt | None:
    """One attempt; with `lock`, held for the transaction."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM purchases WHERE id = $1" + (" FOR UPDATE" if lock else ""), purchase_id
    )
    return None if row is None else _attempt(row)


async def is_withdrawn(conn: Connection, subject: str) -> bool:
    """Whether nobody wants this subject's purchases any more."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT 1 FROM withdrawn_subjects WHERE subject = $1)", subject))


async def begin_submit(conn: Connection, attempt: Attempt) -> Attempt | None:
    """From intended to submitting, by the one who sends it; None when another was faster or it is not wanted."""
    check_move(PurchaseState.INTENDED, PurchaseState.SUBMITTING)
    row = await conn.fetchrow(
        "UPDATE purchases SET state = 'submitting', submit_started_at = now(), tries = tries + 1, looks = 0, "
        "looked_at = NULL WHERE id = $1 AND state = 'intended' AND not_before <= now() AND withdrawn_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM withdrawn_subjects w WHERE w.subject = purchases.subject) "
        f"RETURNING {_COLUMNS}",
        attempt.id,
    )
    return None if row is None else _attempt(row)


async def attach(conn: Connection, purchase_id: uuid.UUID, provider_id: str) -> Attempt | None:
    """Store the provider's id: from submitting, unknown or parked to submitted; None when it is none of these.

    Also None when the id belongs to another attempt already.
    """
    # Two attempts that look alike may find the same creation at one moment: the second waits, and sees it taken.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", provider_id)
    taken = await conn.fetchval(
        "SELECT 1 FROM purchases WHERE provider_id = $2 AND id <> $1 AND provider = (SELECT provider FROM purchases "
        "WHERE id = $1)",
        purchase_id,
        provider_id,
    )
    if taken:
        return None
    row = await conn.fetchrow(
        "UPDATE purchases SET state = 'submitted', provider_id = $2, submitted_at = now(), error = NULL "
        f"WHERE id = $1 AND state IN ('submitting', 'unknown', 'parked') RETURNING {_COLUMNS}",
        purchase_id,
        provider_id,
    )
    return None if row is None else _attempt(row)


async def send_again_later(
    conn: Connection, attempt: Attempt, *, error: ErrorFacts, after_seconds: float, counts: bool = True
) -> bool:
    """Back to intended: it was surely not created, and may be sent again. `counts` false forgets this try."""
    check_move(attempt.state, PurchaseState.INTENDED)
    return await _moved(
        conn,
        "UPDATE purchases SET state = 'intended', not_before = now() + make_interval(secs => $3), error = $4, "
        "tries = tries - CASE WHEN $5 THEN 0 ELSE 1 END WHERE id = $1 AND state = $2 RETURNING 1",
        attempt.id,
        attempt.state.value,
        after_seconds,
        error.as_dict(),
        counts,
    )


async def mark_unknown(conn: Connection, attempt: Attempt) -> bool:
    """From submitting to unknown."""
    check_move(PurchaseState.SUBMITTING, PurchaseState.UNKNOWN)
    return await _moved(
        conn, "UPDATE purchases SET state = 'unknown' WHERE id = $1 AND state = 'submitting' RETURNING 1", attempt.id
    )


async def park(conn: Connection, attempt: Attempt, error: ErrorFacts, cost_line: CostLine) -> bool:
    """From unknown to parked: nothing can tell any more. `cost_line` says that it may have been paid."""
    check_move(PurchaseState.UNKNOWN, PurchaseState.PARKED)
    return await _moved(
        conn,
        "UPDATE purchases SET state = 'parked', error = $2, cost_lines = $3 WHERE id = $1 AND state = 'unknown' "
        "RETURNING 1",
        attempt.id,
        error.as_dict(),
        [cost_line.model_dump(mode="json")],
    )


async def abandon(conn: Connection, attempt: Attempt) -> bool:
    """Let another attempt take this parked one's place; what comes of it later is an orphan."""
    return await _moved(
        conn,
        "UPDATE purchases SET abandoned_at = now() WHERE id = $1 AND state = 'parked' AND abandoned_at IS NULL "
        "RETURNING 1",
        attempt.id,
    )


async def note_look(conn: Connection, attempt: Attempt) -> bool:
    """The provider's list did not have it; counted once however many looked at the same time."""
    return await _moved(
        conn,
        "UPDATE purchases SET looks = looks + 1, looked_at = now() WHERE id = $1 AND state = 'unknown' AND looks = $2 "
        "RETURNING 1",
        attempt.id,
        attempt.looks,
    )


async def note_poll(conn: Connection, attempt: Attempt) -> None:
    await conn.execute("UPDATE purchases SET polls = polls + 1 WHERE id = $1", attempt.id)


async def note_cancel_told(conn: Connection, attempt: Attempt) -> None:
    await conn.execute("UPDATE purchases SET cancel_told_at = now() WHERE id = $1", attempt.id)


async def settle(
    conn: Connection,
    attempt: Attempt,
    state: PurchaseState,
    *,
    output: StoredOutput | None = None,
    cost_lines: Sequence[CostLine] = (),
    error: ErrorFacts | None = None,
) -> bool:
    """Write the end of an attempt that stands where `attempt` says; False when it moved meanwhile."""
    check_move(attempt.state, state)
    return await _moved(
        conn,
        "UPDATE purchases SET state = $3, output_sha256 = $4, output_size_bytes = $5, output_content_type = $6, "
        "cost_micros = $7, cost_lines = $8, error = $9, settled_at = now() WHERE id = $1 AND state = $2 RETURNING 1",
        attempt.id,
        attempt.state.value,
        state.value,
        output.sha256 if output else None,
        output.size_bytes if output else None,
        output.content_type if output else None,
        sum(line.amount_micros for line in cost_lines),
        [line.model_dump(mode="json") for line in cost_lines],
        None if error is None else error.as_dict(),
    )


async def withdraw(conn: Connection, subject: str) -> None:
    """Nobody wants this subject's purchases any more: what was not sent ends here, the rest is marked."""
    await conn.execute("INSERT INTO withdrawn_subjects (subject) VALUES ($1) ON CONFLICT DO NOTHING", subject)
    await conn.execute(
        "UPDATE purchases SET state = 'cancelled', settled_at = now() WHERE subject = $1 AND state = 'intended'",
        subject,
    )
    await conn.execute(
        "UPDATE purchases SET withdrawn_at = now() WHERE subject = $1 AND withdrawn_at IS NULL "
        "AND state IN ('submitting', 'submitted', 'unknown', 'parked')",
        subject,
    )


async def owned_ids(conn: Connection, provider: str, provider_ids: Sequence[str]) -> set[str]:
    """Which of these creations belong to an attempt already."""
    rows = await conn.fetch(
        "SELECT provider_id FROM purchases WHERE provider = $1 AND provider_id = ANY($2)", provider, list(provider_ids)
    )
    return {row["provider_id"] for row in rows}


async def find_by_provider_id(conn: Connection, provider: str, provider_id: str) -> Attempt | None:
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM purchases WHERE provider = $1 AND provider_id = $2", provider, provider_id
    )
    return None if row is None else _attempt(row)


async def bought_keys(conn: Connection, work_keys: Sequence[str]) -> set[str]:
    """Which of these pieces of work are made and paid for."""
    rows = await conn.fetch(
        "SELECT work_key FROM purchases WHERE work_key = ANY($1) AND state = 'succeeded' AND abandoned_at IS NULL",
        list(work_keys),
    )
    return {row["work_key"] for row in rows}


async def of_subject(conn: Connection, subject: str) -> list[Attempt]:
    """All attempts made for a subject, oldest first."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM purchases WHERE subject = $1 ORDER BY created_at, id", subject)
    return [_attempt(row) for row in rows]


async def bill(conn: Connection, purchase_ids: Sequence[uuid.UUID], billed_to: str) -> list[CostLine]:
    """Take the costs of these attempts that no event has carried yet; they are billed with this transaction."""
    rows = await conn.fetch(
        "UPDATE purchases SET billed_to = $2, billed_at = now() WHERE id = ANY($1) AND billed_to IS NULL "
        "AND settled_at IS NOT NULL AND cost_micros > 0 RETURNING cost_lines",
        list(purchase_ids),
        billed_to,
    )
    return [CostLine.model_validate(line) for row in rows for line in row["cost_lines"]]


async def note_told(conn: Connection, purchase_id: uuid.UUID) -> None:
    """The cost of this attempt goes by events of its own from now on."""
    await conn.execute(
        "UPDATE purchases SET billed_to = $2, billed_at = now() WHERE id = $1", purchase_id, own_bill(purchase_id)
    )


async def is_told(conn: Connection, purchase_id: uuid.UUID) -> bool:
    """Whether a cost of this attempt, perhaps an uncertain one, was told of in an event of its own."""
    billed_to: str | None = await conn.fetchval("SELECT billed_to FROM purchases WHERE id = $1", purchase_id)
    return billed_to == own_bill(purchase_id)


def own_bill(purchase_id: uuid.UUID) -> str:
    return f"purchase:{purchase_id}"


async def bill_round(conn: Connection, round_: str) -> list[CostLine]:
    """All costs of a round: those billed to it before, and those still open, which are billed with it now."""
    await conn.execute(
        "UPDATE purchases SET billed_to = $1, billed_at = now() WHERE round = $1 AND billed_to IS NULL "
        "AND settled_at IS NOT NULL AND cost_micros > 0",
        round_,
    )
    rows = await conn.fetch("SELECT cost_lines FROM purchases WHERE billed_to = $1 ORDER BY billed_at, id", round_)
    return [CostLine.model_validate(line) for row in rows for line in row["cost_lines"]]


async def unbilled(conn: Connection, subject: str) -> list[tuple[uuid.UUID, str]]:
    """Attempts of a subject with a cost that no event has carried, each with its round."""
    rows = await conn.fetch(
        "SELECT id, round FROM purchases WHERE subject = $1 AND billed_to IS NULL AND settled_at IS NOT NULL "
        "AND cost_micros > 0 ORDER BY created_at, id",
        subject,
    )
    return [(row["id"], row["round"]) for row in rows]


async def _moved(conn: Connection, query: str, *args: Any) -> bool:
    return await conn.fetchval(query, *args) is not None


def _attempt(row: Row) -> Attempt:
    output = None
    if row["output_sha256"] is not None:
        output = StoredOutput(row["output_sha256"], row["output_size_bytes"], row["output_content_type"])
    return Attempt(
        id=row["id"],
        work_key=row["work_key"],
        subject=row["subject"],
        round=row["round"],
        client_id=row["client_id"],
        medium=row["medium"],
        provider=row["provider"],
        model=row["model"],
        inputs=row["inputs"],
        reference=None if row["reference"] is None else ReferencePicture(**row["reference"]),
        estimate=CostLine.model_validate(row["estimate"]),
        state=PurchaseState(row["state"]),
        tries=row["tries"],
        polls=row["polls"],
        looks=row["looks"],
        provider_id=row["provider_id"],
        submit_started_at=row["submit_started_at"],
        age_seconds=row["age_seconds"],
        wait_seconds=row["wait_seconds"],
        submit_age=row["submit_age"],
        submitted_age=row["submitted_age"],
        look_age=row["look_age"],
        is_withdrawn=row["withdrawn_at"] is not None,
        is_cancel_told=row["cancel_told_at"] is not None,
        is_abandoned=row["abandoned_at"] is not None,
        output=output,
        cost_lines=tuple(CostLine.model_validate(line) for line in row["cost_lines"]),
        error=_facts(row["error"]),
    )


def _facts(stored: dict[str, Any] | None) -> ErrorFacts | None:
    if stored is None:
        return None
    return ErrorFacts(
        kind=ErrorKind(stored["kind"]), code=stored["code"], message=stored["message"], details=stored["details"]
    )
