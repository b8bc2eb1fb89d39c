"""Blobs as files: `<root>/ab/cd/<sha256>`.

A blob is written to `<root>/.incoming`, which is on the same file system, flushed to the disk, and then renamed to its
name: it is there whole or not at all, also after a power cut. The rename goes over a file that is there already; both
hold the same bytes, and a file the disk has damaged is healed by the next put of it.
"""

import errno
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

from adreel_kit.blobs.errors import BlobCorrupt, BlobNotFound, BlobStoreRefused, BlobStoreUnavailable
from adreel_kit.blobs.keys import checked_prefix, key_of, sha256_of_key
from adreel_kit.blobs.port import CHUNK_BYTES, BlobEntry, BlobRef, sha256_of
from adreel_kit.blobs.streams import Intake, Window, checked, chunks_of_file, write_to_path
from adreel_kit.blobs.threads import Lane

P = ParamSpec("P")
T = TypeVar("T")

_INCOMING = ".incoming"
_REFUSALS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR})


class FileBlobStore:
    """The blob port over a directory that this process may write. `port.BlobStore` is the contract."""

    def __init__(self, directory: Path, *, prefix: str = "", width: int = 4) -> None:
        self._root = directory / checked_prefix(prefix) if prefix else directory
        self._incoming = self._root / _INCOMING
        self._lane = Lane("blob-files", width)

    async def start(self) -> None:
        await self._io(self._incoming.mkdir, parents=True, exist_ok=True)
        await self.check()

    async def aclose(self) -> None:
        self._lane.close()

    async def check(self) -> None:
        if not await self._io(os.access, self._incoming, os.W_OK | os.X_OK):
            raise BlobStoreRefused("The blob directory is missing or may not be written.")

    async def put(
        self, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        intake = Intake(chunks, max_bytes=max_bytes, expected_sha256=expected_sha256)
        part = await self._io(_Part, self._incoming)
        try:
            async with aclosing(intake.pieces()) as pieces:
                async for piece in pieces:
                    await self._io(part.write, piece)
            ref = intake.ref()
            await self._io(part.publish, self._path(ref.sha256))
            return ref
        finally:
            part.discard()

    async def put_file(
        self, path: Path, *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        return await self.put(chunks_of_file(path), max_bytes=max_bytes, expected_sha256=expected_sha256)

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        window = Window.of(ref, start, length)
        return checked(ref, self._chunks(ref, window), window)

    async def _chunks(self, ref: BlobRef, window: Window) -> AsyncGenerator[bytes, None]:
        fd = await self._io(self._open, ref)
        try:
            at = window.start
            while at < window.stop:
                chunk = await self._io(os.pread, fd, min(CHUNK_BYTES, window.stop - at), at)
                if not chunk:
                    return
                at += len(chunk)
                yield chunk
        finally:
            os.close(fd)

    async def stat(self, blob: BlobRef | str) -> BlobRef | None:
        sha256 = sha256_of(blob)
        size_bytes = await self._io(_size_of, self._path(sha256))
        return None if size_bytes is None else BlobRef(sha256, size_bytes)

    async def delete(self, blob: BlobRef | str, *, modified_before: datetime | None = None) -> None:
        await self._io(_remove, self._path(sha256_of(blob)), modified_before)

    def local_path(self, ref: BlobRef) -> Path | None:
        path = self._path(ref.sha256)
        return path if path.is_file() else None

    async def fetch_to(self, ref: BlobRef, path: Path) -> None:
        await write_to_path(self.read(ref), path)

    async def presign(
        self, ref: BlobRef, *, expires: timedelta, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        return None

    async def list(
        self, *, modified_before: datetime | None = None, after: str | None = None
    ) -> AsyncIterator[BlobEntry]:
        after = after or ""
        for outer in await self._io(_names_in, self._root):
            if len(outer) != 2 or outer < after[:2]:
                continue
            for inner in await self._io(_names_in, self._root / outer):
                if len(inner) != 2 or outer + inner < after[:4]:
                    continue
                for entry in await self._io(_entries_in, self._root, f"{outer}/{inner}"):
                    if entry.ref.sha256 > after and (modified_before is None or entry.modified_at < modified_before):
                        yield entry

    async def purge_incomplete(self, older_than: timedelta) -> int:
        return await self._io(_purge, self._incoming, datetime.now(UTC) - older_than)

    def _path(self, sha256: str) -> Path:
        return self._root / key_of(sha256)

    def _open(self, ref: BlobRef) -> int:
        try:
            fd = os.open(self._path(ref.sha256), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BlobNotFound(ref.sha256) from None
        size_bytes = os.fstat(fd).st_size
        if size_bytes != ref.size_bytes:
            os.close(fd)
            raise BlobCorrupt(ref.sha256, f"{ref.size_bytes} bytes were expected and {size_bytes} are stored")
        return fd

    async def _io(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._lane.run(call, *args, **kwargs)
        except OSError as error:
            reason = f"The blob directory cannot be used: {os.strerror(error.errno or 0)}."
            kind = BlobStoreRefused if error.errno in _REFUSALS else BlobStoreUnavailable
            raise kind(reason) from error


class _Part:
    """A blob being written; `discard` after `publish` does nothing. All methods block."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f"{uuid4().hex}.part"
        # Unbuffered: the pieces are large, and what is not written yet must not be written by a later close.
        self._file = self._path.open("xb", buffering=0)

    def write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[self._file.write(rest) :]

    def publish(self, target: Path) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        _make_directories(target.parent)
        os.replace(self._path, target)
        _fsync_directory(target.parent)

    def discard(self) -> None:
        self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _make_directories(directory: Path) -> None:
    """Make the two levels below the root, each durable before anything is put into it."""
    for level in (directory.parent, directory):
        try:
            level.mkdir()
        except FileExistsError:
            continue
        _fsync_directory(level.parent)


def _fsync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _remove(path: Path, modified_before: datetime | None) -> None:
    with suppress(FileNotFoundError):
        if modified_before is None or path.stat().st_mtime < modified_before.timestamp():
            path.unlink()


def _names_in(directory: Path) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _entries_in(root: Path, shard: str) -> list[BlobEntry]:
    found = []
    for name in _names_in(root / shard):
        sha256 = sha256_of_key(f"{shard}/{name}")
        if sha256 is None:
            continue
        with suppress(FileNotFoundError):  # deleted since the directory was read
            status = (root / shard / name).stat()
            found.append(BlobEntry(BlobRef(sha256, status.st_size), datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def _purge(incoming: Path, before: datetime) -> int:
    removed = 0
    for name in _names_in(incoming):
        path = incoming / name
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                removed += 1
    return removed
