"""Names of made pieces by what they were made from, and where the pieces are kept.

A key is the SHA-256 of everything that shapes the bytes: equal keys may share a file, and nothing that
changes the picture or the sound can leave its key unchanged. Raise `ENGINE_VERSION` whenever the engine
would draw, mix or encode the same plan differently.
"""

import contextlib
import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

from adreel_render.engine.encoder import EncoderSettings, codec_identity
from adreel_render.engine.spec import Canvas

ENGINE_VERSION = 8


class SegmentCache(Protocol):
    """Keeps finished pieces of films between renders. Losing a piece costs time, never correctness."""

    def get(self, key: str) -> Path | None:
        """A readable file with exactly the bytes once put under `key`, or None."""

    def put(self, key: str, path: Path) -> None:
        """Keep the bytes of a finished file, instead of what was there. `path` stays the caller's. Safe to repeat."""


class DirectorySegmentCache:
    """A folder of files named by key, the least recently used of which go when it grows past a limit.

    Writers and readers in other processes never see half a file; a reader that has opened a file keeps it
    even if it goes. Between `get` and opening, a file may go too: that is a cache miss to the reader.
    """

    def __init__(self, folder: Path, limit_bytes: int = 4 << 30) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Path | None:
        path = self._path(key)
        try:
            os.utime(path)  # it was used: keep it longer
        except OSError:
            return None
        return path

    def put(self, key: str, path: Path) -> None:
        target = self._path(key)
        if target.exists() and target.samefile(path):
            return
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
        try:
            _link_or_copy(path, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        self._make_room(target)

    def _make_room(self, newest: Path) -> None:
        files: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._limit_bytes:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                total -= size

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError("a cache key is a hexadecimal digest")
        return self._folder / key


def pinned(cache: SegmentCache | None, key: str, path: Path) -> bool:
    """Give the cached file of `key` the name `path` too, so that nobody can take it away; False if there is none."""
    kept = cache.get(key) if cache else None
    if kept is None:
        return False
    path.unlink(missing_ok=True)
    try:
        _link_or_copy(kept, path)
    except OSError:  # it went between being found and being linked
        return False
    return True


def digest(*parts: object) -> str:
    """SHA-256 over the parts' texts, each with its length, so that no two lists of parts read alike."""
    sha = hashlib.sha256(f"adreel-engine/{ENGINE_VERSION}".encode())
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        sha.update(b"%d:" % len(text))
        sha.update(text)
    return sha.hexdigest()


def encoding_key(canvas: Canvas, settings: EncoderSettings) -> str:
    """What the coded bytes depend on besides the pictures: canvas, settings and the very x264 build."""
    build = codec_identity(canvas, settings).build
    return f"{canvas.width_px}x{canvas.height_px}@{canvas.fps}/{settings.key()}/{build}"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
