"""From a file on local disk to a kept asset: looked into, stored, given a thumbnail, written down."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Connection
from adreel_kit.logging import get_logger

from adreel_assets.adapters.postgres import assets
from adreel_assets.adapters.postgres.assets import Thumbnail
from adreel_assets.domain.asset import Asset, StoredBytes
from adreel_assets.domain.errors import AssetError
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

    def __init__(self, *, blobs: BlobStore, inspector: MediaInspector, limits: InspectionLimits) -> None:
        self._blobs = blobs
        self._inspector = inspector
        self._limits = limits

    async def keep(self, path: Path, *, name: str, asked_type: AssetType | None) -> KeptFile:
        """Look into the file and store it. Raises an AssetError for what cannot be taken."""
        inspection = await self._inspector.inspect(path, asked_type=asked_type, limits=self._limits)
        ref = await self._blobs.put_file(path)
        thumbnail = await self._thumbnail(path, inspection)
        return KeptFile(name, StoredBytes(ref.sha256, ref.size_bytes), inspection, thumbnail)

    async def record(self, conn: Connection, asset_id: uuid.UUID, kept: KeptFile) -> Asset | None:
        """Make the pending asset ready, in the caller's transaction; None where nobody waits for it any more."""
        await assets.hold_bytes(conn, kept.stored.sha256)
        return await assets.mark_ready(
            conn,
            asset_id,
            name=kept.name,
            stored=kept.stored,
            inspection=kept.inspection,
            thumbnail=kept.thumbnail,
        )

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
