"""Counters per caller and minute, shared by all gateways."""

import time
from collections.abc import Sequence

from adreel_kit.db import Database

WINDOW_SECONDS = 60


class RateWindows:
    """The table `rate_windows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, buckets: Sequence[str]) -> int:
        """Count one request in each bucket; returns the fullest one's count in this window."""
        window = int(time.time()) // WINDOW_SECONDS
        async with self._database.transaction() as conn:
            rows = await conn.fetch(
                "INSERT INTO rate_windows (bucket, window_start, count) "
                # Always in the same order, so that two requests never wait for each other's rows.
                "SELECT bucket, $2, 1 FROM unnest($1::text[]) AS bucket ORDER BY bucket "
                "ON CONFLICT (bucket, window_start) DO UPDATE SET count = rate_windows.count + 1 RETURNING count",
                sorted(set(buckets)),
                window,
            )
        return max((int(row["count"]) for row in rows), default=0)

    async def sweep(self) -> None:
        """Delete the counters of past windows."""
        async with self._database.transaction() as conn:
            await conn.execute(
                "DELETE FROM rate_windows WHERE window_start < $1", int(time.time()) // WINDOW_SECONDS - 1
            )


def seconds_left() -> int:
    """Until the present window ends."""
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS
