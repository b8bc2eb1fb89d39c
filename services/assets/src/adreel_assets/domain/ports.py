"""What the domain needs from outside, as contracts."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from adreel_assets.domain.inspection import Inspection, InspectionLimits, ThumbnailInfo
from adreel_assets.domain.media_types import AssetType


class MediaInspector(Protocol):
    """Looks into files that strangers gave. Whatever a file holds, the caller lives on."""

    async def inspect(self, path: Path, *, asked_type: AssetType | None, limits: InspectionLimits) -> Inspection:
        """Read the file's type from its bytes, decode it, and tell its measures.

        Raises `AssetTypeMismatch` when a type was asked and the bytes are otherwise, `AssetTypeUnsupported` when they
        are none of ours, `AssetCorrupt`, `AssetTooLarge`, and `InspectionUnavailable` when it says nothing of the
        file. Safe to repeat; cancelling ends the work.
        """
        ...

    async def thumbnail(
        self, path: Path, inspection: Inspection, out_path: Path, *, limits: InspectionLimits
    ) -> ThumbnailInfo | None:
        """Draw a small WebP of an inspected file into `out_path` (a new file); None for sound, which has none.

        Raises as `inspect` does; nothing is left at `out_path` then.
        """
        ...


class Downloader(Protocol):
    """Fetches what a URL names, whoever gave it."""

    async def download(self, url: str, path: Path, on_redirect: Callable[[str], Awaitable[None]]) -> str | None:
        """Write the body to `path` (a new file); returns the file name the server gave, if any.

        `on_redirect` is called with each host that a redirect leads to, before it is asked. Raises AssetUrlForbidden,
        AssetUnreachable, AssetHttpError, AssetTimeout, AssetTooLarge; nothing is left then.
        """


class Staging(Protocol):
    """A place that clients may put bytes to by themselves, before anybody has looked at them.

    Nothing is served from there; what lies there is taken in by `fetch`, or removed.
    """

    def address(self, name: str, *, expires: timedelta) -> str:
        """Where the bytes are to be PUT; anyone who knows it may, until it expires."""
        ...

    async def size_of(self, name: str) -> int | None:
        """How many bytes lie there; None while there is nothing."""
        ...

    async def fetch(self, name: str, path: Path, *, max_bytes: int) -> str:
        """Write them to `path` (a new file); returns their SHA-256. Raises AssetTooLarge beyond `max_bytes`."""
        ...

    async def remove(self, name: str) -> None:
        """Remove them. Safe to repeat."""
        ...
