"""Sending a blob to S3 so that wrong bytes never become visible, and clearing away uploads that never ended."""

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO

from minio import Minio
from minio.error import S3Error

from adreel_kit.blobs.errors import BlobChecksumMismatch, BlobStoreUnavailable
from adreel_kit.blobs.keys import sha256_of_key
from adreel_kit.blobs.port import BlobRef


class CheckedUpload:
    """A file as the S3 client reads it, which fails at its end when the bytes were not those of `ref`.

    The client reads the last part before it sends it, and what fails then is never completed.
    """

    def __init__(self, file: BinaryIO, ref: BlobRef) -> None:
        self._file = file
        self._ref = ref
        self._digest = hashlib.sha256()
        self._sent_bytes = 0
        self._is_stopped = False

    def stop(self) -> None:
        """Let the upload fail at its next read. Safe from any thread."""
        self._is_stopped = True

    def read(self, size: int = -1) -> bytes:
        if self._is_stopped:
            raise BlobStoreUnavailable("The upload was stopped.")
        piece = self._file.read(size)
        self._digest.update(piece)
        self._sent_bytes += len(piece)
        is_at_end = not piece or self._sent_bytes >= self._ref.size_bytes
        if is_at_end and self._digest.hexdigest() != self._ref.sha256:
            raise BlobChecksumMismatch(self._ref.sha256, self._digest.hexdigest())
        return piece


def purge_uploads(client: Minio, bucket: str, prefix: str, before: datetime) -> int:
    """Abort uploads of blobs below `prefix` that began before then; says how many. Blocks.

    The client has no public call for this in its current versions, hence the underscores.
    """
    aborted = 0
    key_marker: str | None = None
    while True:
        page = client._list_multipart_uploads(
            bucket, prefix=f"{prefix}/" if prefix else "", key_marker=key_marker, max_uploads=500
        )
        for upload in page.uploads:
            if upload.object_name is None or upload.upload_id is None or upload.initiated_time is None:
                continue
            if sha256_of_key(upload.object_name, prefix) and upload.initiated_time < before:
                with suppress(S3Error):  # it ended just now, or is tried again by the next purge
                    client._abort_multipart_upload(bucket, upload.object_name, upload.upload_id)
                    aborted += 1
        if not page.is_truncated or not page.next_key_marker or page.next_key_marker == key_marker:
            return aborted
        key_marker = page.next_key_marker
