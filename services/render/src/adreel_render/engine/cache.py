"""Names of made pieces by what they were made from, and where the pieces are kept.

A key is the SHA-256 of everything that shapes the bytes: equal keys may share a file, and nothing that
changes the picture or the sound can leave its key unchanged. Raise `ENGINE_VERSION` whenever the engine
would draw, mix or encode the same plan differently.
"""

import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

from adreel_render.engine.encoder import EncoderSettings, codec_identity
from adreel_render.engine.spec import Canvas

ENGINE_VERSION = 1


class SegmentCache(Protocol):
    """Keeps finished pieces of films between renders. Losing a piece costs time, never correctness."""

    def get(self, key: str) -> Path | None:
        """A readable file with exactly the bytes once put under `key`, or None."""

    def put(self, key: str, path: Path) -> None:
        """Keep the bytes of a finished file. `path` stays the caller's. Safe to repeat."""


class DirectorySegmentCache:
    """A folder of files named by key. Writers and readers in other processes never see half a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    def put(self, key: str, path: Path) -> None:
        target = self._path(key)
        if target.exists():
            return
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
        try:
            try:
                os.link(path, temporary)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(path, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError("a cache key is a hexadecimal digest")
        return self._folder / key


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
