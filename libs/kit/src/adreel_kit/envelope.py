"""What travels on the bus: an event's data inside one envelope.

The envelope is `id, type, source, subject, time, correlation_id, causation_id, data`. Adding an optional field to the
data keeps the type's version; anything else is a new type. Consumers read leniently: unknown fields are ignored.
"""

import json
import uuid
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Base of every event's data. `TYPE` is the name on the wire, with its version: `order.placed.v1`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str]


class Envelope(BaseModel):
    """An event with what is needed to route it, order it and tell its story."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: uuid.UUID
    type: str
    source: str
    subject: str
    time: datetime
    correlation_id: str
    causation_id: str | None = None
    data: dict[str, Any]  # JSON whose shape is the event type's own

    def to_json(self) -> str:
        return self.model_dump_json()

    @classmethod
    def from_json(cls, body: str | bytes) -> Self:
        """Parse a body; raises pydantic's ValidationError when it is none of ours."""
        return cls.model_validate_json(body)


class Story(BaseModel):
    """The ids that tie one cause to all it led to: `correlation_id` the whole, `causation_id` the last step."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    causation_id: str | None = None


_story: ContextVar[Story | None] = ContextVar("story", default=None)


def current_story() -> Story | None:
    """The story this task works in, if any."""
    return _story.get()


def enter_story(story: Story) -> None:
    """Work in `story` for the rest of this task (context variables end with it)."""
    _story.set(story)


def dump_json(value: Any) -> str:
    """Compact JSON for headers and rows."""
    return json.dumps(value, separators=(",", ":"))
