"""Files below the output root, written so that nothing can lead them out of it.

Every directory is opened from the one above without following links (`openat`, O_NOFOLLOW), so a link planted inside
the root, before or while a file is written, leads nowhere. A file appears whole under its name or not at all: it is
written beside it and renamed, which replaces a link instead of following it.
"""

import asyncio
import errno
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from adreel_scenes.domain.errors import OutputDirRefused, OutputUnwritable

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_THE_WAY = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EISDIR})


class OutputFiles:
    """One output root. An empty one is a directory of this user's own below the system's for temporary files."""

    def __init__(self, root: str = "") -> None:
        self._root = Path(root).absolute() if root else Path(tempfile.gettempdir()) / f"adreel-mv-{os.getuid()}"
        self._is_shared_parent = not root

    @property
    def root(self) -> Path:
        return self._root

    async def check(self, parts: Sequence[str]) -> None:
        """Raise OutputDirRefused where what is there already is no directory of ours. Makes nothing.

        Raises OutputUnwritable, too, where the root itself cannot be used.
        """
        await asyncio.to_thread(self._check, tuple(parts))

    async def write(self, parts: Sequence[str], files: Mapping[str, bytes]) -> dict[str, str]:
        """Write `files` into the directory; returns their paths below the root. Safe to repeat.

        Raises OutputDirRefused, or OutputUnwritable where the system does not let it.
        """
        return await asyncio.to_thread(self._write, tuple(parts), dict(files))

    def _check(self, parts: tuple[str, ...]) -> None:
        try:
            os.close(self._opened(parts, make=False))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unwritable(error) from error

    def _write(self, parts: tuple[str, ...], files: Mapping[str, bytes]) -> dict[str, str]:
        try:
            directory = self._opened(parts, make=True)
            try:
                for name, content in files.items():
                    _replace(directory, name, content)
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise _unwritable(error) from error
        return {name: "/".join((*parts, name)) for name in files}

    def _opened(self, parts: tuple[str, ...], *, make: bool) -> int:
        """The directory as a descriptor, for the caller to close."""
        current = self._opened_root(make=make)
        for part in parts:
            try:
                following = _entered(current, part, make=make)
            finally:
                os.close(current)
            current = following
        return current

    def _opened_root(self, *, make: bool) -> int:
        if make:
            self._root.mkdir(mode=0o700 if self._is_shared_parent else 0o755, parents=True, exist_ok=True)
        # An operator's root may be a link; one in a directory that all may write to may not, nor be another user's.
        root = os.open(self._root, _DIRECTORY if self._is_shared_parent else _DIRECTORY & ~os.O_NOFOLLOW)
        if self._is_shared_parent and os.fstat(root).st_uid != os.getuid():
            os.close(root)
            raise PermissionError(errno.EPERM, "the output root belongs to another user; set MV_OUTPUT_DIR")
        return root


def _unwritable(error: OSError) -> OutputUnwritable:
    return OutputUnwritable(f"Files cannot be written to the output root: {error.strerror}.")


def _entered(parent: int, name: str, *, make: bool) -> int:
    try:
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, mode=0o755, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise OutputDirRefused(f"leads out of the output root or over a file: {name!r} is no directory.") from None
        raise


def _replace(directory: int, name: str, content: bytes) -> None:
    temporary = f".{name}.{secrets.token_hex(8)}.tmp"
    file = os.open(temporary, _NEW_FILE, 0o644, dir_fd=directory)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        if error.errno in _IN_THE_WAY:
            raise OutputDirRefused(f"holds a directory named {name}.") from None
        raise
