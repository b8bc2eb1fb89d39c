"""The blob port: immutable bytes, stored once under their SHA-256, streamed both ways.

The invariant every adapter keeps: a blob is visible under its name only when all its bytes are stored and have that
checksum; a crash at any moment leaves either the whole blob or nothing. Names, types, owners and rights of blobs are
the caller's business, as is knowing when nobody needs one any more.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

CHUNK_BYTES = 256 * 1024
"""Size of the pieces `read` yields, and of the rows of the PostgreSQL store: one gRPC message carries one."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BlobRef:
    """The name and the size of a blob. `sha256` is lower-case hex, and safe in paths and keys because it is checked."""

    sha256: str
    size_bytes: int

    def __post_init__(self) -> None:
        checked_sha256(self.sha256)
        if self.size_bytes < 0:
            raise ValueError("a blob's size is not negative")


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """A stored blob as a sweep sees it. `modified_at` is when it was last put, also if it was there already."""

    ref: BlobRef
    modified_at: datetime


class BlobStore(Protocol):
    """Where blobs are kept. All methods may be called from many tasks at once; all calls are safe to repeat.

    Any method may raise `BlobStoreUnavailable`.
    """

    async def start(self) -> None:
        """Make what the store needs (a directory, a bucket). Waits while a server is not there yet.

        Raises `BlobStoreRefused` when waiting is of no use.
        """

    async def aclose(self) -> None:
        """Give back threads and connections the store opened itself."""

    async def check(self) -> None:
        """One cheap round trip, for readiness. Raises `BlobStoreUnavailable`."""

    async def put(
        self, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        """Store what the stream yields, in memory that does not depend on its length.

        Putting bytes that are there already stores nothing twice, and makes their `modified_at` young again, so that
        a sweep by age spares what was just used. An error of the stream itself passes through unchanged. In every
        case of error nothing becomes visible.

        Raises `BlobTooLarge` as soon as more than `max_bytes` came, `BlobChecksumMismatch` when the bytes are not
        those of `expected_sha256`.
        """

    async def put_file(
        self, path: Path, *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        """Store a copy of a local file, which must not change meanwhile. Otherwise as `put`."""

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes `[start, start + length)`, or to the end, in pieces of at most `CHUNK_BYTES`.

        What lies behind the end is left out, without an error. The iterator is an async generator: close it when you
        stop early. It holds no thread and no database connection while it waits for its reader.

        A read of the whole blob checks the bytes against the name and keeps the last piece back until they are found
        right: a reader that got everything got the right bytes. A part cannot be checked, but its length is.

        Raises `BlobNotFound`, `BlobCorrupt`, both possibly after some pieces.
        """

    async def stat(self, blob: BlobRef | str) -> BlobRef | None:
        """The blob as it is stored, by reference or SHA-256; None when it is not there."""

    async def delete(self, blob: BlobRef | str, *, modified_before: datetime | None = None) -> None:
        """Remove the blob; nothing happens when it is not there. Readers under way may fail.

        With `modified_before` it stays when it was put since. A sweep passes there what it passed to `list`, and so
        spares a blob that someone puts again while the sweep looks at it. A sweep keeps at least two hours behind:
        S3 may leave `modified_at` as it is when it is younger than one.
        """

    def local_path(self, ref: BlobRef) -> Path | None:
        """A file with these bytes, to be read only, when the store keeps files; otherwise None."""

    async def fetch_to(self, ref: BlobRef, path: Path) -> None:
        """Write the checked bytes to `path`, which appears complete or not at all and replaces what was there."""

    async def presign(
        self, ref: BlobRef, *, expires: timedelta, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        """An address where anyone can get the bytes until it expires; None when the store has no such thing."""

    def list(self, *, modified_before: datetime | None = None, after: str | None = None) -> AsyncIterator[BlobEntry]:
        """All complete blobs in the order of their SHA-256, those behind `after` only, in constant memory."""

    async def purge_incomplete(self, older_than: timedelta) -> int:
        """Remove what interrupted puts left and nobody has added to for that long; says how many there were."""


def checked_sha256(value: str) -> str:
    """The value itself when it is a SHA-256 in lower-case hex; a `ValueError` otherwise."""
    if not _SHA256.fullmatch(value):
        raise ValueError("a blob is named by its SHA-256 in lower-case hex")
    return value


def sha256_of(blob: BlobRef | str) -> str:
    """The checked name of a blob given by reference or by name."""
    return blob.sha256 if isinstance(blob, BlobRef) else checked_sha256(blob)
