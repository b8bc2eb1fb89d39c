"""Reads."""

import uuid
from collections.abc import AsyncIterator

from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Database
from adreel_kit.pages import Page, PageRequest

from adreel_assets.adapters.postgres import assets
from adreel_assets.adapters.postgres.assets import AssetFilter
from adreel_assets.domain.asset import Asset, AssetStatus
from adreel_assets.domain.errors import AssetNotFound, AssetNotReady


class Queries:
    """Answers look-ups. `scope_client_id`, where given, hides everything of other clients."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    async def get(self, asset_id: uuid.UUID, *, scope_client_id: uuid.UUID | None = None) -> Asset:
        """Raises AssetNotFound."""
        async with self._database.connection() as conn:
            asset = await assets.find(conn, asset_id)
        if asset is None or (scope_client_id is not None and asset.client_id != scope_client_id):
            raise AssetNotFound("There is no such asset.")
        return asset

    async def many(self, asset_ids: list[uuid.UUID], *, scope_client_id: uuid.UUID | None = None) -> list[Asset]:
        """Those that exist and may be seen."""
        async with self._database.connection() as conn:
            found = await assets.find_many(conn, asset_ids)
        return [a for a in found if scope_client_id is None or a.client_id in (None, scope_client_id)]

    async def page(self, wanted: AssetFilter, request: PageRequest) -> Page[Asset]:
        async with self._database.connection() as conn:
            return await assets.page(conn, wanted, request)

    async def read(
        self, asset_id: uuid.UUID, start: int, length: int | None, *, scope_client_id: uuid.UUID | None
    ) -> AsyncIterator[bytes]:
        """The asset's bytes in pieces. Raises AssetNotFound, AssetNotReady."""
        asset = await self.get(asset_id, scope_client_id=scope_client_id)
        if asset.status is not AssetStatus.READY or asset.sha256 is None or asset.size_bytes is None:
            raise AssetNotReady("This asset has no bytes to serve.", details={"status": asset.status.value})
        return self._blobs.read(BlobRef(asset.sha256, asset.size_bytes), start, length)

    async def thumbnail(self, asset_id: uuid.UUID, *, scope_client_id: uuid.UUID | None) -> tuple[bytes, str, str]:
        """The small picture, its type and digest. Raises AssetNotFound where there is none."""
        asset = await self.get(asset_id, scope_client_id=scope_client_id)
        if not asset.thumbnail_sha256 or asset.thumbnail_size_bytes is None:
            raise AssetNotFound("This asset has no thumbnail.")
        ref = BlobRef(asset.thumbnail_sha256, asset.thumbnail_size_bytes)
        content = b"".join([piece async for piece in self._blobs.read(ref)])
        return content, asset.thumbnail_content_type or "image/webp", asset.thumbnail_sha256

    async def stats(self, client_id: uuid.UUID | None, campaign_id: uuid.UUID | None) -> list[tuple[str, int, int]]:
        """Type, number and bytes of ready assets."""
        async with self._database.connection() as conn:
            return await assets.count_by_type(conn, client_id, campaign_id)
