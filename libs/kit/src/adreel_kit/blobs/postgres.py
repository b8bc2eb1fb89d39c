"""Blobs as rows: for a deployment that has a database and nothing else.

A put makes a row in `blobs` without a name, adds its chunks in short transactions, and names it at the end. So a slow
sender holds no connection and no transaction, and what has no name is seen by nobody. `postgres_tables.py` holds the
tables.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import asyncpg

from adreel_kit.blobs.errors import BlobCorrupt, BlobNotFound, BlobStoreUnavailable
from adreel_kit.blobs.port import CHUNK_BYTES, BlobEntry, BlobRef, sha256_of
from adreel_kit.blobs.postgres_tables import BLOB_TABLES_SQL
from adreel_kit.blobs.streams import PIECE_BYTES, Intake, Window, checked, chunks_of_file, write_to_path
from adreel_kit.blobs.waiting import until_available

__all__ = ["BLOB_TABLES_SQL", "Connections", "PostgresBlobStore"]

if TYPE_CHECKING:
    from adreel_kit.db import Connection

_CHUNKS_AT_ONCE = PIECE_BYTES // CHUNK_BYTES
_PAGE_ROWS = 500

# Errors that say nothing about the call: the server is away, full, or going down.
_OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.UndefinedTableError,
)


class Connections(Protocol):
    """What the store needs of a database; `adreel_kit.db.Database` has it."""

    def connection(self) -> AbstractAsyncContextManager["Connection"]: ...


class PostgresBlobStore:
    """The blob port over the service's own database, which stays the caller's. `port.BlobStore` is the contract."""

    def __init__(self, database: "Connections | asyncpg.Pool") -> None:
        """`database` may be opened later, but before the store is started."""
        connect = database.acquire if isinstance(database, asyncpg.Pool) else database.connection
        self._connect: Callable[[], AbstractAsyncContextManager[Connection]] = connect

    async def start(self) -> None:
        await until_available(self.check)

    async def aclose(self) -> None:
        """The pool belongs to the caller."""

    async def check(self) -> None:
        async with self._connection() as connection:
            await connection.execute("SELECT FROM blobs LIMIT 0")

    async def put(
        self, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        intake = Intake(chunks, max_bytes=max_bytes, expected_sha256=expected_sha256)
        blob_id: int | None = None
        is_named = False
        try:
            async with self._connection() as connection:
                blob_id = await connection.fetchval("INSERT INTO blobs DEFAULT VALUES RETURNING id")
            seq = 0
            async with aclosing(intake.pieces()) as pieces:
                async for piece in pieces:
                    await self._add(blob_id, seq, piece)
                    seq += _CHUNKS_AT_ONCE
            ref = intake.ref()
            is_named = await self._name(blob_id, ref)
            return ref
        finally:
            if blob_id is not None and not is_named:
                await self._forget(blob_id)

    async def _add(self, blob_id: int, seq: int, piece: bytes) -> None:
        chunks = [piece[at : at + CHUNK_BYTES] for at in range(0, len(piece), CHUNK_BYTES)]
        async with self._connection() as connection:
            # The commit need not wait for the disk: the naming commit, later in the same log, makes this durable too.
            status = await connection.execute(
                "WITH upload AS (UPDATE blobs SET modified_at = now() WHERE id = $1 AND sha256 IS NULL"
                "  AND set_config('synchronous_commit', 'off', true) IS NOT NULL RETURNING id)"
                " INSERT INTO blob_chunks (blob_id, seq, bytes)"
                " SELECT upload.id, $2 + place - 1, chunk"
                " FROM upload, unnest($3::bytea[]) WITH ORDINALITY AS given(chunk, place)",
                blob_id,
                seq,
                chunks,
            )
        if status == "INSERT 0 0":
            raise _abandoned()

    async def _name(self, blob_id: int, ref: BlobRef) -> bool:
        """Make the row visible; False when another one holds these bytes already, which is made young instead."""
        async with self._connection() as connection:
            while True:
                if await connection.fetchval(
                    "UPDATE blobs SET modified_at = now() WHERE sha256 = $1 RETURNING id", ref.sha256
                ):
                    return False
                try:
                    named = await connection.fetchval(
                        "UPDATE blobs SET sha256 = $2, size_bytes = $3, modified_at = now()"
                        " WHERE id = $1 AND sha256 IS NULL RETURNING id",
                        blob_id,
                        ref.sha256,
                        ref.size_bytes,
                    )
                except asyncpg.UniqueViolationError:
                    continue  # the same bytes were named between the two statements
                if named is None:
                    raise _abandoned()
                return True

    async def _forget(self, blob_id: int) -> None:
        # When this fails too, the row has no name and the next purge takes it.
        with suppress(BlobStoreUnavailable):
            async with self._connection() as connection:
                await connection.execute("DELETE FROM blobs WHERE id = $1 AND sha256 IS NULL", blob_id)

    async def put_file(
        self, path: Path, *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        return await self.put(chunks_of_file(path), max_bytes=max_bytes, expected_sha256=expected_sha256)

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        window = Window.of(ref, start, length)
        return checked(ref, self._chunks(ref, window), window)

    async def _chunks(self, ref: BlobRef, window: Window) -> AsyncGenerator[bytes, None]:
        stored = await self.stat(ref)
        if stored is None:
            raise BlobNotFound(ref.sha256)
        if stored.size_bytes != ref.size_bytes:
            raise BlobCorrupt(ref.sha256, f"{ref.size_bytes} bytes were expected and {stored.size_bytes} are stored")
        at = window.start
        while at < window.stop:
            first = at // CHUNK_BYTES
            last = min(first + _CHUNKS_AT_ONCE - 1, (window.stop - 1) // CHUNK_BYTES)
            for chunk in await self._fetch(ref, first, last):
                seq_start = at - at % CHUNK_BYTES
                part = chunk[at - seq_start : window.stop - seq_start]
                at = min(seq_start + CHUNK_BYTES, window.stop)
                yield part

    async def _fetch(self, ref: BlobRef, first: int, last: int) -> list[bytes]:
        async with self._connection() as connection:
            rows = await connection.fetch(
                "SELECT c.seq, c.bytes FROM blob_chunks c JOIN blobs b ON b.id = c.blob_id"
                " WHERE b.sha256 = $1 AND c.seq BETWEEN $2 AND $3 ORDER BY c.seq",
                ref.sha256,
                first,
                last,
            )
        if not rows:
            raise BlobNotFound(ref.sha256)  # deleted under the reader
        expected = [(seq, min(CHUNK_BYTES, ref.size_bytes - seq * CHUNK_BYTES)) for seq in range(first, last + 1)]
        if [(row["seq"], len(row["bytes"])) for row in rows] != expected:
            raise BlobCorrupt(ref.sha256, "a part of the stored bytes is missing")
        return [row["bytes"] for row in rows]

    async def stat(self, blob: BlobRef | str) -> BlobRef | None:
        sha256 = sha256_of(blob)
        async with self._connection() as connection:
            size_bytes = await connection.fetchval("SELECT size_bytes FROM blobs WHERE sha256 = $1", sha256)
        return None if size_bytes is None else BlobRef(sha256, size_bytes)

    async def delete(self, blob: BlobRef | str, *, modified_before: datetime | None = None) -> None:
        async with self._connection() as connection:
            await connection.execute(
                "DELETE FROM blobs WHERE sha256 = $1 AND ($2::timestamptz IS NULL OR modified_at < $2)",
                sha256_of(blob),
                modified_before,
            )

    def local_path(self, ref: BlobRef) -> Path | None:
        return None

    async def fetch_to(self, ref: BlobRef, path: Path) -> None:
        await write_to_path(self.read(ref), path)

    async def presign(
        self, ref: BlobRef, *, expires: timedelta, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        return None

    async def list(
        self, *, modified_before: datetime | None = None, after: str | None = None
    ) -> AsyncIterator[BlobEntry]:
        seen = after or ""
        while True:
            async with self._connection() as connection:
                rows = await connection.fetch(
                    "SELECT sha256, size_bytes, modified_at FROM blobs"
                    " WHERE sha256 > $1 AND ($2::timestamptz IS NULL OR modified_at < $2) ORDER BY sha256 LIMIT $3",
                    seen,
                    modified_before,
                    _PAGE_ROWS,
                )
            for row in rows:
                seen = row["sha256"]
                yield BlobEntry(BlobRef(seen, row["size_bytes"]), row["modified_at"])
            if len(rows) < _PAGE_ROWS:
                return

    async def purge_incomplete(self, older_than: timedelta) -> int:
        async with self._connection() as connection:
            rows = await connection.fetch(
                "DELETE FROM blobs WHERE sha256 IS NULL AND modified_at < now() - $1::interval RETURNING id", older_than
            )
        return len(rows)

    @asynccontextmanager
    async def _connection(self) -> "AsyncIterator[Connection]":
        try:
            async with self._connect() as connection:
                yield connection
        except _OUTAGES as error:
            raise BlobStoreUnavailable("The blob database cannot be used at the moment.") from error


def _abandoned() -> BlobStoreUnavailable:
    return BlobStoreUnavailable("The upload stood still for so long that it was cleared away.")
