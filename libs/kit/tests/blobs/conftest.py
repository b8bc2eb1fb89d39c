"""Every adapter of the blob port, each over a real server of its own, for one suite that runs over all of them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.postgres import PostgresBlobStore
from adreel_kit.blobs.postgres_tables import BLOB_TABLES_SQL
from adreel_kit.blobs.s3 import S3BlobStore
from adreel_kit.blobs.s3_client import S3Location
from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.s3 import S3, PrivateS3, S3Kind
from adreel_testkit.servers.stack import available_stack, is_required

Server = TypeVar("Server")


@contextmanager
def running(make: Callable[[], AbstractAsyncContextManager[Server]]) -> Iterator[Server]:
    """A server for the whole session.

    It has a loop and a thread of its own, since it is asked for while the loop of a test runs.
    """
    try:
        server = make()
    except ServerUnavailableError as error:
        (pytest.fail if is_required() else pytest.skip)(str(error))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        entered = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield entered
        finally:
            asyncio.run_coroutine_threadsafe(_leave(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _leave(server: AbstractAsyncContextManager[Server]) -> None:
    await server.__aexit__(None, None, None)


@pytest.fixture(scope="session")
def blob_postgres() -> Iterator[Postgres]:
    with running(available_stack().open_postgres) as server:
        yield server


@pytest.fixture(scope="session")
def rclone_s3() -> Iterator[S3]:
    """Answers ranges with 200, checks signatures."""
    with running(lambda: PrivateS3(S3Kind.RCLONE)) as server:
        yield server


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[S3]:
    """Answers ranges with 206, keeps everything in memory, takes any key."""
    with running(lambda: PrivateS3(S3Kind.MOTO)) as server:
        yield server


@asynccontextmanager
async def fresh_database(server: Postgres) -> AsyncIterator[tuple[str, asyncpg.Pool]]:
    """The address of a new database that holds nothing but the blob tables, and a pool on it."""
    dsn = await server.create_database("blobs")
    try:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as pool:
            await pool.execute(BLOB_TABLES_SQL)
            yield dsn, pool
    finally:
        await server.drop_database(dsn)


@pytest.fixture
def s3_location(request: pytest.FixtureRequest) -> Callable[[str], S3Location]:
    """A bucket nobody used before, on one of the servers."""

    def make(kind: str) -> S3Location:
        server: S3 = request.getfixturevalue(f"{kind}_s3")
        bucket = f"bucket-{uuid4().hex[:12]}"
        return S3Location(server.endpoint, bucket, server.region, server.access_key, server.secret_key)

    return make


STORES = [
    "files",
    pytest.param("postgres", marks=pytest.mark.connected),
    pytest.param("s3-rclone", marks=pytest.mark.connected),
    pytest.param("s3-moto", marks=pytest.mark.connected),
]


@dataclass
class Shelf:
    """Makes started, empty stores and remembers what a test needs to look behind them."""

    request: pytest.FixtureRequest
    tmp_path: Path
    new_location: Callable[[str], S3Location]
    closing: AsyncExitStack
    dsn: str = ""
    pool: asyncpg.Pool = None
    location: S3Location | None = None

    async def make(self, kind: str) -> BlobStore:
        store: BlobStore
        if kind == "files":
            store = FileBlobStore(self.tmp_path / uuid4().hex)
        elif kind == "postgres":
            server = self.request.getfixturevalue("blob_postgres")
            self.dsn, self.pool = await self.closing.enter_async_context(fresh_database(server))
            store = PostgresBlobStore(self.pool)
        else:
            self.location = self.new_location(kind.removeprefix("s3-"))
            store = S3BlobStore(self.location, prefix="mine")
        self.closing.push_async_callback(store.aclose)
        await store.start()
        return store


@pytest.fixture
async def shelf(
    request: pytest.FixtureRequest, tmp_path: Path, s3_location: Callable[[str], S3Location]
) -> AsyncIterator[Shelf]:
    async with AsyncExitStack() as closing:
        yield Shelf(request, tmp_path, s3_location, closing)


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, shelf: Shelf) -> BlobStore:
    return await shelf.make(request.param)
