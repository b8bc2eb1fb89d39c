"""Who may come in, and how often: API keys, scopes, limits per key and per address.

Without a database nobody is let in by key, but nobody is turned away for a limit either.
"""

import asyncpg
from adreel_kit.db import DatabaseUnavailable
from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adreel_gateway.adapters.postgres.api_keys import ApiKeys
from adreel_gateway.adapters.postgres.rate_windows import WINDOW_SECONDS, RateWindows, seconds_left
from adreel_gateway.entrypoints.http.context import ANYONE, Caller
from adreel_gateway.entrypoints.http.local_origin import is_local_request
from adreel_gateway.entrypoints.http.problem import send_error
from adreel_gateway.entrypoints.http.scopes import is_public, needed_scope, opens
from adreel_gateway.errors import OriginRefused, RateLimited, ScopeMissing, Unauthenticated

log = get_logger(__name__)

_DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Access:
    """ASGI middleware. Leaves the caller in `scope["state"]["caller"]`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        api_keys: ApiKeys | None,
        rate_windows: RateWindows,
        limit_per_minute: int,
        trusted_proxies: frozenset[str],
        cors_origins: tuple[str, ...],
    ) -> None:
        self._app = app
        self._api_keys = api_keys
        self._rate_windows = rate_windows
        self._limit = limit_per_minute
        self._trusted_proxies = trusted_proxies
        self._cors_origins = cors_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/") or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        limits: dict[str, str] = {}
        try:
            address = self._address(scope)
            caller = await self._caller(scope)
            if caller is not None:
                scope["state"]["caller"] = caller
            limits = await self._count(address, caller)
        except AppError as error:
            headers = _limit_headers(self._limit, 0) if isinstance(error, RateLimited) else limits
            await send_error(error, scope, receive, send, headers)
            return

        async def limited(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(limits)
            await send(message)

        await self._app(scope, receive, limited)

    async def _caller(self, scope: Scope) -> Caller | None:
        if self._api_keys is None:
            if not is_local_request(scope, self._cors_origins):
                raise OriginRefused
            return ANYONE
        if is_public(scope):
            return None
        secret = _secret_of(scope)
        if secret is None:
            raise Unauthenticated
        try:
            key = await self._api_keys.find(secret)
        except _DATABASE_ERRORS as error:
            raise DatabaseUnavailable("Keys cannot be checked right now.", retry_after_seconds=2) from error
        if key is None:
            raise Unauthenticated
        needed = needed_scope(scope)
        if not opens(key.scopes, needed):
            raise ScopeMissing(needed)
        return Caller(identity=f"key:{key.id}", name=f"key:{key.name}", scopes=key.scopes, client_id=key.client_id)

    async def _count(self, address: str, caller: Caller | None) -> dict[str, str]:
        if not self._limit:
            return {}
        buckets = [f"address:{address}"]
        if caller is not None and caller is not ANYONE:
            buckets.append(caller.identity)
        try:
            count = await self._rate_windows.count(buckets)
        except _DATABASE_ERRORS as error:
            log.warning("limits.uncounted", error=str(error) or type(error).__name__)
            return {}
        if count > self._limit:
            raise RateLimited(seconds_left())
        return _limit_headers(self._limit, self._limit - count)

    def _address(self, scope: Scope) -> str:
        """The client's address; of a chain of trusted proxies, the last one that is none of ours."""
        peer = scope["client"][0] if scope.get("client") else "unknown"
        if peer not in self._trusted_proxies:
            return str(peer)
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [hop.strip() for value in forwarded for hop in value.decode("latin-1").split(",") if hop.strip()]
        outside = [hop for hop in hops if hop not in self._trusted_proxies]
        return outside[-1][:64] if outside else str(peer)


def _limit_headers(limit: int, remaining: int) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(seconds_left()),
        "ratelimit-policy": f"{limit};w={WINDOW_SECONDS}",
    }


def _secret_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return str(value[7:].decode("latin-1")).strip()
        if name == b"x-api-key":
            return str(value.decode("latin-1")).strip()
    return None
