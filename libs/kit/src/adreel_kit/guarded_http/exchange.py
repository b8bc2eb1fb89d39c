"""One request and one answer over a guarded connection, with httpcore's failures put in our words."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpcore

from adreel_kit.guarded_http.errors import RequestTimedOut, Unreachable
from adreel_kit.guarded_http.policy import GuardPolicy
from adreel_kit.guarded_http.targets import Target
from adreel_kit.guarded_http.transport import Network, one_shot_pool


@asynccontextmanager
async def deadline(policy: GuardPolicy) -> AsyncIterator[None]:
    """Bound everything inside by the policy's total time; a timeout raised by the code inside stays what it was."""
    timer = asyncio.timeout(policy.total_seconds)
    try:
        async with timer:
            yield
    except TimeoutError as error:
        if timer.expired():
            raise RequestTimedOut("total time is used up") from error
        raise


@asynccontextmanager
async def open_response(
    method: str,
    target: Target,
    network: Network,
    policy: GuardPolicy,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> AsyncIterator[httpcore.Response]:
    """Send one request and hold its answer open; the connection is closed on leaving, read or not."""
    request = httpcore.Request(
        method,
        httpcore.URL(
            scheme=target.scheme.encode("ascii"),
            host=target.host.encode("ascii"),
            port=target.port,
            target=target.path_and_query,
        ),
        headers=_headers(target, policy, headers, content),
        content=content,
        extensions={"timeout": _timeouts(policy)},
    )
    async with one_shot_pool(target, network) as pool:
        async with _translated():
            response = await pool.handle_async_request(request)
        try:
            async with _translated():
                yield response
        finally:
            await response.aclose()


def _headers(
    target: Target, policy: GuardPolicy, headers: Mapping[str, str], content: bytes | None
) -> list[tuple[bytes, bytes]]:
    lines = {
        "User-Agent": policy.user_agent,
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    if content is not None:
        lines["Content-Length"] = str(len(content))
    for name, value in lines.items():
        if any(character in name + value for character in "\r\n\0"):
            raise ValueError(f"a line break in the header {name!r}")
    encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in lines.items()]
    return [(b"Host", target.host_header), *encoded]


def _timeouts(policy: GuardPolicy) -> dict[str, float]:
    return {
        "connect": policy.connect_seconds,
        "read": policy.read_seconds,
        "write": policy.read_seconds,
        "pool": policy.connect_seconds,
    }


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except httpcore.ConnectTimeout as error:
        # Not a timeout to the user: slow and refused connections must look alike.
        raise Unreachable("connecting took too long") from error
    except httpcore.TimeoutException as error:
        raise RequestTimedOut(type(error).__name__) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
