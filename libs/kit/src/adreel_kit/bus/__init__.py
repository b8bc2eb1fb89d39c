"""The event bus: `Bus.subscribe(Event, handler)` and `Outbox.publish(event, conn)`; no broker's type leaks out."""

from adreel_kit.bus.bus import Bus, DeadLetter, Handler, Message, MessageDeadLettered, Outcome, Retry
from adreel_kit.bus.transport import Manifest, Transport, TransportUnavailable, WireMessage

__all__ = [
    "Bus",
    "DeadLetter",
    "Handler",
    "Manifest",
    "Message",
    "MessageDeadLettered",
    "Outcome",
    "Retry",
    "Transport",
    "TransportUnavailable",
    "WireMessage",
]
