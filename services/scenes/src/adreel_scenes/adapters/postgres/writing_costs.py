"""SQL over what failed attempts at a piece of writing have cost, until its end is billed."""

import uuid

from adreel_kit.db import Connection

from adreel_scenes.domain.events import CostLine


async def add(conn: Connection, request_id: uuid.UUID, attempt: int, costs: list[CostLine]) -> None:
    """Keep the lines of one attempt; the same attempt is kept once."""
    await conn.execute(
        "INSERT INTO writing_costs (request_id, attempt, lines) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        request_id,
        attempt,
        [line.model_dump() for line in costs],
    )


async def lines(conn: Connection, request_id: uuid.UUID) -> list[CostLine]:
    """What the attempts so far have cost."""
    rows = await conn.fetch("SELECT lines FROM writing_costs WHERE request_id = $1 ORDER BY attempt", request_id)
    return [CostLine.model_validate(line) for row in rows for line in row["lines"]]
