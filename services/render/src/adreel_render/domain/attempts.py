"""One attempt at a purchase as the ledger holds it, and what a provider is to the one who works on it."""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from adreel_kit.errors import AppError, ErrorFacts

from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import (
    JSON,
    Medium,
    Purchase,
    PurchaseState,
    ReferencePicture,
    StoredOutput,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the ledger. Ages are in seconds by the database's clock, None where the moment has not come."""

    id: uuid.UUID
    work_key: str
    subject: str
    round: str
    client_id: uuid.UUID | None
    medium: Medium
    provider: str
    model: str
    inputs: Mapping[str, JSON]
    reference: ReferencePicture | None
    estimate: CostLine
    state: PurchaseState
    tries: int
    polls: int
    looks: int
    provider_id: str | None
    submit_started_at: datetime | None
    age_seconds: float
    wait_seconds: float
    submit_age: float | None
    submitted_age: float | None
    look_age: float | None
    is_withdrawn: bool
    is_cancel_told: bool
    is_abandoned: bool
    output: StoredOutput | None
    cost_lines: tuple[CostLine, ...]
    error: ErrorFacts | None

    def as_purchase(self) -> Purchase:
        """What the one who ordered it sees."""
        return Purchase(
            id=self.id,
            state=self.state,
            provider=self.provider,
            model=self.model,
            provider_id=self.provider_id,
            inputs=self.inputs,
            output=self.output,
            cost_lines=self.cost_lines,
            error=self.error,
        )


class PredictionState(StrEnum):
    """What a provider says of something it was asked to make."""

    RUNNING = "running"  # queued or at work, or in a state that this code does not know
    SUCCEEDED = "succeeded"  # made; `outputs` says where it is, empty where it was wiped
    FAILED = "failed"  # not made; `is_failure_charged` says whether it is charged all the same
    CANCELLED = "cancelled"  # stopped on request; `was_running` says whether it is charged
    EXPIRED = "expired"  # its deadline came before it was started; not charged


@dataclass(frozen=True, slots=True)
class RemoteOutput:
    """A made file: at an address, or brought along."""

    url: str | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The standing of one creation at its provider."""

    provider_id: str
    state: PredictionState
    outputs: tuple[RemoteOutput, ...] = ()
    error: str = ""
    is_blocked: bool = False
    was_running: bool = True
    is_failure_charged: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider's list says of an attempt whose outcome is unknown.

    `provider_ids` are creations that match it, oldest first. Without one, `is_conclusive` says whether that means
    that there is none: a list whose inputs were wiped cannot tell.
    """

    provider_ids: tuple[str, ...]
    is_conclusive: bool


class NotCreated(Exception):
    """Nothing was created, surely. With `again_after_seconds` it may be sent again then; else `error` is final."""

    def __init__(self, error: AppError, *, again_after_seconds: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.again_after_seconds = again_after_seconds


class OutcomeUnknown(Exception):
    """It may have been created: the answer never came, or cannot be read."""


class ProviderAway(Exception):
    """A question (not a creation) went unanswered: ask again later."""


class OutputGone(Exception):
    """A made file cannot be had, however often it is asked for."""


class OutputUnusable(Exception):
    """The file is not what was asked for: no picture, or a film that cannot be decoded."""


class MediaCheck(Protocol):
    """Decodes a stranger's file where that can do no harm."""

    async def content_type(self, path: Path, medium: Medium) -> str:
        """The file's type by its bytes. Raises OutputUnusable; anything else is worth another try."""


class GenerationProvider(Protocol):
    """One provider. Only `create` costs money; nothing here sends it twice."""

    @property
    def name(self) -> str:
        """`replicate` or `gemini`."""

    def takes_seed(self, model: str) -> bool:
        """Whether a seed may be sent: it makes equal inputs distinguishable, so one is chosen where none was given."""

    async def prepare(self, attempt: Attempt) -> Mapping[str, JSON]:
        """The request to send, with the reference picture in it or uploaded. Creates nothing; may be repeated.

        Raises NotCreated.
        """

    async def create(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        """Send the creation once. Raises NotCreated, or OutcomeUnknown; any other exception counts as the latter."""

    async def fetch(self, provider_id: str) -> Prediction | None:
        """Where a creation stands; None where the provider does not know it. Raises ProviderAway."""

    async def cancel(self, provider_id: str) -> None:
        """Ask for it to be stopped; one that has ended stays as it is. Raises ProviderAway."""

    async def find(self, attempt: Attempt) -> Found | None:
        """Creations that may be this attempt's; None for a provider that has no list. Raises ProviderAway."""

    def read_output(self, output: RemoteOutput, *, max_bytes: int) -> AsyncIterator[bytes]:
        """The bytes of a made file. Raises OutputGone, or ProviderAway."""
