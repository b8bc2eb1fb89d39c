"""The `Downloader` over the kit's guarded HTTP."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from adreel_kit.guarded_http import (
    GuardedHttpError,
    GuardPolicy,
    HttpStatusRefused,
    RequestTimedOut,
    ResponseTooLarge,
    Unreachable,
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

# A server out of order, too busy, or on its way back may answer in a moment; what says "no" stays.
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class GuardedDownloader:
    """See `domain.ports.Downloader`."""

    def __init__(self, policy: GuardPolicy) -> None:
        self._policy = policy

    async def download(self, url: str, path: Path, on_redirect: Callable[[str], Awaitable[None]]) -> str | None:
        try:
            result = await fetch_to_file(url, path, self._policy, on_redirect=on_redirect)
        except GuardedHttpError as error:
            log.info("download.refused", code=error.code, reason=error.reason)
            failure = _REASONS.get(type(error), AssetUnreachable)(error.message, details=error.details)
            failure.is_transient = _may_pass(error)
            raise failure from error
        return result.filename


def _may_pass(error: GuardedHttpError) -> bool:
    if isinstance(error, HttpStatusRefused):
        return error.status in _PASSING_STATUSES
    return isinstance(error, RequestTimedOut | Unreachable)
