"""A studio: the parts of the render service that speak, draw and join, wired as `bootstrap` wires them."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobRef
from adreel_kit.bus import Bus
from adreel_kit.bus.memory import MemoryTransport
from adreel_kit.db import Database, Listener
from adreel_kit.envelope import Envelope
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Lane, Worker
from adreel_render.adapters.engine import ProcessEngine
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.media_check import EngineMediaCheck
from adreel_render.adapters.postgres import speeches
from adreel_render.adapters.providers.openai_speech import OpenAISpeech
from adreel_render.adapters.voice_process import VoiceProcess
from adreel_render.domain.voice import Speech
from adreel_render.domain.voice_orders import PaidVoice
from adreel_render.domain.voice_prices import voice_price
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.listening import read_samples
from adreel_render.entrypoints.consumers import subscribe
from adreel_render.usecases.buying.assemble import assemble
from adreel_render.usecases.buying.book import BookCosts
from adreel_render.usecases.buying.buy import WATCH_KIND
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.compose_film import ComposeFilm
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.draw_clip import DrawClip
from adreel_render.usecases.queries import Queries
from adreel_render.usecases.render_scene import RenderScene
from adreel_render.usecases.report_progress import ReportProgress
from adreel_render.usecases.select_take import SelectTake
from adreel_render.usecases.speak_scenes import SpeakScenes
from adreel_render.usecases.start_render import COMPOSE_KIND, SCENE_KIND, VOICE_KIND, StartRender
from PIL import Image
from render_rig import FolderAssets, deliver

TERMS = Terms(
    poll_first_seconds=0.05,
    stale_seconds=2.0,
    watch_seconds=0.3,
    look_gap_seconds=0.1,
    repeat_seconds=0.2,
    most_tries=3,
)
LENGTHS = (4.0, 4.0, 4.0)
SCRIPTS = ("See the first thing.", "And here is the second one.", "Buy it now.")


@dataclass
class Studio:
    """One running service and what a test needs to see of it."""

    database: Database
    bus: Bus
    blobs: FileBlobStore
    assets: FolderAssets
    queries: Queries
    select: SelectTake
    work_dir: Path

    async def order(self, job_id: uuid.UUID, **changes) -> str:
        """Ask for a film of three scenes with a voice; returns its render's id."""
        data = self.request(job_id, **changes)
        await self.receive("render.requested.v1", job_id, data)
        return data["render_id"]

    async def receive(self, type_: str, job_id: uuid.UUID, data: dict) -> None:
        await deliver(self.bus, type_, job_id, data)

    def request(self, job_id: uuid.UUID, *, scripts=SCRIPTS, lengths=LENGTHS, music=None, **video) -> dict:
        picture = self._picture()
        assets = [{"asset_id": str(uuid.UUID(int=1)), "type": "image", "format": "png", "name": "Picture",
                   "sha256": picture, "size_bytes": 1}]  # fmt: skip
        if music is not None:
            assets.append({"asset_id": str(uuid.UUID(int=2)), "type": "audio", "format": "wav", "name": "Music",
                           "sha256": music, "size_bytes": 1})  # fmt: skip
            video["music_asset_id"] = str(uuid.UUID(int=2))
        return {
            "job_id": str(job_id),
            "render_id": str(uuid.uuid4()),
            "client_id": str(uuid.UUID(int=7)),
            "storyboard_version": 1,
            "scenes": [
                {"id": str(uuid.uuid5(job_id, f"scene {number}")), "scene_number": number, "duration_seconds": length,
                 "description": "A picture.", "script": script, "shot_type": "wide", "transition": "cut",
                 "asset_ids": [str(uuid.UUID(int=1))], "revision": 1}
                for number, (script, length) in enumerate(zip(scripts, lengths, strict=True), start=1)
            ],
            "assets": assets,
            "brief": {"product": "Lamp", "target_audience": "All", "key_message": "Light", "call_to_action": "Buy now",
                      "visual_elements": [], "tone": "calm"},
            "video": {"duration_seconds": sum(lengths), "aspect_ratio": "16:9", "resolution": "720p", "fps": 24,
                      "captions": False, "voiceover": True, "backend": "local"} | video,
        }  # fmt: skip

    async def published(self, type_: str, render_id: str | None = None) -> list[dict]:
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT body FROM outbox WHERE dest = $1 ORDER BY id", type_)
        found = [Envelope.from_json(row["body"]).data for row in rows]
        return [data for data in found if render_id in (None, data.get("render_id"))]

    async def ended(self, render_id: str) -> tuple[str, dict]:
        """How a render ended, and the event that says so."""
        async with asyncio.timeout(150):
            while True:
                for type_ in ("render.completed.v1", "render.failed.v1"):
                    if found := await self.published(type_, render_id):
                        return type_, found[0]
                await asyncio.sleep(0.05)

    async def film(self, render_id: str) -> tuple[dict, np.ndarray]:
        """A completed render's event and the film's sound, mono."""
        type_, data = await self.ended(render_id)
        assert type_ == "render.completed.v1", data
        return data, await self.sound(data["job_id"])

    async def sound(self, job_id: str, kind: str = "video") -> np.ndarray:
        samples = read_samples(await self.file(job_id, kind), 120 * SAMPLE_RATE)
        return samples.mean(axis=0)

    async def file(self, job_id: str, kind: str) -> Path:
        row = await self.queries.media(job_id, kind)
        path = self.blobs.local_path(BlobRef(row.sha256, row.size_bytes))
        assert path is not None
        return path

    async def spoken(self, render_id: str) -> dict[int, Speech]:
        async with self.database.connection() as conn:
            return await speeches.of_render(conn, uuid.UUID(render_id))

    async def count(self, table: str) -> int:
        async with self.database.connection() as conn:
            return await conn.fetchval(f"SELECT count(*) FROM {table}")

    def _picture(self) -> str:
        path = self.work_dir / "picture.png"
        noise = np.random.default_rng(5).integers(60, 200, (360, 640, 3)).astype(np.uint8)
        Image.fromarray(noise).save(path)
        return self.assets.add(path.read_bytes())


@asynccontextmanager
async def open_studio(
    database: Database, folder: Path, *, openai_url: str | None = None, key: str = "key", create_seconds: float = 3.0
) -> AsyncIterator[Studio]:
    for name in ("assets", "scratch", "blobs", "segments"):
        (folder / name).mkdir(exist_ok=True)
    assets = FolderAssets(folder / "assets")
    blobs = FileBlobStore(folder / "blobs")
    await blobs.start()
    outbox = Outbox(source="render")
    bus = Bus(service="render", database=database, transport=MemoryTransport())
    subscribe(bus, StartRender(outbox), outbox)
    listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL])
    await listener.start()
    pool = EnginePool(2)
    scratch = VoiceProcess()
    provider = OpenAISpeech(api_key=key, base_url=openai_url, create_seconds=create_seconds) if openai_url else None
    progress = ReportProgress(database, outbox)
    common = {"database": database, "outbox": outbox, "blobs": blobs, "progress": progress,
              "scratch_dir": folder / "scratch"}  # fmt: skip
    buying = assemble(
        database=database,
        blobs=blobs,
        providers={"openai": provider} if provider else {},
        check=EngineMediaCheck(pool, scratch),
        books=BookCosts(outbox),
        scratch_dir=folder / "scratch",
        terms=TERMS,
    )
    paid = PaidVoice(voice_price("openai", "gpt-4o-mini-tts"), "coral") if provider else None
    engine = ProcessEngine(pool, folder / "segments")
    worker = Worker(
        database=database,
        listener=listener,
        handlers={
            SCENE_KIND: RenderScene(
                outbox=outbox,
                describe=DescribeScene(assets),
                draw=DrawClip(
                    database=database, blobs=blobs, engine=engine, progress=progress, scratch_dir=folder / "scratch"
                ),
            ),
            COMPOSE_KIND: ComposeFilm(engine=engine, assets=assets, **common),
            VOICE_KIND: SpeakScenes(scratch=scratch, finish=scratch, purchases=buying.purchases, paid=paid, **common),
            WATCH_KIND: buying.watch,
        },
        lanes=(Lane((COMPOSE_KIND, SCENE_KIND), 2), Lane((VOICE_KIND, WATCH_KIND), 2)),
    )
    working = asyncio.create_task(worker.run())
    try:
        yield Studio(database, bus, blobs, assets, Queries(database), SelectTake(database), folder)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await buying.aclose()
        if provider is not None:
            await provider.aclose()
        await pool.aclose()
        await scratch.aclose()
        await listener.aclose()
        await blobs.aclose()
