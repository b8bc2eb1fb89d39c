"""A service's database with the bus tables, and both transports behind one fixture."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import pytest
from adreel_kit.bus import Manifest, Transport
from adreel_kit.bus.postgres import PostgresTransport
from adreel_kit.bus.rabbitmq import RabbitTransport
from adreel_kit.db import Database, Listener
from adreel_kit.outbox import CHANNEL, OUTBOX_TABLES_SQL

MANIFEST = Manifest(
    {"thing.made.v1": ("keeper", "watcher"), "message.dead_lettered.v1": ("watcher",), "thing.lost.v1": ()}
)


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


@pytest.fixture
async def database(postgres_server) -> AsyncIterator[Database]:
    url = await postgres_server.create_database("kit_bus")
    database = Database(url)
    await database.start(wait_seconds=10)
    async with database.transaction() as conn:
        await conn.execute(OUTBOX_TABLES_SQL)
        await conn.execute("CREATE TABLE things (name text PRIMARY KEY, handled integer NOT NULL DEFAULT 0)")
    yield database
    await database.aclose()
    await postgres_server.drop_database(url)


@pytest.fixture
async def listener(database) -> AsyncIterator[Listener]:
    listener = Listener(database.url, [CHANNEL])
    await listener.start()
    yield listener
    await listener.aclose()


@pytest.fixture(params=["postgres", "rabbitmq"])
def rabbitmq_url(request) -> str | None:
    """The broker's address, or None for the transport that does without. Not async: the server brings its own loop."""
    return request.getfixturevalue("rabbitmq_server").url if request.param == "rabbitmq" else None


@pytest.fixture
async def open_transport(rabbitmq_url, postgres_server):
    """Opens transports on one bus of this test's own; each is closed at the end."""
    opened: list[Transport] = []
    if rabbitmq_url is None:
        bus_url = await postgres_server.create_database("bus")
    else:
        await _delete_queues(rabbitmq_url)

    async def open_() -> Transport:
        transport = (
            PostgresTransport(bus_url, MANIFEST) if rabbitmq_url is None else RabbitTransport(rabbitmq_url, MANIFEST)
        )
        await asyncio.wait_for(transport.start(), 30)
        opened.append(transport)
        return transport

    yield open_
    for transport in opened:
        await transport.aclose()


@pytest.fixture
def running():
    """Runs coroutines beside a block and cancels them at its end."""

    @asynccontextmanager
    async def run(*coroutines):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return run


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


async def _delete_queues(url: str) -> None:
    """The server is shared by the session's tests, so each starts without the queues of the one before."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        for _, queue in MANIFEST.bindings():
            await channel.queue_delete(queue)
            await channel.queue_delete(f"{queue}.dead")
