"""The private servers, run for real: they answer, survive kill -9, keep to themselves and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import aio_pika
import asyncpg
import httpx
import psutil
import pytest
from adreel_embedded.postgres_binaries import wheel_binaries
from adreel_testkit.servers.errors import ServerStartError
from adreel_testkit.servers.postgres import PrivatePostgres, database_name
from adreel_testkit.servers.process import ServerProcess
from adreel_testkit.servers.rabbitmq import RabbitMQNode
from adreel_testkit.servers.s3 import S3, PrivateS3, S3Kind
from minio import Minio
from minio.error import InvalidResponseError, S3Error

pytestmark = pytest.mark.connected


@pytest.fixture(autouse=True)
def no_process_stays() -> Iterator[None]:
    """Whatever a test starts is gone after it. Servers of other tests here go on, and their children too."""
    before = set(psutil.Process().children())
    yield
    ours = set(psutil.Process().children()) - before
    started = ours.union(*(children_of(process) for process in ours))
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


def children_of(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def minio_client(server: S3, *, secret_key: str | None = None) -> Minio:
    return Minio(
        server.endpoint.removeprefix("http://"),
        access_key=server.access_key,
        secret_key=secret_key or server.secret_key,
        region=server.region,
        secure=False,
    )


async def test_postgres_gives_each_test_a_database_of_its_own() -> None:
    async with PrivatePostgres() as server:
        first, second = await server.create_database("one"), await server.create_database("one")
        assert first != second
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE kept (n int)")
        await connection.close()
        copy = await server.create_database("copy", template=database_name(first))
        connection = await asyncpg.connect(copy)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await server.drop_database(copy)  # although somebody is connected
        assert connection.is_closed() or not await still_answers(connection)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(copy)


async def still_answers(connection: asyncpg.Connection) -> bool:
    try:
        await connection.fetchval("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


async def test_postgres_comes_back_after_kill_9_on_the_same_address() -> None:
    async with PrivatePostgres() as server:
        dsn = server.dsn()
        os.kill(server.pid, signal.SIGKILL)
        while server.is_running():
            await asyncio.sleep(0.02)
        await server.start()
        assert server.dsn() == dsn
        assert await server.answers()


async def test_postgres_can_be_the_one_of_the_embedded_suite() -> None:
    async with PrivatePostgres(wheel_binaries()) as server:
        assert "wheel" in server.origin
        connection = await asyncpg.connect(server.dsn())
        assert await connection.fetchval("SELECT uuidv7() IS NOT NULL")
        await connection.close()


async def test_rabbitmq_keeps_a_persistent_message_through_kill_9_and_then_stops_without_a_trace() -> None:
    async with RabbitMQNode() as server:
        queue_name = await publish_one(server.url, b"kept")
        # RabbitMQ 3.10 writes the directory of its quorum queues every half second: one that was declared a moment
        # before a kill -9 is there afterwards and never elects a leader.
        await asyncio.sleep(1)
        helpers = psutil.Process(server.pid).children(recursive=True)
        assert helpers
        server.kill()
        assert not server.is_running()
        assert not await server.answers()
        _, alive = psutil.wait_procs(helpers, timeout=10)
        assert not alive
        await server.start()
        async with await aio_pika.connect(server.url) as connection:
            channel = await connection.channel()
            message = await (await channel.get_queue(queue_name)).get(timeout=10)
            assert message is not None
            assert message.body == b"kept"


async def publish_one(url: str, body: bytes) -> str:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue.name)
        return queue.name


@pytest.mark.parametrize("kind", [S3Kind.RCLONE, S3Kind.MOTO])
async def test_s3_stores_and_gives_back(kind: S3Kind) -> None:
    async with PrivateS3(kind) as server:
        client = minio_client(server)
        client.make_bucket("adreel-tests")
        client.fput_object("adreel-tests", "here.py", __file__)
        with open(__file__, "rb") as file:
            answer = client.get_object("adreel-tests", "here.py")
            assert answer.read() == file.read()
            answer.release_conn()
        link = client.presigned_get_object("adreel-tests", "here.py")
        assert httpx.get(link, trust_env=False).status_code == 200


async def test_rclone_refuses_a_wrong_secret() -> None:
    async with PrivateS3(S3Kind.RCLONE) as server:
        with pytest.raises((S3Error, InvalidResponseError), match="SignatureDoesNotMatch"):
            minio_client(server, secret_key="wrong").make_bucket("adreel-tests")


async def test_a_server_that_does_not_start_is_an_error_with_its_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("server")

    async def never() -> bool:
        return False

    program = [sys.executable, "-c", "raise SystemExit('no licence')"]
    process = ServerProcess("Broken", program, env={}, log=directory / "log", cwd=directory)
    with pytest.raises(ServerStartError, match="no licence"):
        await process.start(never, within_seconds=30)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_a_server_ends_when_the_tests_are_killed() -> None:
    script = """
import asyncio
from adreel_testkit.servers.s3 import PrivateS3, S3Kind
async def main():
    async with PrivateS3(S3Kind.RCLONE) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    tests = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert tests.stdout is not None
    server = psutil.Process(int(tests.stdout.readline()))
    tests.kill()
    tests.wait()
    deadline = time.monotonic() + 10
    while has_not_ended(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not has_not_ended(server)


def has_not_ended(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE  # its new parent may be slow
    except psutil.NoSuchProcess:
        return False
