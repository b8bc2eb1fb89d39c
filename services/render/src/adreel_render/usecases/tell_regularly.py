"""Progress told once a second while work goes on, whoever is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from adreel_kit.logging import get_logger
from adreel_kit.tasks import end_task

log = get_logger(__name__)

INTERVAL_SECONDS = 1.0


@asynccontextmanager
async def telling(tell: Callable[[float], Awaitable[None]]) -> AsyncIterator[Callable[[float], None]]:
    """While the block runs, `tell` gets the latest share (0 to 1) that was given to the callback."""
    share = 0.0

    def on_progress(value: float) -> None:
        nonlocal share
        share = value

    async def tell_on() -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await tell_if_possible(tell(share))

    teller = asyncio.create_task(tell_on())
    try:
        yield on_progress
    finally:
        await end_task(teller)


async def tell_if_possible(telling_once: Awaitable[None]) -> None:
    """Progress is a courtesy: the work does not fail for it."""
    try:
        await telling_once
    except Exception as error:  # whatever it was, it is told again in a moment
        log.warning("progress.untold", error=repr(error))
