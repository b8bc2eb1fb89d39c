"""`Staging` as objects `<prefix>/staging/<name>` of the blob store's own bucket.

The kit's blob store lists and sweeps keys that look like blobs only, so these are out of its sight; ours are removed
by the sweep of uploads.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adreel_kit.blobs.s3_client import ObjectMissing, S3Calls, S3Location
from adreel_kit.blobs.settings import BlobSettings

from adreel_assets.domain.errors import AssetTooLarge, UploadEmpty

_PIECE_BYTES = 1024 * 1024
_THREADS = 4


class S3Staging:
    """See `domain.ports.Staging`. `public_endpoint` is where clients reach the bucket, if it is not where we do."""

    def __init__(self, location: S3Location, *, prefix: str, public_endpoint: str = "") -> None:
        self._calls = S3Calls(location, width=_THREADS)
        self._client = self._calls.client
        # Signing takes no connection: the client for the public address never opens one.
        public = replace(location, endpoint=public_endpoint) if public_endpoint else location
        self._signer = S3Calls(public, width=1)
        self._bucket = location.bucket
        self._prefix = prefix

    async def aclose(self) -> None:
        self._calls.close()
        self._signer.close()

    def address(self, name: str, *, expires: timedelta) -> str:
        return self._signer.client.presigned_put_object(self._bucket, self._key(name), expires=expires)

    async def size_of(self, name: str) -> int | None:
        try:
            found = await self._calls.run(self._client.stat_object, self._bucket, self._key(name))
        except ObjectMissing:
            return None
        return found.size

    async def fetch(self, name: str, path: Path, *, max_bytes: int) -> str:
        try:
            return await self._calls.run(self._fetch, self._key(name), path, max_bytes)
        except ObjectMissing:
            raise UploadEmpty("The bytes were not put yet.") from None

    async def remove(self, name: str) -> None:
        with suppress(ObjectMissing):
            await self._calls.run(self._client.remove_object, self._bucket, self._key(name))

    def _fetch(self, key: str, path: Path, max_bytes: int) -> str:
        digest, size = hashlib.sha256(), 0
        with path.open("xb") as file:
            for piece in self._pieces(key):
                size += len(piece)
                if size > max_bytes:
                    raise AssetTooLarge(
                        f"The file is larger than the limit of {max_bytes} bytes.", details={"limitBytes": max_bytes}
                    )
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest()

    def _pieces(self, key: str) -> Iterator[bytes]:
        response = self._client.get_object(self._bucket, key)
        try:
            yield from response.stream(_PIECE_BYTES)
        finally:
            response.close()
            response.release_conn()

    def _key(self, name: str) -> str:
        return f"{self._prefix}/staging/{name}" if self._prefix else f"staging/{name}"


def s3_location(settings: BlobSettings) -> S3Location:
    """Where the blob store's bucket is."""
    return S3Location(
        endpoint=settings.s3_endpoint,
        bucket=settings.s3_bucket_name,
        region=settings.s3_region,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
    )
