"""The scenes service on a real database: its parts as bootstrap makes them, driven without a broker."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from adreel_kit.bus import Bus, WireMessage
from adreel_kit.bus.memory import MemoryTransport
from adreel_kit.clock import SystemClock
from adreel_kit.db import Database, Listener
from adreel_kit.envelope import Envelope
from adreel_kit.migrations import migrate
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Lane, Worker
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.bootstrap import MIGRATIONS
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.request import JobCancelled, StoryboardRequested
from adreel_scenes.usecases.edit_storyboard import EditStoryboard
from adreel_scenes.usecases.order_writing import WRITE_KIND, cancel_writing, order_writing
from adreel_scenes.usecases.write_storyboard import WriteStoryboard

IMAGES = [uuid.UUID(int=n) for n in (1, 2, 3)]


@dataclass
class Scenes:
    """One running service and what a test needs to see of it."""

    database: Database
    bus: Bus
    edit: EditStoryboard

    async def receive(self, type_: str, subject: uuid.UUID, data: dict) -> None:
        """Deliver an event as the broker would."""
        envelope = Envelope(
            id=uuid.uuid4(),
            type=type_,
            source="jobs",
            subject=str(subject),
            time="2026-01-02T03:04:05Z",
            correlation_id="story",
            data=data,
        )
        await self.bus.deliver(WireMessage(message_id=str(envelope.id), dest=type_, body=envelope.to_json()))

    async def published(self, type_: str) -> list[dict]:
        """Data of the events of one type that wait in the outbox, oldest first."""
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT body FROM outbox WHERE dest = $1 ORDER BY id", type_)
        return [Envelope.from_json(row["body"]).data for row in rows]

    async def until_published(self, type_: str, count: int = 1) -> list[dict]:
        """Wait for that many events of a type."""
        async with asyncio.timeout(20):
            while len(found := await self.published(type_)) < count:
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def database(postgres_server) -> AsyncIterator[Database]:
    url = await postgres_server.create_database("scenes")
    await migrate(url, MIGRATIONS)
    database = Database(url)
    await database.start(wait_seconds=10)
    yield database
    await database.aclose()
    await postgres_server.drop_database(url)


@pytest.fixture
def writer():
    return TemplateWriter()


@pytest.fixture
def pictures():
    return None


@pytest.fixture
async def scenes(database, writer, pictures) -> AsyncIterator[Scenes]:
    outbox, clock, limits = Outbox(source="scenes"), SystemClock(), StoryLimits()
    bus = Bus(service="scenes", database=database, transport=MemoryTransport())
    bus.subscribe(StoryboardRequested, order_writing)
    bus.subscribe(JobCancelled, cancel_writing)
    listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL])
    await listener.start()
    write = WriteStoryboard(
        database=database,
        outbox=outbox,
        writer=writer,
        limits=limits,
        clock=clock,
        deadline_seconds=5,
        provider="openai",
        model="gpt-6-luna",
        pictures=pictures,
    )
    worker = Worker(database=database, listener=listener, handlers={WRITE_KIND: write}, lanes=(Lane((WRITE_KIND,), 4),))
    working = asyncio.create_task(worker.run())
    yield Scenes(database, bus, EditStoryboard(database=database, outbox=outbox, limits=limits, clock=clock))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await listener.aclose()


@pytest.fixture
def a_request():
    """Builds the data of `storyboard.requested.v1`."""

    def build(job_id: uuid.UUID, **changes) -> dict:
        data = {
            "job_id": str(job_id),
            "request_id": str(uuid.uuid4()),
            "mode": "new",
            "client_id": str(uuid.UUID(int=77)),
            "brief": {
                "product": "Smart Watch",
                "target_audience": "Tech enthusiasts",
                "key_message": "Stay connected",
                "call_to_action": "Buy Now",
                "style": "Modern",
                "tone": "Energetic",
                "visual_elements": ["city"],
            },
            "assets": [
                {
                    "asset_id": str(asset),
                    "type": "image",
                    "format": "jpeg",
                    "name": f"Shot {n}",
                    "sha256": "ab" * 32,
                    "size_bytes": 10,
                    "width_px": 1600,
                    "height_px": 900,
                    "role": "hero" if n == 0 else None,
                }
                for n, asset in enumerate(IMAGES)
            ],
            "video": {
                "duration_seconds": 30.0,
                "aspect_ratio": "16:9",
                "resolution": "1080p",
                "fps": 30,
                "captions": True,
                "voiceover": False,
                "backend": "local",
            },
        }
        return data | changes

    return build


@pytest.fixture
async def written(scenes, a_request):
    """A job whose storyboard was written."""
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    await scenes.until_published("storyboard.ready.v1")
    return job_id
