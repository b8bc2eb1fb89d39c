"""Lists by pages, newest first. A cursor is the place of the last row seen, so rows added meanwhile shift nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from adreel_kit.db import Connection, Row

from adreel_jobs.domain.errors import FieldProblem, FieldsInvalid
from adreel_jobs.domain.views import Page, PageRequest

T = TypeVar("T")

# Any value PostgreSQL takes as a parameter.
Parameter = Any


async def fetch_page(
    conn: Connection,
    *,
    select: str,
    table: str,
    where: str,
    parameters: Sequence[Parameter],
    page: PageRequest,
    read: Callable[[Row], T],
) -> Page[T]:
    """One page of `table` (with alias, holding `created_at` and `id`) where `where` holds for `parameters`.

    `select`, `table` and `where` are constants of the callers; what users send comes in as parameters alone.
    """
    count = len(parameters)
    place = decode_cursor(page.cursor) if page.cursor else None
    beyond = "" if place is None else f" AND (t.created_at, t.id) < (${count + 3}, ${count + 4})"
    offset = 0 if place is not None else page.offset
    rows = await conn.fetch(
        f"SELECT {select} FROM {table} t WHERE {where}{beyond} "
        f"ORDER BY t.created_at DESC, t.id DESC LIMIT ${count + 1} OFFSET ${count + 2}",
        *parameters,
        page.limit + 1,
        offset,
        *(place or ()),
    )
    total = await conn.fetchval(f"SELECT count(*) FROM {table} t WHERE {where}", *parameters)
    shown = rows[: page.limit]
    cursors = [encode_cursor(row["created_at"], row["id"]) for row in shown]
    if len(rows) == len(shown) and cursors:
        cursors[-1] = ""
    return Page(tuple(read(row) for row in shown), tuple(cursors), page.limit, offset, total)


def encode_cursor(at: datetime, row_id: UUID) -> str:
    micros = round(at.timestamp() * 1_000_000)
    return base64.urlsafe_b64encode(micros.to_bytes(8, "big") + row_id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The place a cursor names. Raises FieldsInvalid for one that we did not give."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        micros = int.from_bytes(packed[:8], "big")
        seconds, rest = divmod(micros, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), UUID(bytes=packed[8:])
    except (ValueError, binascii.Error, OverflowError, OSError):
        raise FieldsInvalid([FieldProblem("cursor", "This cursor is not one that a list gave.")]) from None


def like(text: str) -> str:
    """A pattern for ILIKE that finds `text` anywhere, its own wildcards taken literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
