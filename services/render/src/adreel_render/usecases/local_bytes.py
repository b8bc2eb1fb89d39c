"""Files with the bytes of blobs, for the engine to read."""

from pathlib import Path

from adreel_kit.blobs.port import BlobRef, BlobStore


async def local_file(blobs: BlobStore, sha256: str, size_bytes: int, folder: Path) -> Path:
    """A file with these bytes, to be read only: the store's own where it keeps files, else a copy in `folder`."""
    ref = BlobRef(sha256, size_bytes)
    path = blobs.local_path(ref)
    if path is None:
        path = folder / sha256
        await blobs.fetch_to(ref, path)
    return path
