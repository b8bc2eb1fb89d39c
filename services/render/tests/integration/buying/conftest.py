"""A shop per test: real PostgreSQL, the stand-in on loopback."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from adreel_kit.db import Database
from adreel_kit.migrations import migrate
from adreel_render.bootstrap import MIGRATIONS
from adreel_testkit.standins.video_app import VideoStandin

sys.path.insert(0, str(Path(__file__).parent))

from buying_rig import Shop, open_shop


@pytest.fixture
async def database(postgres_server) -> AsyncIterator[Database]:
    url = await postgres_server.create_database("buying")
    await migrate(url, MIGRATIONS)
    database = Database(url)
    await database.start(wait_seconds=10)
    yield database
    await database.aclose()
    await postgres_server.drop_database(url)


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
