"""Uploads in three steps: begin, put (to the store itself or through the gateway), complete.

What was put is nobody's asset and served to nobody until `complete` has held it against what was announced and has
looked into it like into any other file.
"""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adreel_kit.blobs.errors import BlobChecksumMismatch, BlobNotFound, BlobTooLarge
from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Connection, Database
from adreel_kit.errors import Invalid
from adreel_kit.ids import new_id

from adreel_assets.adapters.postgres import assets, uploads
from adreel_assets.adapters.postgres.uploads import Upload
from adreel_assets.domain.asset import Asset, AssetFields, StoredBytes
from adreel_assets.domain.errors import (
    AssetTooLarge,
    UploadEmpty,
    UploadMismatch,
    UploadNotFound,
)
from adreel_assets.domain.ports import Staging
from adreel_assets.usecases.keep_file import KeepFile
from adreel_assets.usecases.receive import ReceiveAsset


@dataclass(frozen=True, slots=True)
class BegunUpload:
    """Where the bytes are to be put; without a URL through the gateway."""

    id: uuid.UUID
    url: str | None
    expires_at: datetime


class _CompletedMeanwhile(Exception):
    """Another call completed the same upload first."""


class DirectUpload:
    """The three steps. Without `staging` every upload goes through `put`."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        staging: Staging | None,
        keep: KeepFile,
        receive: ReceiveAsset,
        scratch_dir: Path,
        max_bytes: int,
        lasts: timedelta,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._staging = staging
        self._keep = keep
        self._receive = receive
        self._scratch_dir = scratch_dir
        self._max_bytes = max_bytes
        self._lasts = lasts

    async def begin(self, fields: AssetFields, file_name: str, size_bytes: int, sha256: str | None) -> BegunUpload:
        """Raises AssetTooLarge, QuotaExceeded, Invalid, before a byte is sent."""
        if size_bytes <= 0:
            raise Invalid("An upload announces its size in bytes.", details={"field": "size"})
        if size_bytes > self._max_bytes:
            raise _too_large(self._max_bytes)
        upload_id = new_id()
        async with self._database.transaction() as conn:
            await self._keep.check_quota(conn, fields.client_id, more_bytes=size_bytes)
            expires_at = await uploads.insert(
                conn,
                upload_id,
                fields,
                file_name,
                announced_bytes=size_bytes,
                announced_sha256=sha256,
                is_staged=self._staging is not None,
                lasts=self._lasts,
            )
        url = self._staging.address(str(upload_id), expires=self._lasts) if self._staging else None
        return BegunUpload(upload_id, url, expires_at)

    async def put(
        self, upload_id: uuid.UUID, chunks: AsyncIterable[bytes], *, scope_client_id: uuid.UUID | None
    ) -> StoredBytes:
        """Take the bytes of an upload that goes through us. May be repeated until it is completed."""
        upload = await self._find(upload_id, scope_client_id)
        if upload.asset_id is not None or upload.is_staged:
            raise UploadNotFound("There is no such upload to put bytes to.")
        try:
            ref = await self._blobs.put(
                chunks, max_bytes=upload.announced_bytes, expected_sha256=upload.announced_sha256
            )
        except BlobTooLarge as error:
            raise UploadMismatch(f"More than the {upload.announced_bytes} bytes announced came.") from error
        except BlobChecksumMismatch as error:
            raise UploadMismatch("The bytes do not have the SHA-256 that was announced.") from error
        stored = StoredBytes(ref.sha256, ref.size_bytes)
        async with self._database.transaction() as conn:
            await uploads.mark_stored(conn, upload_id, stored)
        return stored

    async def complete(self, upload_id: uuid.UUID, *, scope_client_id: uuid.UUID | None) -> Asset:
        """Check, look into and keep what was put. Raises UploadEmpty, UploadMismatch, and as an upload does."""
        upload = await self._find(upload_id, scope_client_id)
        if upload.asset_id is not None:
            return await self._asset(upload.asset_id)

        async def settle(conn: Connection, asset: Asset) -> None:
            if not await uploads.mark_completed(conn, upload_id, asset.id):
                raise _CompletedMeanwhile

        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="complete-") as folder:
            path = Path(folder) / "upload"
            await self._take(upload, path)
            try:
                asset = await self._receive.keep_new(path, upload.fields, upload.file_name, settle)
            except _CompletedMeanwhile:
                return await self.complete(upload_id, scope_client_id=scope_client_id)
        if upload.is_staged and self._staging is not None:
            await self._staging.remove(str(upload_id))
        return asset

    async def _take(self, upload: Upload, path: Path) -> None:
        """Bring the bytes to `path`, found to be those that were announced."""
        if upload.is_staged and self._staging is not None:
            size = await self._staging.size_of(str(upload.id))
            if size is None:
                raise UploadEmpty("The bytes were not put yet.")
            _check_size(upload, size)
            sha256 = await self._staging.fetch(str(upload.id), path, max_bytes=upload.announced_bytes)
            # What lies there can be put anew at any time, so the copy is what counts.
            _check_size(upload, await asyncio.to_thread(lambda: path.stat().st_size))
        elif upload.stored is not None:
            _check_size(upload, upload.stored.size_bytes)
            try:
                await self._blobs.fetch_to(BlobRef(upload.stored.sha256, upload.stored.size_bytes), path)
            except BlobNotFound as error:
                raise UploadEmpty("The bytes are not there any more; put them once more.") from error
            sha256 = upload.stored.sha256
        else:
            raise UploadEmpty("The bytes were not put yet.")
        if upload.announced_sha256 not in (None, sha256):
            raise UploadMismatch("The bytes do not have the SHA-256 that was announced.", details={"sha256": sha256})

    async def _find(self, upload_id: uuid.UUID, scope_client_id: uuid.UUID | None) -> Upload:
        async with self._database.connection() as conn:
            upload = await uploads.find(conn, upload_id)
        if upload is None or scope_client_id not in (None, upload.fields.client_id):
            raise UploadNotFound("There is no such upload, or it has expired.")
        return upload

    async def _asset(self, asset_id: uuid.UUID) -> Asset:
        async with self._database.connection() as conn:
            asset = await assets.find(conn, asset_id)
        if asset is None:
            raise UploadNotFound("The asset of this upload was deleted.")
        return asset


def _check_size(upload: Upload, size_bytes: int) -> None:
    if size_bytes != upload.announced_bytes:
        raise UploadMismatch(
            f"{upload.announced_bytes} bytes were announced and {size_bytes} came.",
            details={"announcedBytes": upload.announced_bytes, "receivedBytes": size_bytes},
        )


def _too_large(max_bytes: int) -> AssetTooLarge:
    return AssetTooLarge(f"The file is larger than the limit of {max_bytes} bytes.", details={"limitBytes": max_bytes})
