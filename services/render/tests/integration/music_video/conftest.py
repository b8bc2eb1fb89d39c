"""The music-video half of the render service on a real database with the real engine, over its gRPC methods."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adreel.render.v1 import music_video_pb2 as pb
from adreel.render.v1 import music_video_pb2_grpc
from adreel_kit import rpc
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.settings import BlobSettings
from adreel_kit.db import Database, Listener
from adreel_kit.ids import new_id
from adreel_kit.rpc import RpcServer
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Lane, Worker
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.mv_engine import ProcessMvEngine, ProcessPictureCheck
from adreel_render.adapters.mv_files import read_mv_config
from adreel_render.adapters.mv_output import MvOutputFolder
from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.events import CostLine
from adreel_render.domain.mv_backends import MvBackends
from adreel_render.domain.prices import VIDEO_PRICES
from adreel_render.domain.purchases import Purchase, PurchaseOrder
from adreel_render.entrypoints.mv_grpc import MusicVideoServicer
from adreel_render.usecases.buy_mv import BuyMv
from adreel_render.usecases.explain_mv import ExplainMv
from adreel_render.usecases.keep_picture import KeepPicture
from adreel_render.usecases.make_mv_image import MakeMvImage
from adreel_render.usecases.make_mv_video import MakeMvVideo
from adreel_render.usecases.merge_mv_videos import MergeMvVideos
from adreel_render.usecases.mv_queries import MvQueries
from adreel_render.usecases.mv_record import MvRecord
from adreel_render.usecases.order_mv_task import (
    DRAWN_KINDS,
    IMAGE_KIND,
    MERGE_KIND,
    PURCHASE_KIND,
    VIDEO_KIND,
    OrderMvTask,
)
from adreel_render.usecases.plan_mv import PlanMv

_CALL_SECONDS = 60.0

OpenStudio = Callable[..., AbstractAsyncContextManager["Studio"]]


class Shop:
    """Purchases as a test scripts them: each order is answered by the next step, an exception or a purchase."""

    def __init__(self) -> None:
        self.orders: list[PurchaseOrder] = []
        self.steps: list[Any] = []

    async def obtain(self, order: PurchaseOrder, *, accept_possible_duplicate: bool = False) -> Purchase:
        self.orders.append(order)
        step = self.steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, Purchase)
        return step

    async def withdraw(self, subject: str) -> None:
        """Nothing here is withdrawn."""

    async def costs(self, subject: str) -> list[CostLine]:
        return []


@dataclass
class Sounds:
    """Assets with sound as files named by digest."""

    folder: Path

    def add(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        (self.folder / sha256).write_bytes(content)
        return sha256

    async def local_copy(self, asset_id: uuid.UUID, sha256: str) -> Path:
        return self.folder / sha256

    async def digest_of(self, asset_id: uuid.UUID) -> str | None:
        return None


@dataclass
class Studio:
    """The running half, and what tests need to see of it."""

    stub: Any
    database: Database
    blobs: FileBlobStore
    root: Path
    shop: Shop
    sounds: Sounds
    pool: EnginePool

    async def create(self, *, client: str = "", task_id: str = "", **order: Any) -> pb.MvTask:
        request = pb.CreateMvTaskRequest(id=task_id or str(new_id()), scope_client_id=client, **order)
        answer = await rpc.call(self.stub.CreateMvTask, request, service="render", timeout_seconds=_CALL_SECONDS)
        return answer.task

    async def get(self, task_id: str, *, client: str = "", wait_seconds: float = 0) -> pb.MvTask:
        request = pb.GetMvTaskRequest(id=task_id, scope_client_id=client, wait_seconds=wait_seconds)
        answer = await rpc.call(self.stub.GetMvTask, request, service="render", timeout_seconds=_CALL_SECONDS)
        return answer.task

    async def made(self, **order: Any) -> pb.MvTask:
        """The task of an order once it has ended."""
        task = await self.create(**order)
        async with asyncio.timeout(120):
            while task.state not in (pb.MV_TASK_STATE_COMPLETED, pb.MV_TASK_STATE_FAILED):
                task = await self.get(task.id, wait_seconds=20)
        return task

    async def read(self, task_id: str, *, start: int = 0, length: int = 0, client: str = "") -> bytes:
        request = pb.ReadMvMediaRequest(id=task_id, scope_client_id=client, start=start, length=length)
        answers = rpc.stream(self.stub.ReadMvMedia, request, service="render", timeout_seconds=_CALL_SECONDS)
        return b"".join([answer.chunk.content async for answer in answers])

    async def keep(self, content: bytes) -> pb.KeptPicture:
        async def pieces() -> AsyncIterator[pb.KeepPictureRequest]:
            for start in range(0, len(content), 65536):
                yield pb.KeepPictureRequest(content=content[start : start + 65536])

        answer = await rpc.call(self.stub.KeepPicture, pieces(), service="render", timeout_seconds=_CALL_SECONDS)
        return answer.picture


@asynccontextmanager
async def running_studio(
    database: Database,
    folder: Path,
    *,
    keys: tuple[str, ...] = (),
    falls_back: bool = False,
    has_output: bool = True,
) -> AsyncIterator[Studio]:
    """Run it; `keys` names the paid backends that have one."""
    scratch, root, sounds = folder / "scratch", folder / "out", Sounds(folder / "sounds")
    for path in (scratch, folder / "blobs", folder / "segments", sounds.folder):
        path.mkdir(exist_ok=True)
    blobs = FileBlobStore(folder / "blobs")
    await blobs.start()
    listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL, mv_tasks.CHANNEL])
    await listener.start()
    pool = EnginePool(2)
    explain = ExplainMv(is_on=True)
    output = MvOutputFolder(root if has_output else None, blobs, BlobSettings(directory=folder / "blobs"))
    await output.start()
    record = MvRecord(database, output, explain)
    engine = ProcessMvEngine(pool, folder / "segments")
    shop = Shop()
    merge = MergeMvVideos(
        database=database, record=record, engine=engine, blobs=blobs, assets=sounds, scratch_dir=scratch
    )
    worker = Worker(
        database=database,
        listener=listener,
        handlers={
            IMAGE_KIND: MakeMvImage(record, engine, blobs, scratch),
            VIDEO_KIND: MakeMvVideo(record, engine, blobs, scratch),
            MERGE_KIND: merge,
            PURCHASE_KIND: BuyMv(record, shop, VIDEO_PRICES),
        },
        lanes=(Lane(DRAWN_KINDS, 2), Lane((PURCHASE_KIND,), 2)),
    )
    backends = MvBackends(
        has_key={name: name in keys for name in ("replicate", "gemini")},
        image_models={"local": "local", "replicate": "google/imagen-4", "gemini": "gemini-3.1-flash-image"},
        video_models={"local": "local", "replicate": "google/veo-3.1", "gemini": "gemini-omni-1.2-flash"},
        falls_back=falls_back,
    )
    servicer = MusicVideoServicer(
        OrderMvTask(database, PlanMv(read_mv_config(None).config, backends), explain),
        MvQueries(database, listener),
        KeepPicture(blobs, ProcessPictureCheck(), scratch),
        blobs,
    )
    server = RpcServer("127.0.0.1:0")
    server.add(music_video_pb2_grpc.add_MusicVideoServiceServicer_to_server, servicer)
    working = [asyncio.create_task(worker.run()), asyncio.create_task(server.run())]
    channel = rpc.open_channel(f"127.0.0.1:{server.port}")
    try:
        stub = music_video_pb2_grpc.MusicVideoServiceStub(channel)
        yield Studio(stub, database, blobs, root, shop, sounds, pool)
    finally:
        await channel.close()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await pool.aclose()
        await listener.aclose()
        await blobs.aclose()


@pytest.fixture
def open_studio(database, tmp_path) -> OpenStudio:
    """`running_studio` on this test's own database and folder."""
    return lambda **choices: running_studio(database, tmp_path, **choices)


@pytest.fixture
async def studio(open_studio) -> AsyncIterator[Studio]:
    """Without keys, drawing here what names no backend."""
    async with open_studio(falls_back=True) as opened:
        yield opened
