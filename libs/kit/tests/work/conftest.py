"""A database with work items, and workers on it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from adreel_kit.db import Database, Listener
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL, WORK_ITEMS_TABLE_SQL
from adreel_kit.worker import Lane, Worker


@pytest.fixture
async def database(postgres_server) -> AsyncIterator[Database]:
    url = await postgres_server.create_database("kit_work")
    database = Database(url)
    await database.start(wait_seconds=10)
    async with database.transaction() as conn:
        await conn.execute(WORK_ITEMS_TABLE_SQL)
        await conn.execute("CREATE TABLE results (key text, attempt integer)")
        await conn.execute("CREATE TABLE owners (subject text PRIMARY KEY, changes integer NOT NULL DEFAULT 0)")
    yield database
    await database.aclose()
    await postgres_server.drop_database(url)


@pytest.fixture
async def start_worker(database):
    """Starts workers with a short lease; each is stopped at the end."""
    tasks: list[asyncio.Task] = []
    listeners: list[Listener] = []

    async def start(handler, *, concurrency: int = 2, lease: float = 1.5) -> asyncio.Task:
        listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL])
        await listener.start()
        listeners.append(listener)
        worker = Worker(
            database=database,
            listener=listener,
            handlers={"job": handler},
            lanes=(Lane(("job",), concurrency),),
            lease=timedelta(seconds=lease),
        )
        task = asyncio.create_task(worker.run())
        tasks.append(task)
        return task

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for listener in listeners:
        await listener.aclose()


@pytest.fixture
def eventually():
    """Waits until an async condition holds."""

    async def wait(condition, seconds: float = 20.0):
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            value = await condition()
            if value:
                return value
            assert asyncio.get_running_loop().time() < deadline, "the condition never held"
            await asyncio.sleep(0.05)

    return wait
