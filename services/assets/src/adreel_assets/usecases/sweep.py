"""Removes what nobody needs: bytes without a row, uploads never completed, scratch of processes that were killed.

Every step is safe to repeat, to run in several processes at once, and to stop at any moment.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Database
from adreel_kit.errors import Unavailable
from adreel_kit.logging import get_logger

from adreel_assets.adapters.postgres import assets, limits, uploads
from adreel_assets.domain.ports import Staging

log = get_logger(__name__)

# Longer than any download or inspection takes: bytes are stored before the row that refers to them.
ORPHAN_AGE = timedelta(hours=2)
INCOMPLETE_AGE = timedelta(days=1)
_BATCH = 200


class Sweep:
    """One round is `run_once`."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, staging: Staging | None, scratch_dir: Path, every_seconds: float
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._staging = staging
        self._scratch_dir = scratch_dir
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Sweep now and then until cancelled; a store or database that is away is tried again next time."""
        while True:
            try:
                await self.run_once()
            except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("sweep.failed", error=str(error) or type(error).__name__)
            await asyncio.sleep(self._every_seconds)

    async def run_once(self, *, orphan_age: timedelta = ORPHAN_AGE, incomplete_age: timedelta = INCOMPLETE_AGE) -> None:
        """Uploads first: the bytes they held are orphans then."""
        await self._sweep_uploads(incomplete_age)
        await self._sweep_blobs(orphan_age)
        purged = await self._blobs.purge_incomplete(incomplete_age)
        removed = await asyncio.to_thread(_remove_old, self._scratch_dir, incomplete_age)
        async with self._database.transaction() as conn:
            await limits.forget_old_downloads(conn, limits.KEEP_ROWS)
        if purged or removed:
            log.info("sweep.incomplete_removed", puts=purged, scratch=removed)

    async def _sweep_uploads(self, age: timedelta) -> None:
        while True:
            async with self._database.transaction() as conn:
                old = await uploads.take_old(conn, age, _BATCH)
                for upload_id, is_staged in old:
                    if is_staged and self._staging is not None:
                        await self._staging.remove(str(upload_id))
            if len(old) < _BATCH:
                return

    async def _sweep_blobs(self, age: timedelta) -> None:
        before = datetime.now(UTC) - age
        removed = 0
        async for batch in self._old_blobs(before):
            async with self._database.connection() as conn:
                needed = await assets.referenced(conn, batch)
            for sha256 in batch:
                if sha256 not in needed and await self._remove_orphan(sha256, before):
                    removed += 1
        if removed:
            log.info("sweep.orphans_removed", count=removed)

    async def _old_blobs(self, before: datetime) -> AsyncIterator[list[str]]:
        batch: list[str] = []
        async for entry in self._blobs.list(modified_before=before):
            batch.append(entry.ref.sha256)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _remove_orphan(self, sha256: str, before: datetime) -> bool:
        async with self._database.transaction() as conn:
            await assets.hold_bytes(conn, sha256)
            if await assets.is_referenced(conn, sha256):
                return False
            await self._blobs.delete(sha256, modified_before=before)
            return True


def _remove_old(folder: Path, age: timedelta) -> int:
    removed = 0
    before = time.time() - age.total_seconds()
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
                removed += 1
    return removed
