"""What the use cases need of the world."""

import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import Purchase, PurchaseOrder
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.spec import Canvas, SceneSpec


class AssetSource(Protocol):
    """Local copies of the job's assets."""

    async def local_copy(self, asset_id: uuid.UUID, sha256: str) -> Path:
        """A file with exactly the bytes of that digest, to be read only. Raises AssetBytesUnavailable."""

    async def digest_of(self, asset_id: uuid.UUID) -> str | None:
        """The digest of an asset that the request does not describe; None where there is none."""


class Engine(Protocol):
    """Draws and joins, outside the event loop. Cancelling a call ends its work within two seconds.

    Raises SceneUnrenderable for input that cannot be used, EngineStopped when another try may work; where one clip's
    file is at fault, the latter's details hold its place as `clip`, counted from 0.
    """

    async def draw_scene(
        self, spec: SceneSpec, canvas: Canvas, out_path: Path, on_progress: Callable[[float], None]
    ) -> int:
        """Write the scene's clip; returns its number of frames."""

    async def compose(
        self, plan: FilmPlan, out_path: Path, work_dir: Path, on_progress: Callable[[float], None]
    ) -> int:
        """Write the film and, beside it as `.jpg`, its poster; returns its number of frames."""


class ProgressReport(Protocol):
    """Tells the job how far its render is, at most once a second."""

    def scene(self, render_id: uuid.UUID, scene_number: int) -> "AbstractAsyncContextManager[Callable[[float], None]]":
        """While the block runs, shares of the scene's frames given to the callback are passed on."""

    async def waiting(self, render_id: uuid.UUID) -> None:
        """A sign of life while nothing is drawn, now and then: a provider at work sends none."""

    def composing(self, render_id: uuid.UUID) -> "AbstractAsyncContextManager[Callable[[float], None]]":
        """Likewise for joining the film."""


class Purchases(Protocol):
    """Buys things once. For work handlers: waiting is `NotYet`, so no lane is held while a provider works."""

    async def obtain(self, order: PurchaseOrder, *, accept_possible_duplicate: bool = False) -> Purchase:
        """One step towards having bought this once. Returns the purchase once its output is in the blob store.

        Raises `adreel_kit.worker.NotYet` while the provider works, throttles, or an unknown outcome is reconciled,
        and `adreel_kit.worker.GiveUp` when it is over, holding ContentPolicyViolation, ProviderOutcomeUnknown
        (parked), ProviderOutputLost, ProviderRejected, BackendUnavailable, MissingAPIKey, QuotaExceeded or
        ProviderTimeout; `error.details` name the `purchase_id`. Within one `order.round` a final failure is final:
        called again, it raises the same. Any other exception is worth another try of the work item.

        Safe to call again after a crash at any point, and from two workers at once: one of them waits.
        `accept_possible_duplicate` makes a parked purchase anew; the parked one is kept as abandoned.
        """

    async def withdraw(self, subject: str) -> None:
        """Cancel what is open for this subject, at the provider too; what was paid stays booked.

        Returns at once: the provider is told, and the end watched for, by work of its own.
        """

    async def costs(self, subject: str) -> list[CostLine]:
        """What was paid for this subject so far, one line per attempt that cost something."""
