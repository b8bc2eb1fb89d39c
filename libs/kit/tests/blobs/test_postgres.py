"""What only the PostgreSQL store can be asked: its rows, its transactions, its outages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from adreel_kit.blobs.errors import BlobCorrupt, BlobStoreUnavailable
from adreel_kit.blobs.port import CHUNK_BYTES, BlobStore
from adreel_kit.blobs.postgres import PostgresBlobStore
from adreel_kit.blobs.postgres_tables import (
    BLOB_TABLES_SQL,
    BLOB_TABLES_STATEMENTS,
    create_blob_tables,
    drop_blob_tables,
)
from adreel_kit.migrations import migrate

if TYPE_CHECKING:
    from .conftest import Shelf

pytestmark = pytest.mark.connected

DATA = bytes(range(251)) * (5 * CHUNK_BYTES // 251)


async def stream(data: bytes, chunk_bytes: int = 1024 * 1024) -> AsyncIterator[bytes]:
    for at in range(0, len(data), chunk_bytes):
        yield data[at : at + chunk_bytes]


async def read_into(got: bytearray, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        got += chunk


@pytest.fixture
async def store(shelf: "Shelf") -> BlobStore:
    return await shelf.make("postgres")


async def test_range_reads_no_other_chunks(store: BlobStore, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    await shelf.pool.execute("DELETE FROM blob_chunks WHERE seq NOT IN (2, 3)")
    start, stop = 3 * CHUNK_BYTES - 10, 3 * CHUNK_BYTES + 10
    assert b"".join([chunk async for chunk in store.read(ref, start, 20)]) == DATA[start:stop]


async def test_missing_chunk_is_found_out(store: BlobStore, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    await shelf.pool.execute("DELETE FROM blob_chunks WHERE seq = 1")
    with pytest.raises(BlobCorrupt):
        [chunk async for chunk in store.read(ref)]


async def test_changed_byte_is_found_out(store: BlobStore, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    await shelf.pool.execute("UPDATE blob_chunks SET bytes = set_byte(bytes, 7, 0) WHERE seq = 2")
    got = bytearray()
    with pytest.raises(BlobCorrupt):
        await read_into(got, store.read(ref))
    assert len(got) < len(DATA)


async def test_chunks_are_rows_of_256_kib_stored_without_compression(store: BlobStore, shelf: "Shelf") -> None:
    await store.put(stream(DATA, 333_333))
    sizes = await shelf.pool.fetch("SELECT seq, length(bytes) AS size FROM blob_chunks ORDER BY seq")
    assert [row["seq"] for row in sizes] == list(range(len(sizes)))
    assert {row["size"] for row in sizes[:-1]} == {CHUNK_BYTES}
    storage = await shelf.pool.fetchval("SELECT attstorage FROM pg_attribute WHERE attname = 'bytes' AND attnum > 0")
    assert storage == b"e"


async def test_upload_under_way_is_spared_by_the_purge_and_an_abandoned_one_is_not(
    store: BlobStore, shelf: "Shelf"
) -> None:
    reached = asyncio.Event()
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield DATA
        reached.set()
        await go_on.wait()
        yield DATA

    task = asyncio.create_task(store.put(slow()))
    await reached.wait()
    assert [entry async for entry in store.list()] == []
    assert await store.purge_incomplete(timedelta(hours=1)) == 0
    await shelf.pool.execute("UPDATE blobs SET modified_at = now() - interval '2 hours'")
    assert await store.purge_incomplete(timedelta(hours=1)) == 1
    go_on.set()
    with pytest.raises(BlobStoreUnavailable):
        await task
    assert await shelf.pool.fetchval("SELECT count(*) FROM blob_chunks") == 0


async def test_connections_cut_in_the_middle_leave_nothing_visible(store: BlobStore, shelf: "Shelf") -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield DATA
        await shelf.pool.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        yield DATA

    # The pool may notice in time and open another connection; then the put succeeds, which is as good.
    try:
        ref = await store.put(cut())
    except BlobStoreUnavailable:
        assert [entry async for entry in store.list()] == []
    else:
        assert b"".join([chunk async for chunk in store.read(ref)]) == DATA + DATA
    await store.purge_incomplete(timedelta(0))
    orphans = "SELECT count(*) FROM blob_chunks c WHERE NOT EXISTS (SELECT FROM blobs WHERE id = c.blob_id)"
    assert await shelf.pool.fetchval(orphans) == 0


async def test_closed_pool_is_an_outage(store: BlobStore, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    await shelf.pool.close()
    for call in (store.check(), store.stat(ref), store.delete(ref), store.put(stream(DATA))):
        with pytest.raises(BlobStoreUnavailable):
            await call
    with pytest.raises(BlobStoreUnavailable):
        [chunk async for chunk in store.read(ref)]


async def test_database_without_the_tables_is_not_ready(shelf: "Shelf") -> None:
    store = await shelf.make("postgres")
    await shelf.pool.execute("DROP TABLE blob_chunks, blobs")
    with pytest.raises(BlobStoreUnavailable):
        await store.check()


async def test_start_waits_for_the_tables(shelf: "Shelf") -> None:
    store = await shelf.make("postgres")
    await shelf.pool.execute("DROP TABLE blob_chunks, blobs")
    starting = asyncio.create_task(store.start())
    await asyncio.sleep(0.3)
    assert not starting.done()
    await shelf.pool.execute(BLOB_TABLES_SQL)
    async with asyncio.timeout(60):
        await starting


async def test_store_works_over_the_database_of_the_kit(shelf: "Shelf") -> None:
    await shelf.make("postgres")

    class Database:
        def connection(self) -> Any:
            return shelf.pool.acquire()

    store = PostgresBlobStore(Database())
    ref = await store.put(stream(DATA))
    assert b"".join([chunk async for chunk in store.read(ref)]) == DATA


async def test_tables_can_be_dropped_and_made_statement_by_statement(shelf: "Shelf") -> None:
    store = await shelf.make("postgres")
    statements: list[str] = []
    drop_blob_tables(statements.append)
    create_blob_tables(statements.append)
    assert statements[2:] == list(BLOB_TABLES_STATEMENTS)
    for statement in statements:
        prepared = await shelf.pool.fetch(statement)  # `fetch` prepares, as SQLAlchemy over asyncpg does
        assert prepared == []
    await store.check()


MIGRATION = """
from adreel_kit.blobs.postgres import BLOB_TABLES_SQL
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute(BLOB_TABLES_SQL)
"""


async def test_tables_can_be_made_by_a_migration_of_a_service(shelf: "Shelf", tmp_path: Path) -> None:
    store = await shelf.make("postgres")
    await shelf.pool.execute("DROP TABLE blob_chunks, blobs")
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_first.py").write_text(MIGRATION)
    await migrate(shelf.dsn, versions)
    await store.put(stream(DATA))


async def test_row_without_both_name_and_size_is_impossible(shelf: "Shelf") -> None:
    await shelf.make("postgres")
    for values in ("'" + "0" * 64 + "', NULL", "NULL, 5", "'not a checksum', 5", "'" + "0" * 64 + "', -1"):
        with pytest.raises(Exception, match="check constraint"):
            await shelf.pool.execute(f"INSERT INTO blobs (sha256, size_bytes) VALUES ({values})")
