"""Deleting an asset, and its bytes with the last reference to them."""

import uuid

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Database

from adreel_assets.adapters.postgres import assets
from adreel_assets.domain.errors import AssetInUse, AssetNotFound


class DeleteAsset:
    """Removes assets that no live job holds."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    async def delete(self, asset_id: uuid.UUID, *, scope_client_id: uuid.UUID | None) -> None:
        """Raises AssetNotFound, AssetInUse. Bytes that another asset shares stay."""
        async with self._database.transaction() as conn:
            asset = await assets.find(conn, asset_id, lock=True)
            if asset is None or (scope_client_id is not None and asset.client_id != scope_client_id):
                raise AssetNotFound("There is no such asset.")
            jobs = await assets.uses(conn, asset_id)
            if jobs:
                raise AssetInUse(
                    "A job that has not ended uses this asset.", details={"jobIds": [str(job_id) for job_id in jobs]}
                )
            await assets.delete(conn, asset_id)
        for sha256 in (asset.sha256, asset.thumbnail_sha256):
            if sha256 is not None:
                await self._release(sha256)

    async def _release(self, sha256: str) -> None:
        async with self._database.transaction() as conn:
            # Held while the bytes go, so that nobody starts to refer to them in between.
            await assets.hold_bytes(conn, sha256)
            if not await assets.is_referenced(conn, sha256):
                await self._blobs.delete(sha256)
