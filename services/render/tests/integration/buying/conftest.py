"""A shop per test: real PostgreSQL, the stand-in on loopback."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from adreel_testkit.standins.video_app import VideoStandin

sys.path.insert(0, str(Path(__file__).parent))

from buying_rig import Shop, open_shop


@pytest.fixture
async def standin(tmp_path) -> AsyncIterator[VideoStandin]:
    async with VideoStandin(tmp_path / "standin") as standin:
        standin.state.clip_limit_seconds = 0.25
        yield standin


@pytest.fixture
async def shop(database, standin, tmp_path) -> AsyncIterator[Shop]:
    async with open_shop(database, standin.url, tmp_path) as (buying, blobs):
        yield Shop(database, blobs, standin, buying)


@pytest.fixture
async def watching(shop) -> AsyncIterator[None]:
    """The watchers at work beside the test."""
    task = asyncio.create_task(shop.watch())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
