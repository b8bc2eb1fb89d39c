"""What is bought from a paid provider, and where a purchase stands; pure, no I/O.

Invariants: a piece of work (`work_key`) has at most one live attempt; an attempt moves only along `TRANSITIONS`; what
was created at a provider is either the output of its attempt or a cost on it. No provider offers an idempotency key,
so "exactly once" cannot be had: the states are cut so that "at most once, and always accounted for" can.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from adreel_kit.errors import ErrorFacts

from adreel_render.domain.events import CostLine

# A JSON value; its shape is the model's own.
JSON = Any

Medium = Literal["video", "image", "voice"]
Provider = Literal["replicate", "gemini", "openai"]

REPEATABLE: frozenset[Medium] = frozenset({"voice"})
"""What is cheap enough to be bought once more where nobody knows what became of it, or it came damaged; both count."""
MOST_REPEATS = 1


class PurchaseState(StrEnum):
    """Where one attempt stands."""

    INTENDED = "intended"  # committed, nothing sent; whoever works on it next sends it
    SUBMITTING = "submitting"  # a creation may be on its way; found again after a crash, it is as good as unknown
    SUBMITTED = "submitted"  # the provider's id is stored; polling or a webhook moves it on
    SUCCEEDED = "succeeded"  # the output is in our blob store and was probed
    FAILED = "failed"  # over without an output; the cost says whether it was paid
    CANCELLED = "cancelled"  # withdrawn; the cost says whether it was paid
    UNKNOWN = "unknown"  # perhaps created; the reconciler asks the provider before anything else happens
    PARKED = "parked"  # perhaps created and no way to tell; goes on only when a person takes the risk


LIVE = frozenset(
    {
        PurchaseState.INTENDED,
        PurchaseState.SUBMITTING,
        PurchaseState.SUBMITTED,
        PurchaseState.SUCCEEDED,
        PurchaseState.UNKNOWN,
        PurchaseState.PARKED,
    }
)
"""States in which an attempt stands in the way of another one for the same work, unless it was abandoned."""

TRANSITIONS: Mapping[PurchaseState, frozenset[PurchaseState]] = {
    PurchaseState.INTENDED: frozenset({PurchaseState.SUBMITTING, PurchaseState.FAILED, PurchaseState.CANCELLED}),
    # Back to intended when it was surely not created and may be sent again (throttled, connection refused).
    PurchaseState.SUBMITTING: frozenset(
        {PurchaseState.SUBMITTED, PurchaseState.INTENDED, PurchaseState.FAILED, PurchaseState.UNKNOWN}
    ),
    PurchaseState.SUBMITTED: frozenset({PurchaseState.SUCCEEDED, PurchaseState.FAILED, PurchaseState.CANCELLED}),
    PurchaseState.UNKNOWN: frozenset(
        {
            PurchaseState.SUBMITTED,
            PurchaseState.INTENDED,
            PurchaseState.PARKED,
            PurchaseState.FAILED,
            PurchaseState.CANCELLED,
        }
    ),
    # A webhook that comes after all names the id.
    PurchaseState.PARKED: frozenset({PurchaseState.SUBMITTED, PurchaseState.CANCELLED}),
    PurchaseState.SUCCEEDED: frozenset(),
    PurchaseState.FAILED: frozenset(),
    PurchaseState.CANCELLED: frozenset(),
}


class ForbiddenMove(Exception):
    """A purchase was to go from one state to another that does not follow it: a bug."""

    def __init__(self, current: PurchaseState, target: PurchaseState) -> None:
        super().__init__(f"a purchase cannot go from {current} to {target}")


def check_move(current: PurchaseState, target: PurchaseState) -> None:
    """Raise ForbiddenMove unless `target` may follow `current`."""
    if target not in TRANSITIONS[current]:
        raise ForbiddenMove(current, target)


@dataclass(frozen=True, slots=True)
class ReferencePicture:
    """A picture in our blob store that the model is to start from or to be true to.

    `use` is `first_frame` (the clip begins with it) or `subject` (the clip shows what it shows; veo takes that at
    16:9 and 8 s only).
    """

    sha256: str
    content_type: str
    size_bytes: int
    use: Literal["first_frame", "subject"] = "first_frame"


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """What is to be bought once.

    `work_key` names the piece of work: the same key is the same purchase, whoever orders it. `subject` is what it is
    cancelled and booked by (the job's id, the task's id). `round` names the request that an attempt is made for: a
    final failure stays final within its round, and only another round (a person's `retry`) makes a new attempt.
    `inputs` are the model's inputs, validated, without picture bytes and without a seed nobody asked for.
    """

    work_key: str
    subject: str
    client_id: uuid.UUID | None
    medium: Medium
    provider: Provider
    model: str
    inputs: Mapping[str, JSON]
    reference: ReferencePicture | None
    estimate: CostLine
    round: str = ""


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """The bought file in our own blob store; the bytes were probed and are of `content_type`."""

    sha256: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """What came of an order. `cost_lines` is what was paid for it, nothing where it was free or is not over yet."""

    id: uuid.UUID
    state: PurchaseState
    provider: str
    model: str
    provider_id: str | None
    inputs: Mapping[str, JSON]
    output: StoredOutput | None
    cost_lines: tuple[CostLine, ...]
    error: ErrorFacts | None

    @property
    def cost_micros(self) -> int:
        return sum(line.amount_micros for line in self.cost_lines)


def canonical_inputs(inputs: Mapping[str, JSON]) -> str:
    """One spelling of the inputs: sorted keys, no spaces, so that equal inputs have equal hashes."""
    return json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def inputs_hash(inputs: Mapping[str, JSON], reference: ReferencePicture | None = None) -> str:
    """SHA-256 of the canonical inputs and the reference picture's digest and use, in hex."""
    picture = "" if reference is None else f"\n{reference.use}:{reference.sha256}"
    return hashlib.sha256((canonical_inputs(inputs) + picture).encode()).hexdigest()
