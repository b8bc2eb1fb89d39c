"""Every adapter of the blob port, each over a real server of its own, for one suite that runs over all of them."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.postgres import PostgresBlobStore
from adreel_kit.blobs.postgres_tables import BLOB_TABLES_SQL
from adreel_kit.blobs.s3 import S3BlobStore
from adreel_kit.blobs.s3_client import S3Location

ACCESS_KEY, SECRET_KEY = "test-access", "test-secret-key"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], *, is_up: Callable[[], bool], **options: object) -> Iterator[None]:
    """A child process that answers, ended by its own id whatever happens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        for _ in range(300):
            if is_up():
                break
            assert process.poll() is None, f"{command[0]} ended at once"
            time.sleep(0.1)
        else:
            pytest.fail(f"{command[0]} did not answer")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers_http(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def answers_tcp(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "/missing").parent]
    binaries = found[-1]
    if not (binaries / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed")
    base = Path("/tmp") / f"blob-tests-pg-{uuid4().hex[:8]}"
    base.mkdir()
    # The server refuses to run as root.
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        if user:
            shutil.chown(base, "nobody", "nogroup")
        subprocess.run(
            [binaries / "initdb", "-D", base / "data", "-U", "tester", "-A", "trust", "--no-sync", "--locale=C.UTF-8"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **user,
        )
        port = free_port()
        command = [str(binaries / "postgres"), "-D", str(base / "data"), "-p", str(port), "-k", str(base)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with running(command, is_up=lambda: answers_tcp(port), cwd="/", **user):
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def rclone_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """rclone's S3 server: answers ranges with 200."""
    rclone = Path(sys.executable).parent / "rclone"
    port = free_port()
    command = [str(rclone), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
    command += ["--config", os.devnull, "--vfs-cache-mode", "off", str(tmp_path_factory.mktemp("rclone"))]
    with running(command, is_up=lambda: answers_http(f"http://127.0.0.1:{port}/")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[str]:
    """moto's S3 server: keeps everything in memory, answers ranges with 206."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with running(command, is_up=lambda: answers_http(f"http://127.0.0.1:{port}/")):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def fresh_pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a new database that holds nothing but the blob tables."""
    admin = await asyncpg.connect(dsn)
    name = f"blobs_{uuid4().hex}"
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        async with asyncpg.create_pool(dsn, database=name, min_size=1, max_size=6) as pool:
            await pool.execute(BLOB_TABLES_SQL)
            yield pool
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@pytest.fixture
def s3_location(request: pytest.FixtureRequest) -> Callable[[str], S3Location]:
    """A bucket nobody used before, on one of the servers."""
    return lambda server: S3Location(
        endpoint=request.getfixturevalue(f"{server}_s3"),
        bucket=f"bucket-{uuid4().hex[:12]}",
        region="eu-central-1",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
    )


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
    kind: str = "files"
    pool: asyncpg.Pool = None
    directory: Path = Path()
    location: S3Location | None = None

    async def make(self, kind: str) -> BlobStore:
        store: BlobStore
        if kind == "files":
            self.directory = self.tmp_path / uuid4().hex
            store = FileBlobStore(self.directory)
        elif kind == "postgres":
            self.pool = await self.closing.enter_async_context(fresh_pool(self.request.getfixturevalue("postgres_dsn")))
            store = PostgresBlobStore(self.pool)
        else:
            self.location = self.new_location(kind.removeprefix("s3-"))
            store = S3BlobStore(self.location, prefix="mine")
        self.kind = kind
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
