"""Events written with the state change that caused them, awaiting publication.

`Outbox.publish` inserts in the caller's transaction, so an event exists if and only if its change was committed. The
relay takes rows that are due, publishes them with confirms and commits their deletion: a crash in between makes a
duplicate, which every consumer's inbox drops, and never a loss. A delay is a due time in this table; no broker needs
to know of delays.
"""

import uuid
from datetime import UTC, datetime, timedelta

from adreel_kit.db import Connection
from adreel_kit.envelope import Envelope, Event, current_story
from adreel_kit.ids import new_id

CHANNEL = "outbox"

# For the services' migrations. `dest` is a routing key, or a queue's name where `direct` is true (a retry).
OUTBOX_TABLES_SQL = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL,
    dest text NOT NULL,
    direct boolean NOT NULL DEFAULT false,
    attempt integer NOT NULL DEFAULT 1,
    body text NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_outbox_due_at ON outbox (due_at, id);
CREATE TABLE inbox (
    consumer text NOT NULL,
    message_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX ix_inbox_received_at ON inbox (received_at);
CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    message_id text NOT NULL,
    body text NOT NULL,
    reason text NOT NULL,
    error jsonb NOT NULL,
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


class Outbox:
    """Writes events to be published; one per process, without state of its own."""

    def __init__(self, *, source: str) -> None:
        self._source = source

    async def publish(
        self, event: Event, conn: Connection, *, subject: str, delay: timedelta | None = None
    ) -> uuid.UUID:
        """Insert `event` in the caller's transaction; it is published after the commit, `delay` later.

        `subject` names the aggregate the event speaks of. Returns the message's id. Consumers may see it more than
        once and in any order.
        """
        story = current_story()
        message_id = new_id()
        envelope = Envelope(
            id=message_id,
            type=event.TYPE,
            source=self._source,
            subject=subject,
            time=datetime.now(UTC),
            correlation_id=story.correlation_id if story else str(message_id),
            causation_id=story.causation_id if story else None,
            data=event.model_dump(mode="json"),
        )
        await insert(conn, message_id=message_id, dest=event.TYPE, body=envelope.to_json(), delay=delay)
        return message_id


async def insert(
    conn: Connection,
    *,
    message_id: uuid.UUID,
    dest: str,
    body: str,
    direct: bool = False,
    attempt: int = 1,
    delay: timedelta | None = None,
) -> None:
    """Add one outbox row and wake the relay; the notification is delivered when the transaction commits."""
    await conn.execute(
        "INSERT INTO outbox (message_id, dest, direct, attempt, body, due_at) VALUES ($1, $2, $3, $4, $5, now() + $6)",
        message_id,
        dest,
        direct,
        attempt,
        body,
        delay or timedelta(0),
    )
    if not delay:
        await conn.execute("SELECT pg_notify($1, '')", CHANNEL)
