"""Assets that callers bring themselves: a URL they wait for, or the bytes."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterable, Awaitable, Callable
from pathlib import Path

from adreel_kit import work_items
from adreel_kit.db import Connection, Database, Listener, wait_for
from adreel_kit.errors import ErrorFacts, ErrorKind, RemoteError
from adreel_kit.ids import new_id
from adreel_kit.outbox import Outbox

from adreel_assets.adapters.postgres import assets
from adreel_assets.adapters.postgres import limits as places
from adreel_assets.domain.asset import Asset, AssetFields, AssetStatus
from adreel_assets.domain.errors import AssetCorrupt, AssetTimeout, AssetTooLarge, BytesGone, RateLimited
from adreel_assets.domain.limits import DownloadLimits
from adreel_assets.usecases.ingest import SETTLED_CHANNEL, announce, order_download
from adreel_assets.usecases.keep_file import KeepFile, KeptFile

# Runs in the transaction that makes an asset.
Also = Callable[[Connection, Asset], Awaitable[None]]

# How often a waiter looks itself, should its notification be lost.
_LOOK_SECONDS = 5.0
# Each time, somebody deleted the same bytes in the very moment; more than once is unlikely.
_STORE_ATTEMPTS = 4


class ReceiveAsset:
    """Makes assets for callers who wait for the outcome."""

    def __init__(
        self,
        *,
        database: Database,
        listener: Listener,
        outbox: Outbox,
        keep: KeepFile,
        scratch_dir: Path,
        max_bytes: int,
        wait_seconds: float,
        limits: DownloadLimits,
    ) -> None:
        self._database = database
        self._listener = listener
        self._outbox = outbox
        self._keep = keep
        self._scratch_dir = scratch_dir
        self._max_bytes = max_bytes
        self._wait_seconds = wait_seconds
        self._limits = limits

    async def from_url(self, url: str, fields: AssetFields) -> Asset:
        """Download and keep; raises the download's error, RateLimited, QuotaExceeded, and then there is no asset."""
        asset_id = new_id()
        async with self._listener.subscription(SETTLED_CHANNEL, str(asset_id)) as settled:
            async with self._database.transaction() as conn:
                await self._keep.check_quota(conn, fields.client_id)
                if not await places.may_order(conn, fields.client_id, self._limits):
                    raise RateLimited(self._limits.per_minute_per_client)
                await assets.insert_pending(conn, asset_id, fields, url)
                await order_download(conn, asset_id, url, subject=str(asset_id), round_id="first", is_awaited=True)
            try:
                asset = await self._outcome(asset_id, settled)
            except asyncio.CancelledError:
                # Nobody will learn its id.
                await asyncio.shield(self._forget(asset_id))
                raise
        if asset.status is AssetStatus.FAILED:
            await self._forget(asset_id)
            raise RemoteError(_facts(asset))
        return asset

    async def upload(self, chunks: AsyncIterable[bytes], fields: AssetFields, file_name: str) -> Asset:
        """Keep what the stream yields. Raises an AssetError or QuotaExceeded, and then there is no asset."""
        async with self._database.transaction() as conn:
            await self._keep.check_quota(conn, fields.client_id)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="upload-") as folder:
            path = Path(folder) / "upload"
            await self._write(chunks, path)
            return await self.keep_new(path, fields, file_name)

    async def keep_new(self, path: Path, fields: AssetFields, file_name: str, also: Also | None = None) -> Asset:
        """Make an asset of a local file; `also` runs in the transaction that makes it."""
        name = (fields.name or file_name or "upload")[:200]
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            kept = await self._keep.keep(path, name=name, asked_type=fields.asked_type)
            try:
                return await self._record(new_id(), kept, fields, also)
            except BytesGone:
                if attempt == _STORE_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _record(self, asset_id: uuid.UUID, kept: KeptFile, fields: AssetFields, also: Also | None) -> Asset:
        async with self._database.transaction() as conn:
            await assets.insert_pending(conn, asset_id, fields, None)
            asset = await self._keep.record(conn, asset_id, kept)
            assert asset is not None, "inserted in this transaction"
            if also is not None:
                await also(conn, asset)
            await announce(self._outbox, conn, asset, [])
        return asset

    async def _write(self, chunks: AsyncIterable[bytes], path: Path) -> None:
        size = 0
        with path.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._max_bytes:
                    raise AssetTooLarge(
                        f"The file is larger than the limit of {self._max_bytes} bytes.",
                        details={"limitBytes": self._max_bytes},
                    )
                await asyncio.to_thread(file.write, chunk)
        if size == 0:
            raise AssetCorrupt("The file is empty.")

    async def _outcome(self, asset_id: uuid.UUID, settled: asyncio.Event) -> Asset:
        try:
            async with asyncio.timeout(self._wait_seconds):
                while True:
                    async with self._database.connection() as conn:
                        asset = await assets.find(conn, asset_id)
                    if asset is not None and asset.status is not AssetStatus.PENDING:
                        return asset
                    await wait_for(settled, _LOOK_SECONDS)
        except TimeoutError:
            await self._forget(asset_id)
            raise AssetTimeout("The download did not finish in time.") from None

    async def _forget(self, asset_id: uuid.UUID) -> None:
        async with self._database.transaction() as conn:
            await work_items.cancel(conn, subject=str(asset_id))
            await assets.delete(conn, asset_id)


def _facts(asset: Asset) -> ErrorFacts:
    error = asset.error or {}
    details = error.get("details")
    status = error.get("http_status")
    return ErrorFacts(
        kind=ErrorKind(str(error.get("kind", ErrorKind.INVALID.value))),
        code=str(error.get("code", "ASSET_UNREACHABLE")),
        message=str(error.get("message", "The asset could not be fetched.")),
        details=details if isinstance(details, dict) else {},
        http_status=status if isinstance(status, int) else None,
    )
