"""Blobs as objects of a bucket: `<prefix>/ab/cd/<sha256>`, for any server that speaks S3.

The name of a blob is known when its last byte has come, and S3 cannot rename. So a stream is spooled to an unnamed
scratch file and sent from there straight to its name: nothing to copy or clean up in the bucket, a slow sender holds
no thread and no connection, and what is there already is not sent at all. The scratch space needed is the size of the
streams under way; a file that is on the disk already is sent as it is. An upload of several parts becomes visible when
it is completed, and is completed only when the bytes sent had the right checksum.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from minio.error import InvalidResponseError, S3Error
from urllib3.response import BaseHTTPResponse

from adreel_kit.blobs.errors import (
    BlobChecksumMismatch,
    BlobCorrupt,
    BlobNotFound,
    BlobStoreRefused,
    BlobStoreUnavailable,
    BlobTooLarge,
)
from adreel_kit.blobs.keys import checked_prefix, key_of, sha256_of_key
from adreel_kit.blobs.port import CHUNK_BYTES, BlobEntry, BlobRef, sha256_of
from adreel_kit.blobs.s3_client import ObjectMissing, S3Calls, S3Location
from adreel_kit.blobs.s3_upload import CheckedUpload, purge_uploads
from adreel_kit.blobs.streams import Intake, Window, checked, sha256_of_file, write_to_path
from adreel_kit.blobs.waiting import until_available
from adreel_kit.http_ranges.disposition import content_disposition

# The least that S3 takes. The client holds a part twice while it sends it, and threads keep what they had: parts of
# 16 MiB made a service's memory rise by 32.5 MiB, parts of 8 MiB by 33.9 once a gRPC upload came on top.
_PART_BYTES = 5 * 1024 * 1024
_UPLOADS_AT_ONCE = 3  # each holds one such part
_PAGE_KEYS = 500
_READ_ATTEMPTS = 3
_LONGEST_PRESIGN = timedelta(days=7)  # a limit of the signature itself

# A put of bytes that are there makes them young by sending them again, but only when they are older than this:
# sweeps stay much further behind, and there is no cheaper way that every server knows.
_YOUNG = timedelta(hours=1)

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class S3BlobStore:
    """The blob port over one bucket. `port.BlobStore` is the contract."""

    def __init__(
        self, location: S3Location, *, prefix: str = "", scratch_dir: Path | None = None, width: int = 8
    ) -> None:
        self._calls = S3Calls(location, width=width)
        self._client = self._calls.client
        self._bucket = location.bucket
        self._region = location.region
        self._prefix = checked_prefix(prefix)
        self._scratch_dir = scratch_dir
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def start(self) -> None:
        await until_available(lambda: self._calls.run(self._make_bucket))

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket, location=self._region)
        except (S3Error, InvalidResponseError):
            # Several services start at once and share the bucket: another one may have made it.
            if not self._client.bucket_exists(self._bucket):
                raise

    async def aclose(self) -> None:
        self._calls.close()

    async def check(self) -> None:
        if not await self._calls.run(self._client.bucket_exists, self._bucket):
            raise BlobStoreUnavailable("The bucket is not there yet.")

    async def put(
        self, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        intake = Intake(chunks, max_bytes=max_bytes, expected_sha256=expected_sha256)
        with tempfile.TemporaryFile(dir=self._scratch_dir) as spool:
            async with aclosing(intake.pieces()) as pieces:
                async for piece in pieces:
                    try:
                        await asyncio.to_thread(spool.write, piece)
                    except OSError as error:
                        raise BlobStoreUnavailable("There is no room for the upload's scratch file.") from error
            ref = intake.ref()
            await self._store(spool, ref)
        return ref

    async def put_file(
        self, path: Path, *, max_bytes: int | None = None, expected_sha256: str | None = None
    ) -> BlobRef:
        ref = await asyncio.to_thread(sha256_of_file, path)
        if max_bytes is not None and ref.size_bytes > max_bytes:
            raise BlobTooLarge(max_bytes)
        if expected_sha256 is not None and ref.sha256 != expected_sha256:
            raise BlobChecksumMismatch(expected_sha256, ref.sha256)
        with await asyncio.to_thread(path.open, "rb") as file:
            await self._store(file, ref)
        return ref

    async def _store(self, file: BinaryIO, ref: BlobRef) -> None:
        entry = await self._entry(ref.sha256)
        if entry and entry.ref == ref and entry.modified_at > datetime.now(UTC) - _YOUNG:
            return
        async with self._uploads:
            file.seek(0)
            upload = CheckedUpload(file, ref)
            await self._calls.run_until(
                upload.stop,
                self._client.put_object,
                self._bucket,
                self._key(ref.sha256),
                upload,  # type: ignore[arg-type]  # only `read` is used
                ref.size_bytes,
                part_size=_PART_BYTES,
                num_parallel_uploads=1,
            )

    def read(self, ref: BlobRef, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        window = Window.of(ref, start, length)
        return checked(ref, self._chunks(ref, window), window)

    async def _chunks(self, ref: BlobRef, window: Window) -> AsyncGenerator[bytes, None]:
        """The window's bytes, taken up again where a broken connection left off."""
        if window.length == 0:
            await self._require(ref)
        at, failures = window.start, 0
        while at < window.stop:
            try:
                async with aclosing(self._get(ref, at, window.stop)) as chunks:
                    async for chunk in chunks:
                        at, failures = at + len(chunk), 0
                        yield chunk
                return
            except BlobStoreUnavailable as error:
                failures += 1
                if failures == _READ_ATTEMPTS or isinstance(error, BlobStoreRefused):
                    raise
                await asyncio.sleep(0.2 * failures)

    async def _get(self, ref: BlobRef, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        is_whole = start == 0 and stop == ref.size_bytes
        try:
            response = await self._calls.run(
                self._client.get_object,
                self._bucket,
                self._key(ref.sha256),
                offset=start,
                length=0 if is_whole else stop - start,
            )
        except ObjectMissing:
            raise BlobNotFound(ref.sha256) from None
        except BlobStoreRefused as error:
            if error.details.get("s3_code") == "InvalidRange":
                await self._require(ref)  # the object is shorter than the blob
            raise
        try:
            await self._skip(response, _bytes_before(response, ref, start))
            at = start
            while chunk := await self._calls.run(response.read, CHUNK_BYTES, decode_content=False):
                yield chunk[: stop - at]
                at += len(chunk)
                if at >= stop and not is_whole:
                    return
        finally:
            response.close()
            response.release_conn()

    async def _skip(self, response: BaseHTTPResponse, count: int) -> None:
        while count and (chunk := await self._calls.run(response.read, min(count, CHUNK_BYTES), decode_content=False)):
            count -= len(chunk)

    async def _require(self, ref: BlobRef) -> None:
        stored = await self.stat(ref)
        if stored is None:
            raise BlobNotFound(ref.sha256)
        if stored != ref:
            raise BlobCorrupt(ref.sha256, f"{ref.size_bytes} bytes were expected and {stored.size_bytes} are stored")

    async def stat(self, blob: BlobRef | str) -> BlobRef | None:
        entry = await self._entry(sha256_of(blob))
        return entry.ref if entry else None

    async def _entry(self, sha256: str) -> BlobEntry | None:
        try:
            found = await self._calls.run(self._client.stat_object, self._bucket, self._key(sha256))
        except ObjectMissing:
            return None
        return BlobEntry(BlobRef(sha256, found.size or 0), found.last_modified or datetime.now(UTC))

    async def delete(self, blob: BlobRef | str, *, modified_before: datetime | None = None) -> None:
        sha256 = sha256_of(blob)
        if modified_before is not None:
            entry = await self._entry(sha256)
            if entry is None or entry.modified_at >= modified_before:
                return
        with suppress(ObjectMissing):
            await self._calls.run(self._client.remove_object, self._bucket, self._key(sha256))

    def local_path(self, ref: BlobRef) -> Path | None:
        return None

    async def fetch_to(self, ref: BlobRef, path: Path) -> None:
        await write_to_path(self.read(ref), path)

    async def presign(
        self, ref: BlobRef, *, expires: timedelta, filename: str | None = None, content_type: str | None = None
    ) -> str | None:
        answer = {"response-content-disposition": content_disposition("attachment", filename)} if filename else {}
        if content_type:
            answer["response-content-type"] = content_type
        return self._client.presigned_get_object(
            self._bucket,
            self._key(ref.sha256),
            expires=min(expires, _LONGEST_PRESIGN),
            response_headers=answer or None,  # type: ignore[arg-type]  # a plain dict of one value each
        )

    async def list(
        self, *, modified_before: datetime | None = None, after: str | None = None
    ) -> AsyncIterator[BlobEntry]:
        objects = self._client.list_objects(
            self._bucket,
            prefix=f"{self._prefix}/" if self._prefix else None,
            recursive=True,
            start_after=self._key(after) if after else None,
        )
        while page := await self._calls.run(lambda: [*islice(objects, _PAGE_KEYS)]):
            for found in page:
                sha256 = sha256_of_key(found.object_name or "", self._prefix)
                if sha256 is None or sha256 <= (after or "") or found.last_modified is None:
                    continue
                if modified_before is None or found.last_modified < modified_before:
                    yield BlobEntry(BlobRef(sha256, found.size or 0), found.last_modified)

    async def purge_incomplete(self, older_than: timedelta) -> int:
        before = datetime.now(UTC) - older_than
        try:
            return await self._calls.run(purge_uploads, self._client, self._bucket, self._prefix, before)
        except ObjectMissing:  # so say servers that never saw an upload of several parts
            return 0

    def _key(self, sha256: str) -> str:
        return key_of(sha256, self._prefix)


def _bytes_before(response: BaseHTTPResponse, ref: BlobRef, start: int) -> int:
    """How many bytes of the answer come before `start`; also checks that the object has the blob's size.

    The status does not tell: some servers answer a range with 200 and a `Content-Range`, some with the whole object.
    """
    content_range = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    size = content_range[2] if content_range else response.headers.get("Content-Length", "*")
    if size != "*" and int(size) != ref.size_bytes:
        raise BlobCorrupt(ref.sha256, f"{ref.size_bytes} bytes were expected and {size} are stored")
    first = int(content_range[1]) if content_range else 0
    if first > start:
        raise BlobStoreUnavailable("The blob store answered with another range than was asked for.")
    return start - first
