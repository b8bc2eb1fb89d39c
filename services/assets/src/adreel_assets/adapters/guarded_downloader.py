"""The `Downloader` over the kit's guarded HTTP."""

from pathlib import Path

from adreel_kit.guarded_http import (
    GuardedHttpError,
    GuardPolicy,
    HttpStatusRefused,
    RequestTimedOut,
    ResponseTooLarge,
    UrlForbidden,
    fetch_to_file,
)
from adreel_kit.logging import get_logger

from adreel_assets.domain.errors import (
    AssetError,
    AssetHttpError,
    AssetTimeout,
    AssetTooLarge,
    AssetUnreachable,
    AssetUrlForbidden,
)

log = get_logger(__name__)

_REASONS: dict[type[GuardedHttpError], type[AssetError]] = {
    UrlForbidden: AssetUrlForbidden,
    HttpStatusRefused: AssetHttpError,
    RequestTimedOut: AssetTimeout,
    ResponseTooLarge: AssetTooLarge,
}


class GuardedDownloader:
    """See `domain.ports.Downloader`."""

    def __init__(self, policy: GuardPolicy) -> None:
        self._policy = policy

    async def download(self, url: str, path: Path) -> str | None:
        try:
            result = await fetch_to_file(url, path, self._policy)
        except GuardedHttpError as error:
            log.info("download.refused", code=error.code, reason=error.reason)
            raise _REASONS.get(type(error), AssetUnreachable)(error.message, details=error.details) from error
        return result.filename
