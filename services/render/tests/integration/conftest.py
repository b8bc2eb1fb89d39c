"""The render service on a real database with the real engine, its assets taken from disk."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.bus import Bus
from adreel_kit.bus.memory import MemoryTransport
from adreel_kit.db import Database, Listener
from adreel_kit.envelope import Envelope
from adreel_kit.migrations import migrate
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Lane, Worker
from adreel_render.adapters.engine import ProcessEngine
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.bootstrap import MIGRATIONS
from adreel_render.entrypoints.consumers import subscribe
from adreel_render.usecases.compose_film import ComposeFilm
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.draw_clip import DrawClip
from adreel_render.usecases.queries import Queries
from adreel_render.usecases.render_scene import RenderScene
from adreel_render.usecases.report_progress import ReportProgress
from adreel_render.usecases.start_render import COMPOSE_KIND, SCENE_KIND, StartRender
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from render_rig import FolderAssets, deliver


@dataclass
class Render:
    """One running service and what a test needs to see of it."""

    database: Database
    bus: Bus
    blobs: FileBlobStore
    pool: EnginePool
    assets: FolderAssets
    queries: Queries

    async def receive(self, type_: str, job_id: uuid.UUID, data: dict) -> None:
        await deliver(self.bus, type_, job_id, data)

    async def published(self, type_: str, render_id: str | None = None) -> list[dict]:
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT body FROM outbox WHERE dest = $1 ORDER BY id", type_)
        found = [Envelope.from_json(row["body"]).data for row in rows]
        return [data for data in found if render_id in (None, data["render_id"])]

    async def until_published(self, type_: str, render_id: str | None = None, count: int = 1) -> list[dict]:
        async with asyncio.timeout(180):
            while len(found := await self.published(type_, render_id)) < count:
                failed = await self.published("render.failed.v1", render_id)
                assert type_ == "render.failed.v1" or not failed, failed
                await asyncio.sleep(0.05)
        return found


@pytest.fixture
async def database(postgres_server) -> AsyncIterator[Database]:
    url = await postgres_server.create_database("render")
    await migrate(url, MIGRATIONS)
    database = Database(url)
    await database.start(wait_seconds=10)
    yield database
    await database.aclose()
    await postgres_server.drop_database(url)


@pytest.fixture
async def render(database, tmp_path) -> AsyncIterator[Render]:
    for name in ("assets", "scratch", "blobs", "segments"):
        (tmp_path / name).mkdir()
    assets = FolderAssets(tmp_path / "assets")
    blobs = FileBlobStore(tmp_path / "blobs")
    await blobs.start()
    outbox = Outbox(source="render")
    bus = Bus(service="render", database=database, transport=MemoryTransport())
    subscribe(bus, StartRender(outbox), outbox)
    listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL])
    await listener.start()
    pool = EnginePool(2)
    engine = ProcessEngine(pool, tmp_path / "segments")
    progress = ReportProgress(database, outbox)
    common = {"database": database, "blobs": blobs, "engine": engine, "progress": progress,
              "scratch_dir": tmp_path / "scratch"}  # fmt: skip
    worker = Worker(
        database=database,
        listener=listener,
        handlers={
            SCENE_KIND: RenderScene(outbox=outbox, describe=DescribeScene(assets), draw=DrawClip(**common)),
            COMPOSE_KIND: ComposeFilm(outbox=outbox, assets=assets, **common),
        },
        lanes=(Lane((COMPOSE_KIND, SCENE_KIND), 2),),
    )
    working = asyncio.create_task(worker.run())
    yield Render(database, bus, blobs, pool, assets, Queries(database))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await pool.aclose()
    await listener.aclose()
    await blobs.aclose()


@pytest.fixture
def a_picture(render):
    """Stores a picture of one strong colour with some texture; returns its digest."""

    def make(colour: tuple[int, int, int], size: tuple[int, int] = (640, 360)) -> str:
        noise = np.random.default_rng(sum(colour)).integers(-12, 12, (size[1], size[0], 1))
        pixels = np.clip(np.asarray(colour, np.int16) + noise, 0, 255).astype(np.uint8)
        path = render.assets.folder / "picture.png"
        Image.fromarray(pixels).save(path)
        return render.assets.add(path.read_bytes())

    return make


@pytest.fixture
def a_request():
    """Builds the data of `render.requested.v1`: three scenes of 5 s together, one picture each."""

    def build(job_id: uuid.UUID, digests: list[str], **changes) -> dict:
        ids = [str(uuid.uuid5(job_id, f"asset {n}")) for n in range(len(digests))]
        lengths = [1.5, 2.0, 1.5]
        scripts = changes.pop("scripts", ["See the first thing.", "And the second one.", "Buy now."])
        data = {
            "job_id": str(job_id),
            "render_id": str(uuid.uuid4()),
            "client_id": str(uuid.UUID(int=7)),
            "storyboard_version": 1,
            "scenes": [
                {"id": str(uuid.uuid5(job_id, f"scene {n}")), "scene_number": n + 1, "duration_seconds": lengths[n],
                 "description": "A picture.", "script": scripts[n], "shot_type": "wide",
                 "transition": ["cut", "crossfade", "cut"][n], "asset_ids": [ids[n % len(ids)]], "revision": 1}
                for n in range(3)
            ],
            "assets": [
                {"asset_id": ids[n], "type": "image", "format": "png", "name": f"Picture {n}", "sha256": digest,
                 "size_bytes": 1}
                for n, digest in enumerate(digests)
            ],
            "brief": {"product": "Lamp", "target_audience": "All", "key_message": "Light", "call_to_action": "Buy now",
                      "visual_elements": []},
            "video": {"duration_seconds": 5.0, "aspect_ratio": "16:9", "resolution": "720p", "fps": 24,
                      "captions": True, "voiceover": False, "backend": "local"},
        }  # fmt: skip
        return data | changes

    return build
