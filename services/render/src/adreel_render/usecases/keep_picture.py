"""A reference picture as it is given: taken in, made clean in a process of its own, and kept for a later order."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from adreel_kit.blobs.port import BlobStore

from adreel_render.domain.errors import PictureRefused
from adreel_render.domain.mv_ports import PictureCheck
from adreel_render.domain.mv_task import KeptFile

MOST_BYTES = 20 * 1024 * 1024


class KeepPicture:
    """Takes pictures in. Safe to repeat."""

    def __init__(self, blobs: BlobStore, check: PictureCheck, scratch_dir: Path) -> None:
        self._blobs = blobs
        self._check = check
        self._scratch_dir = scratch_dir

    async def keep(self, pieces: AsyncIterator[bytes]) -> KeptFile:
        """The clean copy in the blob store. Raises PictureRefused."""
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="picture-") as folder:
            source, clean = Path(folder) / "given", Path(folder) / "clean"
            size_bytes = 0
            with source.open("wb") as file:
                async for piece in pieces:
                    size_bytes += len(piece)
                    if size_bytes > MOST_BYTES:
                        raise PictureRefused(f"The reference image is larger than {MOST_BYTES // 2**20} MB.")
                    file.write(piece)
            content_type = await self._check.clean_copy(source, clean)
            ref = await self._blobs.put_file(clean)
        return KeptFile(ref.sha256, ref.size_bytes, content_type)
