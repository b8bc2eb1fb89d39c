"""A task of `/api/mv`: one picture, one clip or one joined film, from its order to its result or error.

Pending tasks wait for a worker; a running one may go back to waiting for a provider without changing its state.
Completed and failed ones never change again.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class MvKind(StrEnum):
    """What a task makes."""

    IMAGE = "image"
    VIDEO = "video"
    MERGE = "merge"


class MvState(StrEnum):
    """Where a task stands."""

    PENDING = "pending"  # ordered; the first worker that begins moves it on
    RUNNING = "running"  # begun; its work item's end moves it on
    COMPLETED = "completed"  # the result is in the blob store
    FAILED = "failed"  # given up; `error` says why


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Bytes in this service's blob store."""

    sha256: str
    size_bytes: int
    content_type: str

    def as_dict(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "size_bytes": self.size_bytes, "content_type": self.content_type}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "KeptFile":
        return cls(data["sha256"], data["size_bytes"], data["content_type"])


@dataclass(frozen=True, slots=True)
class MvPlan:
    """What is to be done, settled and checked before any work: it is stored, and work reads nothing else.

    `parameters` are the values in force for the chosen model, `not_applied` the names of request fields that it does
    not take. `words` is what the request said, `prompt` the whole text for a model. `clips` are the ids that a merge
    joins, in order; `soundtrack` the asset under it.
    """

    kind: MvKind
    backend: str
    model: str
    words: str = ""
    prompt: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    not_applied: tuple[str, ...] = ()
    reference: KeptFile | None = None
    clips: tuple[uuid.UUID, ...] = ()
    soundtrack: "Soundtrack | None" = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form, as it is stored."""
        return {
            "kind": self.kind.value,
            "backend": self.backend,
            "model": self.model,
            "words": self.words,
            "prompt": self.prompt,
            "parameters": dict(self.parameters),
            "not_applied": list(self.not_applied),
            "reference": self.reference.as_dict() if self.reference else None,
            "clips": [str(clip) for clip in self.clips],
            "soundtrack": [str(self.soundtrack.asset_id), self.soundtrack.sha256] if self.soundtrack else None,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "MvPlan":
        soundtrack = data["soundtrack"]
        return cls(
            kind=MvKind(data["kind"]),
            backend=data["backend"],
            model=data["model"],
            words=data["words"],
            prompt=data["prompt"],
            parameters=data["parameters"],
            not_applied=tuple(data["not_applied"]),
            reference=KeptFile.of(data["reference"]) if data["reference"] else None,
            clips=tuple(uuid.UUID(clip) for clip in data["clips"]),
            soundtrack=Soundtrack(uuid.UUID(soundtrack[0]), soundtrack[1]) if soundtrack else None,
        )


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """An asset with sound, by id and by the digest that was found when the merge was ordered."""

    asset_id: uuid.UUID
    sha256: str


@dataclass(frozen=True, slots=True)
class MvTask:
    """A task as it is stored."""

    id: uuid.UUID
    kind: MvKind
    client_id: uuid.UUID | None
    plan: MvPlan
    state: MvState
    progress: float
    result: KeptFile | None
    path: str
    metadata: Mapping[str, Any]
    error: Mapping[str, Any] | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return self.state in (MvState.COMPLETED, MvState.FAILED)
