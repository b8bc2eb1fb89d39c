"""Waiting for a store that is not there yet: services start without their neighbours."""

import asyncio
from collections.abc import Awaitable, Callable

from adreel_kit.blobs.errors import BlobStoreRefused, BlobStoreUnavailable
from adreel_kit.logging import get_logger

_log = get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


async def until_available(attempt: Callable[[], Awaitable[None]]) -> None:
    """Repeat the attempt while the store is out of reach. A refusal is raised, since waiting does not change it."""
    pause_seconds = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except BlobStoreRefused:
            raise
        except BlobStoreUnavailable as error:
            _log.warning("blob_store.awaited", reason=error.message)
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
