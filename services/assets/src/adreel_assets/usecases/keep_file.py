"""From a file on local disk to a kept asset: looked into, stored, given a thumbnail, written down."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Connection
from adreel_kit.logging import get_logger

from adreel_assets.adapters.postgres import assets, limits
from adreel_assets.adapters.postgres.assets import Thumbnail
from adreel_assets.domain.asset import Asset, StoredBytes
from adreel_assets.domain.errors import AssetError, BytesGone, QuotaExceeded
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType
from adreel_assets.domain.ports import MediaInspector

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose bytes are stored; `record` writes it down."""

    name: str
    stored: StoredBytes
    inspection: Inspection
    thumbnail: Thumbnail | None


class KeepFile:
    """Checks and stores files. Bytes first, row second: what is left of a crash in between is swept."""

    def __init__(
        self, *, blobs: BlobStore, inspector: MediaInspector, limits: InspectionLimits, quota_bytes: int | None = None
    ) -> None:
        self._blobs = blobs
        self._inspector = inspector
        self._limits = limits
        self._quota_bytes = quota_bytes

    async def keep(self, path: Path, *, name: str, asked_type: AssetType | None) -> KeptFile:
        """Look into the file and store it. Raises an AssetError for what cannot be taken."""
        inspection = await self._inspector.inspect(path, asked_type=asked_type, limits=self._limits)
        ref = await self._blobs.put_file(path)
        thumbnail = await self._thumbnail(path, inspection)
        return KeptFile(name, StoredBytes(ref.sha256, ref.size_bytes), inspection, thumbnail)

    async def record(self, conn: Connection, asset_id: uuid.UUID, kept: KeptFile) -> Asset | None:
        """Make the pending asset ready, in the caller's transaction; None where nobody waits for it any more.

        Raises QuotaExceeded, and BytesGone when `keep` is to be done once more.
        """
        parts = [kept.stored, *([kept.thumbnail.stored] if kept.thumbnail else [])]
        await assets.hold_bytes(conn, *(part.sha256 for part in parts))
        for part in parts:
            # Found stored by `keep` and deleted since, with the last asset that had them.
            if await self._blobs.stat(BlobRef(part.sha256, part.size_bytes)) is None:
                raise BytesGone("The file has to be stored once more.")
        asset = await assets.mark_ready(
            conn,
            asset_id,
            name=kept.name,
            stored=kept.stored,
            inspection=kept.inspection,
            thumbnail=kept.thumbnail,
        )
        if asset is not None:
            await self.check_quota(conn, asset.client_id)
        return asset

    async def check_quota(self, conn: Connection, client_id: uuid.UUID | None, *, more_bytes: int = 0) -> None:
        """Raise QuotaExceeded where the client's assets and `more_bytes` are more than it may have."""
        if client_id is None or self._quota_bytes is None:
            return
        if await limits.used_bytes(conn, client_id) + more_bytes > self._quota_bytes:
            raise QuotaExceeded(self._quota_bytes)

    async def _thumbnail(self, path: Path, inspection: Inspection) -> Thumbnail | None:
        out_path = path.with_name(f"{path.name}.thumbnail")
        try:
            info = await self._inspector.thumbnail(path, inspection, out_path, limits=self._limits)
            if info is None:
                return None
            ref = await self._blobs.put_file(out_path)
        except AssetError as error:
            # The asset itself passed; doing without its small picture is better than refusing it.
            log.warning("thumbnail.failed", code=error.code, format=inspection.format.value)
            return None
        finally:
            out_path.unlink(missing_ok=True)
        return Thumbnail(StoredBytes(ref.sha256, ref.size_bytes), info.content_type)
