"""Where a client may get an asset's bytes itself, in deployments whose store clients can reach."""

import uuid
from datetime import UTC, datetime, timedelta

from adreel_kit.blobs.port import BlobRef, BlobStore

from adreel_assets.domain.asset import AssetStatus
from adreel_assets.usecases.queries import Queries


class AddressOfAsset:
    """Hands out short-lived addresses. `signer` is None where the deployment hands out none."""

    def __init__(self, queries: Queries, signer: BlobStore | None, lasts: timedelta) -> None:
        self._queries = queries
        self._signer = signer
        self._lasts = lasts

    async def find(self, asset_id: uuid.UUID, *, scope_client_id: uuid.UUID | None) -> tuple[str, datetime] | None:
        """The address and when it ends; None where there is none. Raises AssetNotFound."""
        asset = await self._queries.get(asset_id, scope_client_id=scope_client_id)
        if self._signer is None or asset.status is not AssetStatus.READY or not asset.sha256:
            return None
        url = await self._signer.presign(
            BlobRef(asset.sha256, asset.size_bytes or 0),
            expires=self._lasts,
            # The store sends no sandbox policy with it, so what a browser might run is only ever saved.
            filename=None if asset.is_inline_safe else (asset.name or "asset"),
            content_type=asset.content_type,
        )
        return (url, datetime.now(UTC) + self._lasts) if url else None
