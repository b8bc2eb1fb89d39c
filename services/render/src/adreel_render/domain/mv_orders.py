"""Music-video requests as they come, before defaults and checks. `given` holds the optional fields that were sent."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adreel_render.domain.mv_task import KeptFile, Soundtrack

MOST_CLIPS = 20


@dataclass(frozen=True, slots=True)
class ImageOrder:
    """A character's picture."""

    character_description: str
    backend: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VideoOrder:
    """A single clip. At most one of `reference` and `reference_id`."""

    prompt: str
    backend: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    template: str | None = None
    reference: KeptFile | None = None
    reference_id: str = ""


@dataclass(frozen=True, slots=True)
class MergeOrder:
    """Clips in one. `soundtrack` takes the place of their own sound."""

    video_ids: tuple[str, ...]
    transition: str = ""
    soundtrack: Soundtrack | None = None


MvOrder = ImageOrder | VideoOrder | MergeOrder


@dataclass(frozen=True, slots=True)
class Ordered:
    """Who orders what under which id. `client_id` is the client that the caller's key is bound to, if any."""

    task_id: uuid.UUID
    client_id: uuid.UUID | None
    order: MvOrder
