"""`adreel blobs migrate` from store to store: everything arrives, once, however often it is run."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adreel_embedded.cli.command import main
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobRef
from adreel_kit.blobs.postgres import PostgresBlobStore
from adreel_kit.blobs.postgres_tables import BLOB_TABLES_SQL
from adreel_kit.blobs.settings import BlobSettings, build_blob_store
from adreel_kit.db import Database
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server, s3_server  # noqa: F401 - fixtures
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.s3 import S3

CONTENTS = [bytes([number]) * (1000 * number + 1) for number in range(12)]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _fill(directory: Path) -> None:
    store = FileBlobStore(directory, prefix="assets")
    await store.start()
    for content in CONTENTS:
        await store.put(_once(content))
    await store.aclose()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "from"
    asyncio.run(_fill(directory))
    monkeypatch.setenv("FROM_BLOB_STORAGE_TYPE", "files")
    monkeypatch.setenv("FROM_ADREEL_BLOB_DIR", str(directory))
    return directory


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TO_BLOB_STORAGE_TYPE", "files")
    monkeypatch.setenv("TO_ADREEL_BLOB_DIR", str(tmp_path / "to"))
    return tmp_path / "to"


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "assets").rglob("*") if path.is_file())


def test_all_blobs_arrive_and_a_second_run_copies_nothing(
    source: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["blobs", "migrate"]) == 0
    assert _names(target) == _names(source) == sorted(hashlib.sha256(content).hexdigest() for content in CONTENTS)
    assert "12 copied" in capsys.readouterr().out
    assert main(["blobs", "migrate"]) == 0
    assert "0 copied (0.0 MB), 12 there already" in capsys.readouterr().out


def test_a_run_goes_on_where_another_stopped(source: Path, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blobs", "migrate", "--after", _names(source)[7]]) == 0
    assert _names(target) == _names(source)[8:]
    assert main(["blobs", "migrate"]) == 0
    assert "8 copied" in capsys.readouterr().out
    assert _names(target) == _names(source)


def test_a_damaged_blob_is_named_and_all_others_are_copied(
    source: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = _names(source)[3]
    path = source / "assets" / damaged[:2] / damaged[2:4] / damaged
    path.write_bytes(b"!" * path.stat().st_size)
    assert main(["blobs", "migrate"]) == 1
    assert damaged in capsys.readouterr().err
    assert _names(target) == [name for name in _names(source) if name != damaged]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TO_BLOB_STORAGE_TYPE", "", "TO_BLOB_STORAGE_TYPE"),
        ("TO_BLOB_STORAGE_TYPE", "tape", "BLOB_STORAGE_TYPE"),
        ("TO_BLOB_STORAGE_TYPE", "s3", "S3_ENDPOINT"),
        ("TO_BLOB_STORAGE_TYPE", "postgres", "TO_DATABASE_URL"),
    ],
)
def test_a_store_that_is_not_named_is_one_sentence(
    source: Path,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv(name, value)
    assert main(["blobs", "migrate"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_store_is_not_copied_to_itself(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TO_ADREEL_BLOB_DIR", str(source))
    assert main(["blobs", "migrate"]) == 1
    assert "the same store" in capsys.readouterr().err


@pytest.mark.connected
def test_files_move_into_a_database(
    source: Path,
    postgres_server: Postgres,  # noqa: F811 - the fixture imported above
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def prepare() -> str:
        url = await postgres_server.create_database("blobs")
        database = Database(url)
        await database.start(wait_seconds=10)
        async with database.transaction() as conn:
            await conn.execute(BLOB_TABLES_SQL)
        await database.aclose()
        return url

    async def read(url: str) -> list[bytes]:
        database = Database(url)
        await database.start(wait_seconds=10)
        store = PostgresBlobStore(database)
        refs = [BlobRef(hashlib.sha256(content).hexdigest(), len(content)) for content in CONTENTS]
        found = [b"".join([piece async for piece in store.read(ref)]) for ref in refs]
        await database.aclose()
        return found

    url = asyncio.run(prepare())
    monkeypatch.setenv("TO_BLOB_STORAGE_TYPE", "postgres")
    monkeypatch.setenv("TO_DATABASE_URL", url)
    assert main(["blobs", "migrate"]) == 0
    assert asyncio.run(read(url)) == CONTENTS


@pytest.mark.connected
def test_a_move_into_s3_that_is_killed_goes_on(
    source: Path,
    s3_server: S3,  # noqa: F811 - the fixture imported above
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = [os.urandom(200_000) for _ in range(60)]
    environment = s3_server.environment("moved")
    for name, value in environment.items():
        monkeypatch.setenv(f"TO_{name}", value)

    async def fill() -> None:
        store = FileBlobStore(source, prefix="assets")
        await store.start()
        for content in many:
            await store.put(_once(content))

    async def arrived() -> int:
        store = build_blob_store(BlobSettings.from_environment(environment, key_prefix="assets"))
        await store.start()
        try:
            return sum([1 async for _ in store.list()])
        finally:
            await store.aclose()

    async def read_all() -> list[bytes]:
        store = build_blob_store(BlobSettings.from_environment(environment, key_prefix="assets"))
        await store.start()
        try:
            refs = [BlobRef(hashlib.sha256(content).hexdigest(), len(content)) for content in many]
            return [b"".join([piece async for piece in store.read(ref)]) for ref in refs]
        finally:
            await store.aclose()

    asyncio.run(fill())
    first = subprocess.Popen([sys.executable, "-m", "adreel_embedded", "blobs", "migrate"])
    deadline = time.monotonic() + 60
    while first.poll() is None and asyncio.run(arrived()) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    first.kill()
    first.wait()
    before = asyncio.run(arrived())
    assert 5 <= before < 72, "it was to be killed in the middle"
    assert main(["blobs", "migrate"]) == 0
    out = capsys.readouterr().out
    assert f"{before} there already" in out
    assert asyncio.run(arrived()) == 72
    assert asyncio.run(read_all()) == many
