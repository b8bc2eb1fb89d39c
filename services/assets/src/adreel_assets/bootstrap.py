"""The only place that picks real things for the assets service."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from adreel import events
from adreel.assets.v1 import assets_pb2_grpc
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.settings import BlobSettings, BlobStorageType, build_blob_store
from adreel_kit.bus import Manifest
from adreel_kit.guarded_http import GuardPolicy
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_assets.adapters.guarded_downloader import GuardedDownloader
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.adapters.s3_staging import S3Staging, s3_location
from adreel_assets.domain.inspection import InspectionLimits
from adreel_assets.entrypoints.consumers import subscribe
from adreel_assets.entrypoints.grpc import AssetsServicer
from adreel_assets.settings import AssetsSettings
from adreel_assets.usecases.address import AddressOfAsset
from adreel_assets.usecases.delete_asset import DeleteAsset
from adreel_assets.usecases.direct_upload import DirectUpload
from adreel_assets.usecases.download import DownloadInTurn
from adreel_assets.usecases.ingest import INGEST_KIND, SETTLED_CHANNEL, Ingest, OrderIngest
from adreel_assets.usecases.keep_file import KeepFile
from adreel_assets.usecases.queries import Queries
from adreel_assets.usecases.receive import ReceiveAsset
from adreel_assets.usecases.sweep import Sweep

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
BLOB_PREFIX = "assets"

# Beyond the download itself, a caller waits for its turn and for the file to be looked into.
_WAIT_BEYOND_DOWNLOAD_SECONDS = 90


@dataclass(frozen=True, slots=True)
class _Stores:
    """The blob store and, where clients may reach it, what signs addresses of it for them."""

    blobs: BlobStore
    signer: BlobStore | None
    staging: S3Staging | None


def build(settings: AssetsSettings, blob_settings: BlobSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    runtime = Runtime.build("assets", settings, Manifest(events.CONSUMERS), channels=[SETTLED_CHANNEL])
    stores = _stores(settings, blob_settings, runtime)
    blobs, scratch_dir = stores.blobs, settings.adreel_assets_dir / "scratch"
    inspector = SandboxedInspector(max_parallel=settings.adreel_asset_inspections)
    keep = KeepFile(blobs=blobs, inspector=inspector, limits=InspectionLimits(), quota_bytes=settings.quota_bytes)
    receive = ReceiveAsset(
        database=runtime.database,
        listener=runtime.listener,
        outbox=runtime.outbox,
        keep=keep,
        scratch_dir=scratch_dir,
        max_bytes=settings.max_bytes,
        wait_seconds=settings.asset_download_timeout_seconds + _WAIT_BEYOND_DOWNLOAD_SECONDS,
        limits=settings.download_limits,
    )
    uploads = DirectUpload(
        database=runtime.database,
        blobs=blobs,
        staging=stores.staging,
        keep=keep,
        receive=receive,
        scratch_dir=scratch_dir,
        max_bytes=settings.max_bytes,
        lasts=timedelta(seconds=settings.adreel_upload_seconds),
    )
    queries = Queries(runtime.database, blobs)
    servicer = AssetsServicer(
        receive=receive,
        uploads=uploads,
        delete=DeleteAsset(runtime.database, blobs),
        queries=queries,
        addresses=AddressOfAsset(queries, stores.signer, timedelta(seconds=settings.adreel_blob_address_seconds)),
    )
    subscribe(runtime.bus, OrderIngest(runtime.outbox))
    sweep = Sweep(
        database=runtime.database,
        blobs=blobs,
        staging=stores.staging,
        scratch_dir=scratch_dir,
        every_seconds=settings.adreel_sweep_interval_seconds,
    )

    async def make_room() -> None:
        scratch_dir.mkdir(parents=True, exist_ok=True)

    runtime.health.checks["blobs"] = blobs.check
    parts = ServiceParts(
        rpc=lambda server: server.add(assets_pb2_grpc.add_AssetsServiceServicer_to_server, servicer),
        worker=_worker(settings, runtime, keep, scratch_dir),
        loops=(("sweep", sweep.run),),
        resources=(
            (make_room, None),
            (blobs.start, blobs.aclose),
            (None, stores.staging.aclose if stores.staging else None),
            (None, stores.signer.aclose if stores.signer else None),
            (inspector.start, inspector.close),
        ),
    )
    return runtime, parts


def _stores(settings: AssetsSettings, blob_settings: BlobSettings, runtime: Runtime) -> _Stores:
    blobs = build_blob_store(blob_settings, runtime.database)
    if blob_settings.storage_type is not BlobStorageType.S3 or settings.blob_delivery == "proxy":
        return _Stores(blobs, None, None)
    endpoint = settings.adreel_s3_public_endpoint or blob_settings.s3_endpoint
    return _Stores(
        blobs,
        build_blob_store(replace(blob_settings, s3_endpoint=endpoint)),
        S3Staging(s3_location(blob_settings), prefix=blob_settings.key_prefix, public_endpoint=endpoint),
    )


def _worker(settings: AssetsSettings, runtime: Runtime, keep: KeepFile, scratch_dir: Path) -> Worker:
    policy = GuardPolicy(
        max_bytes=settings.max_bytes,
        total_seconds=settings.asset_download_timeout_seconds,
        allowed_hosts=settings.allowed_hosts,
    )
    download = DownloadInTurn(
        database=runtime.database, downloader=GuardedDownloader(policy), limits=settings.download_limits
    )
    ingest = Ingest(
        database=runtime.database, outbox=runtime.outbox, download=download, keep=keep, scratch_dir=scratch_dir
    )
    return Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={INGEST_KIND: ingest},
        lanes=(Lane((INGEST_KIND,), settings.adreel_asset_concurrency),),
    )
