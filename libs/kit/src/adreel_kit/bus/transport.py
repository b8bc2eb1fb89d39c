"""The port under the bus, and the manifest of every queue.

A transport needs only this: durable queues bound to routing keys, competing consumers, redelivery after a crash, and
a count of deliveries so that a message that kills its handler cannot do so for ever. Delays, retries, dead letters and
deduplication are rows in the services' own databases (`outbox`, `inbox`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adreel_kit.errors import Unavailable

EXCHANGE = "adreel.events"

# A message handed out this often without being finished is taken to kill its handler. Five is RabbitMQ's
# `x-delivery-limit` of DESIGN; the consumer stops one short of it, so that the broker never drops one unrecorded.
MAX_DELIVERIES = 5


class TransportUnavailable(Unavailable):
    """The broker did not take or confirm a message."""

    code = "BUS_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message as the transport carries it.

    `dest` is a routing key, or the name of a queue where `direct` is true. `deliveries` counts hand-outs of this copy,
    this one included; it is set by the transport on receipt.
    """

    message_id: str
    dest: str
    body: str
    direct: bool = False
    attempt: int = 1
    deliveries: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every queue of every service: event type to the names of the services that consume it.

    All of it is declared before the first publish: an event with no bound queue would vanish in silence.
    """

    consumers: Mapping[str, tuple[str, ...]]

    def bindings(self) -> list[tuple[str, str]]:
        """Pairs of routing key and queue, in a stable order."""
        return [(key, queue_name(service, key)) for key in sorted(self.consumers) for service in self.consumers[key]]


def queue_name(service: str, event_type: str) -> str:
    """`<service>.<event type>`; the dead queue adds `.dead`."""
    return f"{service}.{event_type}"


# Returning acknowledges the message, raising hands it out again later.
Receiver = Callable[[WireMessage], Awaitable[None]]


class Transport(Protocol):
    """Moves messages. Every method is safe to repeat; duplicates are allowed everywhere, losses nowhere."""

    async def start(self) -> None:
        """Connect (waiting for the broker as long as it takes) and declare every queue of the manifest."""

    async def aclose(self) -> None: ...

    async def publish(self, messages: Sequence[WireMessage]) -> None:
        """Hand over all `messages` durably, or raise TransportUnavailable: then all may be sent again."""

    async def consume(self, queue: str, receiver: Receiver, *, prefetch: int) -> None:
        """Deliver messages of `queue` to `receiver`, up to `prefetch` at once, until cancelled."""

    async def ping(self) -> None:
        """Raise TransportUnavailable unless the broker can be used right now."""
