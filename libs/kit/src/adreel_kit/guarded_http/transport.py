"""The connect-time guard: a network backend for httpcore that resolves, checks every address, then connects to one.

Invariant: no socket is opened towards an address that was not checked in the same call, so neither a redirect, nor a
second DNS answer, nor a mixed one leads inside. TLS still verifies the name of the URL: the URL is not rewritten.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpcore
import httpx

from adreel_kit.guarded_http.addresses import IPAddress, is_public, parse_address
from adreel_kit.guarded_http.errors import Unreachable, UrlForbidden
from adreel_kit.guarded_http.targets import Target

# The forms httpcore passes on to setsockopt.
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

# A name with many dead addresses must not multiply the connect timeout.
_MAX_ADDRESSES_TRIED = 4


class Resolver(Protocol):
    """Turns a host name into addresses. Raises OSError when there are none."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every address of the name, best first, as text."""
        ...


class SystemResolver:
    """The machine's own resolver, in a thread."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """See `Resolver`."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@functools.cache
def default_ssl_context() -> ssl.SSLContext:
    """Verifying, with the bundled authorities, blind to the environment; loading them costs about 20 ms, hence once."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True)
class Network:
    """How the guard reaches the world; tests replace parts, production uses the defaults."""

    resolver: Resolver
    backend: httpcore.AsyncNetworkBackend
    ssl_context: ssl.SSLContext


def system_network() -> Network:
    """The real network."""
    return Network(SystemResolver(), httpcore.AnyIOBackend(), default_ssl_context())


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the host of one target, and to nothing else."""

    def __init__(self, target: Target, network: Network) -> None:
        self._target = target
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, connect. Raises `UrlForbidden` before any packet when one address is not public."""
        if (host, port) != (self._target.host, self._target.port):
            raise UrlForbidden("asked to connect elsewhere than to the target")
        addresses = await self._checked_addresses(timeout)
        last_error: Exception | None = None
        for address in addresses[:_MAX_ADDRESSES_TRIED]:
            try:
                return await self._network.backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last_error = error
        raise Unreachable(f"no address connects: {last_error!r}") from last_error

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: a local socket is as private as an address can be."""
        raise UrlForbidden("unix socket")

    async def sleep(self, seconds: float) -> None:
        """Part of the backend's contract; httpcore uses it between connection retries, which are off."""
        await asyncio.sleep(seconds)

    async def _checked_addresses(self, timeout: float | None) -> list[IPAddress]:
        try:
            async with asyncio.timeout(timeout):
                answers = await self._network.resolver.resolve(self._target.host, self._target.port)
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise Unreachable(f"name: {error!r}") from error
        addresses = [parse_address(answer) for answer in answers]
        checked = [address for address in addresses if address is not None]
        if not self._target.is_trusted and (
            len(checked) != len(addresses) or not all(is_public(address) for address in checked)
        ):
            raise UrlForbidden(f"{self._target.host} resolves to {list(answers)[:8]}")
        if not checked:
            raise Unreachable("the name has no address")
        return checked


def one_shot_pool(target: Target, network: Network) -> httpcore.AsyncConnectionPool:
    """A pool for exactly one request: nothing is kept alive or shared, and no proxy is ever used."""
    return httpcore.AsyncConnectionPool(
        ssl_context=network.ssl_context,
        max_connections=1,
        max_keepalive_connections=0,
        http1=True,
        http2=False,
        retries=0,
        network_backend=GuardedBackend(target, network),
    )
