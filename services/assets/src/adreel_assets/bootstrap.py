"""The only place that picks real things for the assets service."""

from pathlib import Path

from adreel import events
from adreel.assets.v1 import assets_pb2_grpc
from adreel_kit.blobs.settings import build_blob_store, load_blob_settings
from adreel_kit.bus import Manifest
from adreel_kit.guarded_http import GuardPolicy, parse_host_rules
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_assets.adapters.guarded_downloader import GuardedDownloader
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.domain.inspection import InspectionLimits
from adreel_assets.entrypoints.consumers import subscribe
from adreel_assets.entrypoints.grpc import AssetsServicer
from adreel_assets.settings import AssetsSettings
from adreel_assets.usecases.delete_asset import DeleteAsset
from adreel_assets.usecases.ingest import INGEST_KIND, SETTLED_CHANNEL, Ingest, OrderIngest
from adreel_assets.usecases.keep_file import KeepFile
from adreel_assets.usecases.queries import Queries
from adreel_assets.usecases.receive import ReceiveAsset

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

# Beyond the download itself, a caller waits for its turn and for the file to be looked into.
_WAIT_BEYOND_DOWNLOAD_SECONDS = 90


def build(settings: AssetsSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    runtime = Runtime.build("assets", settings, Manifest(events.CONSUMERS), channels=[SETTLED_CHANNEL])
    blobs = build_blob_store(load_blob_settings(key_prefix="assets"), runtime.database)
    scratch_dir = settings.adreel_assets_dir / "scratch"
    inspector = SandboxedInspector(max_parallel=settings.adreel_asset_inspections)
    keep = KeepFile(blobs=blobs, inspector=inspector, limits=InspectionLimits())
    policy = GuardPolicy(
        max_bytes=settings.max_bytes,
        total_seconds=settings.asset_download_timeout_seconds,
        allowed_hosts=parse_host_rules(settings.asset_allowed_hosts),
    )
    ingest = Ingest(
        database=runtime.database,
        outbox=runtime.outbox,
        downloader=GuardedDownloader(policy),
        keep=keep,
        scratch_dir=scratch_dir,
    )
    subscribe(runtime.bus, OrderIngest(runtime.outbox))
    worker = Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={INGEST_KIND: ingest},
        lanes=(Lane((INGEST_KIND,), settings.adreel_asset_concurrency),),
    )
    receive = ReceiveAsset(
        database=runtime.database,
        listener=runtime.listener,
        outbox=runtime.outbox,
        keep=keep,
        scratch_dir=scratch_dir,
        max_bytes=settings.max_bytes,
        wait_seconds=settings.asset_download_timeout_seconds + _WAIT_BEYOND_DOWNLOAD_SECONDS,
    )
    servicer = AssetsServicer(receive, DeleteAsset(runtime.database, blobs), Queries(runtime.database, blobs))

    async def make_room() -> None:
        scratch_dir.mkdir(parents=True, exist_ok=True)

    runtime.health.checks["blobs"] = blobs.check
    parts = ServiceParts(
        rpc=lambda server: server.add(assets_pb2_grpc.add_AssetsServiceServicer_to_server, servicer),
        worker=worker,
        resources=((make_room, None), (blobs.start, blobs.aclose), (None, inspector.close)),
    )
    return runtime, parts
