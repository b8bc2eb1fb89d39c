"""Results as files below MV_OUTPUT_DIR, or as addresses of objects in a bucket where there is no such directory.

Directories are opened one by one without following links, so nothing that was planted below the root leads a write
outside it. A file appears under its name whole or not at all.
"""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from adreel_kit.blobs.keys import key_of
from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.blobs.settings import BlobSettings, BlobStorageType
from adreel_kit.errors import Unavailable

from adreel_render.domain.mv_task import KeptFile

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class OutputUnavailable(Unavailable):
    """MV_OUTPUT_DIR cannot be written to: full, gone, or a link where a directory belongs."""

    code = "OUTPUT_UNAVAILABLE"


class MvOutputFolder:
    """See `domain.mv_ports.OutputFolder`."""

    def __init__(self, root: Path | None, blobs: BlobStore, settings: BlobSettings) -> None:
        self._root = root
        self._blobs = blobs
        self._settings = settings

    async def start(self) -> None:
        """Make the root, if there is to be one."""
        if self._root is not None:
            await asyncio.to_thread(self._root.mkdir, parents=True, exist_ok=True)

    async def publish(self, path: str, file: KeptFile) -> str:
        if self._root is None:
            if self._settings.storage_type is BlobStorageType.S3:
                return f"s3://{self._settings.s3_bucket_name}/{key_of(file.sha256, self._settings.key_prefix)}"
            return path
        try:
            await self._write(self._root, path, file)
        except OSError as error:
            raise OutputUnavailable("The output directory cannot be written to.") from error
        return path

    async def _write(self, root: Path, path: str, file: KeptFile) -> None:
        *parents, name = path.split("/")
        partial = f".{name}.{uuid.uuid4().hex}.partial"
        with _opened(root, parents) as folder:
            try:
                with os.fdopen(os.open(partial, _NEW_FILE, 0o644, dir_fd=folder), "wb") as target:
                    async for piece in self._blobs.read(BlobRef(file.sha256, file.size_bytes)):
                        await asyncio.to_thread(target.write, piece)
                os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(partial, dir_fd=folder)
                raise


@contextlib.contextmanager
def _opened(root: Path, parents: list[str]) -> Iterator[int]:
    """A descriptor of the directory below the root, made where it is missing."""
    with contextlib.ExitStack() as stack:
        # The operator's own root may be a link; what lies below it may not.
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, folder)
        for part in parents:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=folder)
            folder = os.open(part, _DIRECTORY, dir_fd=folder)
            stack.callback(os.close, folder)
        yield folder
