"""Consuming: one transaction per message, duplicates dropped, retries and dead letters as rows of ours.

A consumer's transaction holds the inbox row, the handler's changes and the handler's own events. A failed handler is
rolled back; then a second small transaction writes either a delayed retry straight to the same queue or, after the
last attempt, a dead letter and a `message.dead_lettered.v1` event, so that whoever owns the subject can fail it with a
reason. Only then is the message acknowledged.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from adreel_kit import outbox as outbox_rows
from adreel_kit.bus.transport import MAX_DELIVERIES, Transport, WireMessage, queue_name
from adreel_kit.db import Connection, Database
from adreel_kit.envelope import Envelope, Event, Story, enter_story
from adreel_kit.errors import AppError, ErrorFacts, ErrorKind
from adreel_kit.ids import new_id
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox

log = get_logger(__name__)

E = TypeVar("E", bound=Event)

# What each kind of error means for a message (STYLE section 8): attempts in all, including the first.
_ATTEMPTS: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 1,
    ErrorKind.DENIED: 1,
    ErrorKind.NOT_FOUND: 4,  # it may be on its way
    ErrorKind.CONFLICT: 0,  # late events are normal: acknowledged and logged
    ErrorKind.EXHAUSTED: 12,
    ErrorKind.UNAVAILABLE: 12,
    ErrorKind.TIMEOUT: 6,
    ErrorKind.INTERNAL: 4,
}


@dataclass(frozen=True, slots=True)
class Retry:
    """Handle this message again after `delay`; it counts as an attempt."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Set this message aside for good; `reason` is one of a closed set that dashboards read."""

    reason: str
    message: str = "The message was refused."


Outcome = Retry | DeadLetter | None


@dataclass(frozen=True, slots=True)
class Message(Generic[E]):
    """A delivered event with its envelope and the transaction its handler works in."""

    event: E
    conn: Connection
    subject: str
    message_id: str
    time: datetime
    attempt: int


Handler = Callable[[Message[E]], Awaitable[Outcome]]


class MessageDeadLettered(Event):
    """Some consumer gave up on a message about `subject`; the subject's owner decides what that means."""

    TYPE: ClassVar[str] = "message.dead_lettered.v1"
    consumer: str
    message_type: str
    subject: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class _Subscription:
    event: type[Event]
    handler: Handler[Event]
    prefetch: int


class Bus:
    """The consuming side of one service: its subscriptions, and the loops that serve them."""

    def __init__(self, *, service: str, database: Database, transport: Transport) -> None:
        self._service = service
        self._database = database
        self._transport = transport
        self._outbox = Outbox(source=service)
        self._subscriptions: list[_Subscription] = []

    @property
    def subscribed_types(self) -> frozenset[str]:
        """Event types with a handler, for the test that holds the catalogue to the code."""
        return frozenset(s.event.TYPE for s in self._subscriptions)

    def subscribe(self, event: type[E], handler: Handler[E], *, prefetch: int = 8) -> None:
        """Have `handler` called for each `event`, in a transaction, at least once and in no promised order."""
        self._subscriptions.append(_Subscription(event, cast("Handler[Event]", handler), prefetch))

    async def run(self) -> None:
        """Serve all subscriptions until cancelled."""
        async with asyncio.TaskGroup() as group:
            for subscription in self._subscriptions:
                queue = queue_name(self._service, subscription.event.TYPE)
                group.create_task(
                    self._transport.consume(
                        queue,
                        lambda message, s=subscription: self.receive(s, message),  # type: ignore[misc]
                        prefetch=subscription.prefetch,
                    ),
                    name=f"consume {queue}",
                )

    async def deliver(self, message: WireMessage) -> None:
        """Handle one message as if the transport had delivered it: for tests and replays."""
        for subscription in self._subscriptions:
            if message.dest in (subscription.event.TYPE, queue_name(self._service, subscription.event.TYPE)):
                await self.receive(subscription, message)

    async def receive(self, subscription: _Subscription, wire: WireMessage) -> None:
        """Handle one delivery; returning acknowledges it. Raises only when nothing could be recorded."""
        queue = queue_name(self._service, subscription.event.TYPE)
        try:
            envelope = Envelope.from_json(wire.body)
            event = subscription.event.model_validate(envelope.data)
        except ValidationError as error:
            log.error("message.malformed", queue=queue, message_id=wire.message_id, errors=error.error_count())
            facts = ErrorFacts(
                kind=ErrorKind.INVALID, code="MESSAGE_MALFORMED", message="An internal message was malformed."
            )
            await self._set_aside(queue, subscription, wire, "malformed", facts)
            return
        enter_story(Story(correlation_id=envelope.correlation_id, causation_id=str(envelope.id)))
        if wire.deliveries >= MAX_DELIVERIES:
            facts = ErrorFacts(
                kind=ErrorKind.INTERNAL, code="MESSAGE_CRASH_LOOP", message="Handling it failed repeatedly."
            )
            await self._set_aside(queue, subscription, wire, "crash_loop", facts)
            return
        try:
            await self._handle(queue, subscription, wire, envelope, event)
        except Exception as error:  # a bug in a handler must not stop the queue; it is retried, then set aside
            await self._failed(queue, subscription, wire, error)

    async def _handle(
        self, queue: str, subscription: _Subscription, wire: WireMessage, envelope: Envelope, event: Event
    ) -> None:
        async with self._database.transaction() as conn:
            if not await _remember(conn, queue, str(envelope.id)):
                log.info("message.duplicate", queue=queue, message_id=wire.message_id)
                return
            message = Message(event, conn, envelope.subject, str(envelope.id), envelope.time, wire.attempt)
            outcome = await subscription.handler(message)
            if outcome is not None:
                raise _Undone(outcome)

    async def _failed(self, queue: str, subscription: _Subscription, wire: WireMessage, error: Exception) -> None:
        if isinstance(error, _Undone):
            if isinstance(error.outcome, Retry) and wire.attempt < _ATTEMPTS[ErrorKind.UNAVAILABLE]:
                await self._retry(queue, wire, error.outcome.delay)
                return
            reason = error.outcome.reason if isinstance(error.outcome, DeadLetter) else "gave_up"
            text = error.outcome.message if isinstance(error.outcome, DeadLetter) else "It was tried too often."
            facts = ErrorFacts(kind=ErrorKind.INVALID, code=reason.upper(), message=text)
            await self._set_aside(queue, subscription, wire, reason, facts)
            return
        facts = ErrorFacts.of(error)
        attempts = _ATTEMPTS[facts.kind]
        if attempts == 0:
            log.info("message.late", queue=queue, message_id=wire.message_id, code=facts.code)
            return
        if wire.attempt < attempts:
            log.warning(
                "message.retrying",
                queue=queue,
                message_id=wire.message_id,
                attempt=wire.attempt,
                code=facts.code,
                exc_info=error if not isinstance(error, AppError) else None,
            )
            await self._retry(queue, wire, backoff(wire.attempt, facts.retry_after_seconds))
            return
        log.error("message.dead", queue=queue, message_id=wire.message_id, code=facts.code, exc_info=error)
        await self._set_aside(queue, subscription, wire, facts.kind.value, facts)

    async def _retry(self, queue: str, wire: WireMessage, delay: timedelta) -> None:
        async with self._database.transaction() as conn:
            # A crash between this commit and the acknowledgement must not breed two retries of one attempt.
            if await _remember(conn, queue, f"{wire.message_id}#{wire.attempt}"):
                await outbox_rows.insert(
                    conn,
                    message_id=new_id(),
                    dest=queue,
                    direct=True,
                    attempt=wire.attempt + 1,
                    body=wire.body,
                    delay=delay,
                )

    async def _set_aside(
        self, queue: str, subscription: _Subscription, wire: WireMessage, reason: str, facts: ErrorFacts
    ) -> None:
        async with self._database.transaction() as conn:
            if not await _remember(conn, queue, f"{wire.message_id}#dead"):
                return
            await conn.execute(
                "INSERT INTO dead_letter (consumer, message_id, body, reason, error, attempts) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                queue,
                wire.message_id,
                wire.body,
                reason,
                facts.as_dict(),
                wire.attempt,
            )
            subject = _subject_of(wire)
            if subject and subscription.event.TYPE != MessageDeadLettered.TYPE:
                await self._outbox.publish(
                    MessageDeadLettered(
                        consumer=self._service,
                        message_type=subscription.event.TYPE,
                        subject=subject,
                        code=facts.code,
                        message=facts.message,
                    ),
                    conn,
                    subject=subject,
                )


class _Undone(Exception):
    """Rolls the handler's transaction back when it asked for a retry or a dead letter by its return value."""

    def __init__(self, outcome: Retry | DeadLetter) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


def backoff(attempt: int, hint_seconds: float | None = None) -> timedelta:
    """Delay before the attempt after `attempt`: 0.5 s doubled up to a minute, jittered; a hint is a floor."""
    seconds = min(0.5 * 2.0 ** (attempt - 1), 60.0) * random.uniform(0.75, 1.25)
    return timedelta(seconds=max(seconds, hint_seconds or 0.0))


async def _remember(conn: Connection, consumer: str, message_id: str) -> bool:
    """Insert the inbox row; False when it is there already."""
    inserted = await conn.fetchval(
        "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1",
        consumer,
        message_id,
    )
    return inserted is not None


def _subject_of(wire: WireMessage) -> str | None:
    try:
        return Envelope.from_json(wire.body).subject
    except ValidationError:
        return None
