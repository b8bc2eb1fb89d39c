"""Housekeeping: what has expired is deleted, a little at a time."""

import asyncio

import asyncpg
from adreel_kit.logging import get_logger
from adreel_kit.process import Part

from adreel_gateway.adapters.postgres.idempotency_keys import IdempotencyKeys
from adreel_gateway.adapters.postgres.rate_windows import RateWindows

log = get_logger(__name__)

_EVERY_SECONDS = 300.0


def sweep_forever(keys: IdempotencyKeys, windows: RateWindows) -> Part:
    """A loop that may run on any number of gateways at once."""

    async def run() -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                while await keys.sweep():
                    pass
                await windows.sweep()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("sweep.waiting", error=str(error) or type(error).__name__)

    return run
