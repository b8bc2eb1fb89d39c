"""SQL over what attempts at a piece of writing have cost, until its end is billed.

Before a model is called the attempt is noted with a line of unknown cost, which what it really used replaces. So a
process that is killed between the two leaves the line, and the bill does not hide that something may have been charged.
"""

import uuid

from adreel_kit.db import Connection

from adreel_scenes.domain.events import CostLine


async def intend(conn: Connection, request_id: uuid.UUID, attempt: int, line: CostLine) -> None:
    """Note that a model is about to be called; an attempt that was interrupted has one such line for each start."""
    await conn.execute(
        "INSERT INTO writing_costs (request_id, attempt, lines) VALUES ($1, $2, $3) "
        "ON CONFLICT (request_id, attempt) DO UPDATE SET lines = writing_costs.lines || EXCLUDED.lines",
        request_id,
        attempt,
        [line.model_dump()],
    )


async def settle(conn: Connection, request_id: uuid.UUID, attempt: int, costs: list[CostLine]) -> None:
    """Put what the attempt used in the place of the line that was intended."""
    await conn.execute(
        "UPDATE writing_costs SET lines = (lines - -1) || $3 WHERE request_id = $1 AND attempt = $2",
        request_id,
        attempt,
        [line.model_dump() for line in costs],
    )


async def lines(conn: Connection, request_id: uuid.UUID) -> list[CostLine]:
    """What the attempts so far have cost."""
    rows = await conn.fetch("SELECT lines FROM writing_costs WHERE request_id = $1 ORDER BY attempt", request_id)
    return [CostLine.model_validate(line) for row in rows for line in row["lines"]]
