"""Assets that come by URL: ordered by a job's event or by a caller, fetched as leased work."""

import tempfile
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adreel_kit import work_items
from adreel_kit.bus import Message, Outcome
from adreel_kit.db import Connection, Database
from adreel_kit.errors import ErrorFacts
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_assets.adapters.postgres import assets
from adreel_assets.domain.asset import Asset, AssetFields, AssetStatus
from adreel_assets.domain.errors import AssetNotFound
from adreel_assets.domain.events import AssetFailed, AssetReady, ErrorData, IngestItem, IngestRequested
from adreel_assets.domain.media_types import AssetType
from adreel_assets.usecases.download import DownloadInTurn
from adreel_assets.usecases.keep_file import KeepFile

INGEST_KIND = "ingest"
# Woken with the asset's id when it is ready or given up.
SETTLED_CHANNEL = "asset_settled"
# A server that answers badly once may answer well a little later; a URL that is wrong stays wrong and is not retried.
_ATTEMPTS = 3
_ATTEMPTS_AWAITED = 2


class OrderIngest:
    """Handles `assets.ingest_requested.v1`; a repeated request fetches nothing twice."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def handle(self, message: Message[IngestRequested]) -> Outcome:
        for item in message.event.items:
            if item.url:
                await self._order(message, item, item.url)
            else:
                await self._use_existing(message, item)
        return None

    async def _order(self, message: Message[IngestRequested], item: IngestItem, url: str) -> None:
        request, conn = message.event, message.conn
        fields = AssetFields(
            name=(item.name or "")[:200],
            asked_type=item.type,
            client_id=request.client_id,
            campaign_id=request.campaign_id,
            user_id=request.user_id,
            role=item.role,
        )
        is_new = await assets.insert_pending(conn, item.asset_id, fields, url)
        await assets.add_use(conn, item.asset_id, request.job_id)
        if is_new or await assets.renew(conn, item.asset_id):
            await order_download(conn, item.asset_id, url, subject=str(request.job_id), round_id=message.message_id)
            return
        asset = await assets.find(conn, item.asset_id, lock=True)
        if asset is not None and asset.status is not AssetStatus.PENDING:
            await announce(self._outbox, conn, asset, [request.job_id])

    async def _use_existing(self, message: Message[IngestRequested], item: IngestItem) -> None:
        request, conn = message.event, message.conn
        asset = await assets.find(conn, item.asset_id, lock=True)
        if asset is None or not asset.is_visible_to(request.client_id):
            missing = AssetNotFound("There is no such asset.", details={"assetId": str(item.asset_id)})
            await self._outbox.publish(
                AssetFailed(
                    asset_id=item.asset_id,
                    job_id=request.job_id,
                    client_id=request.client_id,
                    error=ErrorData.model_validate(missing.facts().as_dict()),
                ),
                conn,
                subject=str(request.job_id),
            )
            return
        await assets.add_use(conn, item.asset_id, request.job_id)
        if asset.status is not AssetStatus.PENDING:
            await announce(self._outbox, conn, asset, [request.job_id])


class Ingest:
    """The `ingest` work handler: download, check, keep, tell."""

    def __init__(
        self, *, database: Database, outbox: Outbox, download: DownloadInTurn, keep: KeepFile, scratch_dir: Path
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._download = download
        self._keep = keep
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        asset_id, url = uuid.UUID(item.payload["asset_id"]), str(item.payload["url"])
        asked_type, client_id = await self._asked(asset_id)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="ingest-") as folder:
            path = Path(folder) / "download"
            name = await self._download.fetch(item, client_id, url, path)
            kept = await self._keep.keep(path, name=name or _name_of(url), asked_type=asked_type)

        async def finish(conn: Connection) -> None:
            asset = await self._keep.record(conn, asset_id, kept)
            if asset is not None:
                await announce(self._outbox, conn, asset, await assets.uses(conn, asset_id))

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        asset_id = uuid.UUID(item.payload["asset_id"])
        asset = await assets.mark_failed(conn, asset_id, error.as_dict() | {"http_status": error.http_status})
        if asset is not None:
            await announce(self._outbox, conn, asset, await assets.uses(conn, asset_id))

    async def _asked(self, asset_id: uuid.UUID) -> tuple[AssetType | None, uuid.UUID | None]:
        async with self._database.connection() as conn:
            return await assets.asked(conn, asset_id)


async def order_download(
    conn: Connection, asset_id: uuid.UUID, url: str, *, subject: str, round_id: str, is_awaited: bool = False
) -> None:
    """Queue the download; `round_id` tells a renewed one from the first, `is_awaited` that a caller holds on."""
    await work_items.enqueue(
        conn,
        kind=INGEST_KIND,
        key=f"{asset_id}/{round_id}",
        subject=subject,
        payload={"asset_id": str(asset_id), "url": url, "is_awaited": is_awaited},
        max_attempts=_ATTEMPTS_AWAITED if is_awaited else _ATTEMPTS,
    )


async def announce(outbox: Outbox, conn: Connection, asset: Asset, job_ids: list[uuid.UUID]) -> None:
    """Tell each job that holds the asset how it ended, or the world where no job does; wake whoever waits for it."""
    recipients: list[uuid.UUID | None] = list(job_ids) if job_ids else [None]
    for job_id in recipients:
        subject = str(job_id or asset.id)
        if asset.status is AssetStatus.READY:
            await outbox.publish(AssetReady.of(asset, job_id), conn, subject=subject)
        else:
            fact = AssetFailed(
                asset_id=asset.id,
                job_id=job_id,
                client_id=asset.client_id,
                error=ErrorData.model_validate(asset.error or {"code": "ASSET_UNREACHABLE", "message": "Unknown."}),
            )
            await outbox.publish(fact, conn, subject=subject)
    await conn.execute("SELECT pg_notify($1, $2)", SETTLED_CHANNEL, str(asset.id))


def _name_of(url: str) -> str:
    """The last part of the path, for an asset that was given no name."""
    return (unquote(urlsplit(url).path).rsplit("/", 1)[-1] or "asset")[:200]
