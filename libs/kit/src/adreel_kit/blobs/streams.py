"""What the adapters share about streams: cutting, measuring and checking bytes on their way in and out."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from adreel_kit.blobs.errors import BlobChecksumMismatch, BlobCorrupt, BlobTooLarge
from adreel_kit.blobs.port import BlobRef

PIECE_BYTES = 1024 * 1024
"""What one hop to a thread or one statement carries: large enough that the hop does not count."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part `[start, stop)` of a blob that was asked for, cut to what there is."""

    start: int
    stop: int
    is_whole: bool

    @classmethod
    def of(cls, ref: BlobRef, start: int, length: int | None) -> "Window":
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range of bytes starts at 0 or later and has no negative length")
        stop = ref.size_bytes if length is None else min(start + length, ref.size_bytes)
        return cls(min(start, stop), stop, is_whole=start == 0 and stop == ref.size_bytes)

    @property
    def length(self) -> int:
        return self.stop - self.start


class Intake:
    """An incoming stream, cut into equal pieces, counted, and hashed as it goes by.

    `pieces` is iterated once; `ref` is what came, and is asked for after the last piece.
    """

    def __init__(
        self, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._expected_sha256 = expected_sha256
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    async def pieces(self, piece_bytes: int = PIECE_BYTES) -> AsyncGenerator[bytes, None]:
        """Pieces of exactly `piece_bytes`, only the last one shorter and never empty."""
        buffer = bytearray()
        async for chunk in self._chunks:
            self._size_bytes += len(chunk)
            if self._max_bytes is not None and self._size_bytes > self._max_bytes:
                raise BlobTooLarge(self._max_bytes)
            buffer += chunk
            while len(buffer) >= piece_bytes:
                piece = bytes(buffer[:piece_bytes])
                del buffer[:piece_bytes]
                await self._hash(piece)
                yield piece
        if buffer:
            piece = bytes(buffer)
            await self._hash(piece)
            yield piece

    async def _hash(self, piece: bytes) -> None:
        # A megabyte takes one to three milliseconds, which the event loop should not stand still for.
        await asyncio.to_thread(self._digest.update, piece)

    def ref(self) -> BlobRef:
        sha256 = self._digest.hexdigest()
        if self._expected_sha256 is not None and sha256 != self._expected_sha256:
            raise BlobChecksumMismatch(self._expected_sha256, sha256)
        return BlobRef(sha256, self._size_bytes)


async def checked(ref: BlobRef, chunks: AsyncGenerator[bytes, None], window: Window) -> AsyncIterator[bytes]:
    """Pass the chunks on; make sure that there are as many as asked, and of a whole blob that they are the right ones.

    The last chunk is kept back until then, so nobody mistakes damaged bytes for the blob.
    """
    digest = hashlib.sha256() if window.is_whole else None
    seen_bytes = 0
    held: bytes | None = None
    try:
        async for chunk in chunks:
            seen_bytes += len(chunk)
            if seen_bytes > window.length:
                raise BlobCorrupt(ref.sha256, "the store holds more bytes than the blob has")
            if digest is not None:
                digest.update(chunk)
            if held is not None:
                yield held
            held = chunk
        if seen_bytes != window.length:
            raise BlobCorrupt(ref.sha256, f"{window.length} bytes were expected and {seen_bytes} came")
        if digest is not None and digest.hexdigest() != ref.sha256:
            raise BlobCorrupt(ref.sha256, "the checksum of the stored bytes is another one")
        if held:
            yield held
    finally:
        await chunks.aclose()


def sha256_of_file(path: Path) -> BlobRef:
    """Name and size of a local file's bytes. Blocks; run it in a thread."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return BlobRef(digest.hexdigest(), file.tell())


async def chunks_of_file(path: Path, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
    """The bytes of a local file."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, chunk_bytes):
            yield chunk
    finally:
        file.close()


async def write_to_path(chunks: AsyncIterable[bytes], path: Path) -> None:
    """Write the chunks to `path`, which appears complete or not at all.

    Scratch copies need no fsync: after a power cut nobody looks for them.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    file = await asyncio.to_thread(part.open, "xb")
    try:
        try:
            async for piece in Intake(chunks).pieces():
                await asyncio.to_thread(file.write, piece)
        finally:
            file.close()
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
