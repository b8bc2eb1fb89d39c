"""Buying against the stand-in over the real wire: a real blob store, times shortened."""

import asyncio
import uuid
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.db import Database
from adreel_kit.guarded_http import parse_host_rules
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import GiveUp, NotYet
from adreel_render.adapters.media_check import LookAtFilm, LookAtPicture
from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.adapters.providers.gemini import Gemini
from adreel_render.adapters.providers.outputs import OutputGuard
from adreel_render.adapters.providers.replicate import OUTPUT_DOMAINS, Replicate
from adreel_render.domain.attempts import Attempt, OutputUnusable
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import Purchase, PurchaseOrder
from adreel_render.engine.errors import EngineError
from adreel_render.usecases.buying.assemble import Buying, assemble
from adreel_render.usecases.buying.terms import Terms
from adreel_testkit.standins.video_app import VideoStandin

# What stands for the 60 s that a provider may take to answer a creation.
CREATE_SECONDS = 2.0
TERMS = Terms(
    poll_first_seconds=0.05,
    poll_most_seconds=0.1,
    deadline_seconds=120.0,
    stale_seconds=5.0,
    look_gap_seconds=0.5,
    watch_seconds=0.3,
)


class NoBooks:
    """Costs stay on the ledger, which is what these tests look at."""

    async def hold(self, conn, attempt) -> None:
        return None

    async def on_settled(self, conn, attempt) -> None:
        return None

    async def on_parked(self, conn, attempt) -> None:
        return None


class CheckHere:
    """The engine's own look at a file, without a process around it."""

    async def content_type(self, path: Path, medium: str) -> str:
        task = LookAtFilm(path) if medium == "video" else LookAtPicture(path)
        try:
            result = await asyncio.to_thread(task.carry_out, lambda share: None)
        except EngineError as error:
            raise OutputUnusable(str(error)) from error
        return str(result.details["content_type"])


@dataclass
class Shop:
    """Buying and what a test needs to see of it."""

    database: Database
    blobs: FileBlobStore
    standin: VideoStandin
    buying: Buying

    async def buy(self, order: PurchaseOrder, *, seconds: float = 15.0, **options) -> Purchase:
        """As a worker does: again and again until it is there; a GiveUp goes through."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await self.buying.purchases.obtain(order, **options)
                except NotYet as later:
                    await asyncio.sleep(min(later.delay.total_seconds(), 0.3))

    async def refused(self, order: PurchaseOrder, **options) -> GiveUp:
        with pytest.raises(GiveUp) as caught:
            await self.buy(order, **options)
        return caught.value

    async def attempts(self, order: PurchaseOrder) -> list[Attempt]:
        async with self.database.connection() as conn:
            return await ledger.of_subject(conn, order.subject)

    async def attempt(self, order: PurchaseOrder) -> Attempt:
        (attempt,) = await self.attempts(order)
        return attempt

    async def until(self, order: PurchaseOrder, state: str, *, seconds: float = 15.0) -> Attempt:
        """The order's one attempt once it is there; it is stepped as its watcher would."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.attempts(order)
                if found and found[-1].state == state:
                    return found[-1]
                await asyncio.sleep(0.05)

    async def watch(self) -> None:
        """Do the watchers' work over and over, until cancelled."""
        while True:
            async with self.database.connection() as conn:
                rows = await conn.fetch("SELECT id FROM purchases")
            for row in rows:
                item = WorkItem(row["id"], "purchase", "", "", {"purchase_id": str(row["id"])}, 1, 5, row["id"])
                with suppress(NotYet):
                    await self.buying.watch.run(item)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def open_shop(
    database,
    url: str,
    folder: Path,
    *,
    terms: Terms = TERMS,
    names: tuple[str, ...] = ("replicate", "gemini"),
    create_seconds: float = CREATE_SECONDS,
    allowed_hosts: str | None = None,
    wrap=lambda provider: provider,
    **parts,
):
    """Buying at the stand-in at `url`, for the length of an `async with`; `parts` replace those of `assemble`."""
    (folder / "blobs").mkdir(exist_ok=True)
    blobs = FileBlobStore(folder / "blobs")
    await blobs.start()
    hosts = url.removeprefix("http://") if allowed_hosts is None else allowed_hosts
    made = {
        "replicate": lambda: Replicate(
            token="r8_test",
            base_url=f"{url}/v1",
            blobs=blobs,
            outputs=OutputGuard(domains=OUTPUT_DOMAINS, allowed_hosts=parse_host_rules(hosts)),
            deadline_seconds=terms.deadline_seconds,
            create_seconds=create_seconds,
        ),
        "gemini": lambda: Gemini(
            api_key="test", base_url=url, api_version="v1beta", blobs=blobs, create_seconds=create_seconds
        ),
    }
    providers = {name: made[name]() for name in names}
    usual = {
        "providers": {name: wrap(provider) for name, provider in providers.items()},
        "check": CheckHere(),
        "books": NoBooks(),
    }
    yield assemble(database=database, blobs=blobs, scratch_dir=folder, terms=terms, **(usual | parts)), blobs
    for provider in providers.values():
        await provider.aclose()
    await blobs.aclose()


def veo_order(**changes) -> PurchaseOrder:
    """A clip of 4 s for 0.80 USD; each call is another piece of work."""
    order = PurchaseOrder(
        work_key=f"work-{uuid.uuid4()}",
        subject=str(uuid.uuid4()),
        client_id=None,
        medium="video",
        provider="replicate",
        model="google/veo-3.1",
        inputs={"prompt": "A lamp on a table.", "duration": 4, "aspect_ratio": "16:9", "resolution": "720p",
                "generate_audio": False},
        reference=None,
        estimate=CostLine(kind="video", description="4 s", provider="replicate", model="google/veo-3.1", quantity=4,
                          unit="second", amount_micros=800_000, state="estimated"),
        round="first",
    )  # fmt: skip
    return replace(order, **changes)


def omni_order(**changes) -> PurchaseOrder:
    """A clip by Gemini."""
    inputs = {"prompt": "A lamp on a table.", "duration": 4, "aspect_ratio": "16:9", "resolution": "720p"}
    return veo_order(provider="gemini", model="gemini-omni-1.2-flash", inputs=inputs, **changes)
