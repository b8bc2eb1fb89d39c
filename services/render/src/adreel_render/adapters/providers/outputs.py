"""Fetching what a provider made from the address it gives: guarded, without credentials, host by host."""

from collections.abc import AsyncIterator
from dataclasses import replace

from adreel_kit.guarded_http import (
    GuardedHttpError,
    GuardPolicy,
    HostRule,
    HttpStatusRefused,
    ResponseTooLarge,
    UrlForbidden,
    guarded_stream,
)

from adreel_render.domain.attempts import OutputGone, ProviderAway

_GONE = frozenset({401, 403, 404, 410})


class OutputGuard:
    """Downloads from a provider's own domains, and from hosts that the operator named."""

    def __init__(self, *, domains: tuple[str, ...], allowed_hosts: tuple[HostRule, ...] = ()) -> None:
        self._policy = GuardPolicy(
            max_bytes=1,
            total_seconds=300.0,
            schemes=frozenset({"https"}),
            ports=frozenset({443}),
            allowed_hosts=allowed_hosts,
            only_domains=domains,
        )

    async def read(self, url: str, *, max_bytes: int) -> AsyncIterator[bytes]:
        """The bytes behind `url`. Raises OutputGone for what will not be had, ProviderAway for what may be later."""
        try:
            async with guarded_stream(url, replace(self._policy, max_bytes=max_bytes)) as response:
                async for chunk in response.chunks():
                    yield chunk
        except HttpStatusRefused as error:
            if error.status in _GONE:
                raise OutputGone(f"HTTP {error.status}") from error
            raise ProviderAway(f"HTTP {error.status} for an output") from error
        except (UrlForbidden, ResponseTooLarge) as error:
            raise OutputGone(f"{error.message} ({error.reason})") from error
        except GuardedHttpError as error:
            raise ProviderAway(error.reason) from error
