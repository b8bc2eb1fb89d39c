"""The only place that picks real things for the render service."""

from pathlib import Path

from adreel import events
from adreel.render.v1 import render_pb2_grpc
from adreel_kit.blobs.settings import build_blob_store, load_blob_settings
from adreel_kit.bus import Manifest
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_render.adapters.asset_bytes import AssetBytes
from adreel_render.adapters.engine import ProcessEngine
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.domain.backends import Backends
from adreel_render.entrypoints.consumers import subscribe
from adreel_render.entrypoints.grpc import RenderServicer
from adreel_render.settings import RenderSettings
from adreel_render.usecases.compose_film import ComposeFilm
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.ensure_preview import EnsurePreview
from adreel_render.usecases.queries import Queries
from adreel_render.usecases.render_scene import RenderScene
from adreel_render.usecases.report_progress import ReportProgress
from adreel_render.usecases.select_take import SelectTake
from adreel_render.usecases.start_render import COMPOSE_KIND, SCENE_KIND, StartRender

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


def build(settings: RenderSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    runtime = Runtime.build("render", settings, Manifest(events.CONSUMERS))
    blobs = build_blob_store(load_blob_settings(key_prefix="render"), runtime.database)
    scratch_dir = settings.adreel_render_dir / "scratch"
    assets = AssetBytes(settings.assets_grpc_target, settings.adreel_render_dir / "assets")
    pool = EnginePool(settings.adreel_render_concurrency, stall_seconds=settings.adreel_render_stall_seconds)
    engine = ProcessEngine(pool, settings.adreel_render_dir / "segments")
    progress = ReportProgress(runtime.database, runtime.outbox)
    describe = DescribeScene(assets)
    subscribe(runtime.bus, StartRender(runtime.outbox))
    scenes = RenderScene(
        database=runtime.database,
        outbox=runtime.outbox,
        blobs=blobs,
        engine=engine,
        describe=describe,
        progress=progress,
        scratch_dir=scratch_dir,
    )
    films = ComposeFilm(
        database=runtime.database,
        outbox=runtime.outbox,
        blobs=blobs,
        engine=engine,
        assets=assets,
        progress=progress,
        scratch_dir=scratch_dir,
    )
    worker = Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={SCENE_KIND: scenes, COMPOSE_KIND: films},
        lanes=(Lane((COMPOSE_KIND, SCENE_KIND), settings.adreel_render_concurrency),),
    )
    servicer = RenderServicer(
        Queries(runtime.database),
        EnsurePreview(runtime.database),
        SelectTake(runtime.database),
        blobs,
        Backends(
            has_replicate_key=settings.replicate_api_token is not None,
            has_gemini_key=settings.gemini_api_key is not None,
        ),
    )

    async def make_room() -> None:
        scratch_dir.mkdir(parents=True, exist_ok=True)

    runtime.health.checks["blobs"] = blobs.check
    parts = ServiceParts(
        rpc=lambda server: server.add(render_pb2_grpc.add_RenderServiceServicer_to_server, servicer),
        worker=worker,
        resources=((make_room, None), (blobs.start, blobs.aclose), (None, pool.aclose), (None, assets.aclose)),
    )
    return runtime, parts
