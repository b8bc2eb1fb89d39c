"""A download that keeps to the limits: waits for its turn, tries again what may pass."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from adreel_kit.db import Database
from adreel_kit.ids import new_id
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import NotYet

from adreel_assets.adapters.postgres import limits as places
from adreel_assets.domain.errors import AssetError, AssetTimeout, SourceStumbled
from adreel_assets.domain.limits import DownloadLimits
from adreel_assets.domain.ports import Downloader

# A place is looked for again this much later; not counted as an attempt.
_AGAIN_AFTER = timedelta(seconds=0.5)


class DownloadInTurn:
    """Fetches what a work item names. `item.payload["is_awaited"]` says that a caller holds on meanwhile."""

    def __init__(self, *, database: Database, downloader: Downloader, limits: DownloadLimits) -> None:
        self._database = database
        self._downloader = downloader
        self._limits = limits

    async def fetch(self, item: WorkItem, client_id: uuid.UUID | None, url: str, path: Path) -> str | None:
        """Write the body to `path`; the server's file name. Raises an AssetError, `SourceStumbled` where it is worth
        another attempt, `NotYet` where host or client have no place free."""
        try:
            async with self._place(_host(url), client_id) as move:
                return await self._downloader.download(url, path, move)
        except AssetError as error:
            if _is_worth_another(error, item):
                raise SourceStumbled(error.message) from error
            raise

    @asynccontextmanager
    async def _place(self, host: str, client_id: uuid.UUID | None) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
        """Hold a place; what is yielded takes it along to another host, or raises `NotYet` where that one is full."""
        download_id = new_id()

        async def move(new_host: str) -> None:
            async with self._database.transaction() as conn:
                if not await places.move_download(conn, download_id, new_host[:255], self._limits):
                    raise NotYet(_AGAIN_AFTER)

        async with self._database.transaction() as conn:
            has_begun = await places.begin_download(conn, download_id, host, client_id, self._limits)
        if not has_begun:
            raise NotYet(_AGAIN_AFTER)
        try:
            yield move
        finally:
            # Also when cancelled: the next in turn should not wait until the place frees itself.
            await asyncio.shield(self._give_back(download_id))

    async def _give_back(self, download_id: uuid.UUID) -> None:
        async with self._database.transaction() as conn:
            await places.end_download(conn, download_id)


def _is_worth_another(error: AssetError, item: WorkItem) -> bool:
    if not error.is_transient or item.attempt >= item.max_attempts:
        return False
    # A caller who waits has waited for the whole time already.
    return not (isinstance(error, AssetTimeout) and item.payload.get("is_awaited"))


def _host(url: str) -> str:
    """What the limits count by: the host as written, in lower case. The download itself checks the URL."""
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""
