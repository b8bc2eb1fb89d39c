"""Real listeners and a small stand-in for the internet: names and public addresses that lead to loopback servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import httpcore
import pytest
from adreel_kit.guarded_http import GuardPolicy, Network
from adreel_kit.guarded_http.transport import default_ssl_context

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A raw TCP server: counts connections, keeps request heads, answers with whatever bytes the test scripts."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.bytes_sent = 0
        self.handler: Handler | None = None
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, host: str | Sequence[str] | None = "127.0.0.1") -> None:
        self._server = await asyncio.start_server(self._serve, host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            if self.handler is not None:
                await self.handler(head, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answers(self, *parts: bytes) -> None:
        """Send these bytes to every request, then close."""

        async def handler(_head: bytes, writer: asyncio.StreamWriter) -> None:
            for part in parts:
                writer.write(part)
                self.bytes_sent += len(part)
                await writer.drain()

        self.handler = handler


class Names:
    """A resolver with a script: each look-up of a name takes the next answer, the last one stays."""

    def __init__(self, table: dict[str, list[list[str]]]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.table.get(host)
        if answers is None:
            raise OSError(f"no such name: {host}")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Wires(httpcore.AsyncNetworkBackend):
    """Records every address connected to; those in `routes` lead to a loopback port, the others are really dialled."""

    def __init__(self, routes: dict[str, int]) -> None:
        self.routes = routes
        self.dialled: list[tuple[str, int]] = []
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if host in self.routes:
            return await self._real.connect_tcp("127.0.0.1", self.routes[host], timeout)
        return await self._real.connect_tcp(host, port, timeout)

    async def connect_unix_socket(self, *args: object, **kwargs: object) -> httpcore.AsyncNetworkStream:
        raise AssertionError("a unix socket was opened")


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A server that plays the public one."""
    server = Listener()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def forbidden() -> AsyncIterator[Listener]:
    """A server on every address of this machine, IPv4 and IPv6: nothing may ever connect to it."""
    server = Listener()
    await server.start(["0.0.0.0"])
    server.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    yield server
    await server.stop()


@pytest.fixture
def names() -> type[Names]:
    return Names


@pytest.fixture
def wires() -> type[Wires]:
    return Wires


PUBLIC = "93.184.216.34"


@pytest.fixture
def public_network(listener: Listener) -> Network:
    """`files.example` and any public literal used in tests lead to the listener."""
    return Network(
        Names({"files.example": [[PUBLIC]], PUBLIC: [[PUBLIC]]}), Wires({PUBLIC: listener.port}), default_ssl_context()
    )


@pytest.fixture
def policy() -> GuardPolicy:
    return GuardPolicy(max_bytes=1_000_000, total_seconds=5.0, read_seconds=3.0, connect_seconds=2.0)
