"""How an answer is sent: piece by piece, stopped when nobody listens, broken off when the source fails."""

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.responses import SourceTooShort, serve_bytes
from adreel_kit.http_ranges.starlette import BytesResponse
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

MIB = 1024 * 1024
GET: dict[str, Any] = {"type": "http", "method": "GET", "headers": []}


def of_size(size_bytes: int, **more: Any) -> Representation:
    return Representation(size_bytes=size_bytes, etag='"tag"', content_type="video/mp4", **more)


async def listening() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


class Collected:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)


async def test_memory_does_not_grow_with_the_size() -> None:
    piece = bytes(256 * 1024)

    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        for _ in range(length // len(piece)):
            yield bytearray(piece)  # type: ignore[misc]  # a new one each time, so that keeping them shows
            await asyncio.sleep(0)

    seen = 0

    async def send(message: Any) -> None:
        nonlocal seen
        seen += len(message.get("body", b""))

    tracemalloc.start()
    try:
        await serve_bytes(GET, of_size(512 * MIB), source)(GET, listening, send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 512 * MIB
    assert peak < 4 * MIB


async def test_source_is_closed_when_the_client_goes_away_while_it_waits() -> None:
    closed, waiting = asyncio.Event(), asyncio.Event()

    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        try:
            yield b"x" * 10
            waiting.set()
            await asyncio.sleep(3600)
        finally:
            closed.set()

    async def receive() -> dict[str, Any]:
        await waiting.wait()
        return {"type": "http.disconnect"}

    send = Collected()
    async with asyncio.timeout(30):
        await serve_bytes(GET, of_size(1000), source)(GET, receive, send)
    assert closed.is_set()
    assert send.messages[-1]["more_body"], "the answer is not presented as complete"


async def test_client_that_goes_away_before_the_first_byte_is_not_waited_for() -> None:
    closed, waiting = asyncio.Event(), asyncio.Event()

    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        try:
            waiting.set()
            await asyncio.sleep(3600)
            yield b""
        finally:
            closed.set()

    async def receive() -> dict[str, Any]:
        await waiting.wait()
        return {"type": "http.disconnect"}

    send = Collected()
    async with asyncio.timeout(30):
        await serve_bytes(GET, of_size(1000), source)(GET, receive, send)
    assert closed.is_set()
    assert send.messages == []


async def test_source_is_closed_when_the_server_cancels() -> None:
    closed, waiting = asyncio.Event(), asyncio.Event()

    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        try:
            yield b"x"
            waiting.set()
            await asyncio.sleep(3600)
        finally:
            closed.set()

    task = asyncio.create_task(serve_bytes(GET, of_size(1000), source)(GET, listening, Collected()))  # type: ignore[arg-type]
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_source_that_fails_at_once_leaves_the_answer_to_the_framework() -> None:
    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        raise LookupError("gone")
        yield b""

    send = Collected()
    with pytest.raises(LookupError):
        await serve_bytes(GET, of_size(1000), source)(GET, listening, send)
    assert send.messages == []


async def test_source_that_fails_later_never_completes_the_answer() -> None:
    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        yield b"x" * 500
        raise LookupError("gone")

    send = Collected()
    with pytest.raises(LookupError):
        await serve_bytes(GET, of_size(1000), source)(GET, listening, send)
    assert all(message["more_body"] for message in send.messages[1:])


async def test_source_that_ends_early_is_an_error() -> None:
    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        yield b"x" * 999

    send = Collected()
    with pytest.raises(SourceTooShort):
        await serve_bytes(GET, of_size(1000), source)(GET, listening, send)
    assert all(message["more_body"] for message in send.messages[1:])


async def test_source_that_gives_too_much_is_cut() -> None:
    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        yield b"x" * 999
        yield b"y" * 999

    send = Collected()
    await serve_bytes(GET, of_size(1000), source)(GET, listening, send)
    assert b"".join(message["body"] for message in send.messages[1:]) == b"x" * 999 + b"y"


async def test_head_opens_nothing() -> None:
    def source(start: int, length: int) -> AsyncIterator[bytes]:
        raise AssertionError

    scope = {**GET, "method": "HEAD"}
    send = Collected()
    await serve_bytes(scope, of_size(1000), source)(scope, listening, send)
    assert (b"content-length", b"1000") in send.messages[0]["headers"]
    assert [message["body"] for message in send.messages[1:]] == [b""]


async def test_other_methods_are_not_allowed() -> None:
    scope = {**GET, "method": "POST"}
    send = Collected()
    await serve_bytes(scope, of_size(1000), lambda start, length: None)(scope, listening, send)  # type: ignore[arg-type, return-value]
    assert send.messages[0]["status"] == 405
    assert (b"allow", b"GET, HEAD") in send.messages[0]["headers"]


def test_errors_can_be_worded_by_the_caller() -> None:
    scope = {**GET, "headers": [(b"range", b"bytes=5000-")]}
    answer = serve_bytes(
        scope,
        of_size(1000, extra_headers=(("x-content-type-options", "nosniff"),)),
        lambda start, length: None,  # type: ignore[arg-type, return-value]
        error_body=lambda status, sentence: ("application/json", b'{"error": true}'),
    )
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "content-length": "15",
        "content-range": "bytes */1000",
        "x-content-type-options": "nosniff",
    }


def test_works_as_a_fastapi_response() -> None:
    app = FastAPI()
    data = bytes(range(256)) * 40

    @app.api_route("/data", methods=["GET", "HEAD"])
    async def get_data(request: Request) -> BytesResponse:
        async def source(start: int, length: int) -> AsyncIterator[bytes]:
            yield data[start : start + length]

        representation = of_size(len(data), filename="Größe.mp4", cache_control="no-cache")
        return BytesResponse(serve_bytes(request.scope, representation, source))

    with TestClient(app) as client:
        whole = client.get("/data")
        assert (whole.status_code, whole.content) == (200, data)
        assert (
            whole.headers["content-disposition"]
            == "inline; filename=\"Groe.mp4\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.mp4"
        )
        part = client.get("/data", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, data[10:20])
        head = client.head("/data")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(data)))
        assert client.get("/data", headers={"If-None-Match": '"tag"'}).status_code == 304


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Any], Awaitable[int]]]:
    """Runs an ASGI app in a real server; gives its port."""
    servers: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def start(app: Any) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off"))
        servers.append((server, asyncio.create_task(server.serve())))
        while not server.started:
            await asyncio.sleep(0.01)
        return port

    yield start
    for server, task in servers:
        server.should_exit = True
        await task


async def test_real_server_stops_the_source_when_the_connection_is_cut(
    serve: Callable[[Any], Awaitable[int]],
) -> None:
    closed = asyncio.Event()
    given = 0

    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        nonlocal given
        try:
            while True:
                given += MIB
                yield bytes(MIB)
        finally:
            closed.set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await serve_bytes(scope, of_size(1000 * MIB), source)(scope, receive, send)

    port = await serve(app)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.transport.abort()
    async with asyncio.timeout(60):
        await closed.wait()
    assert given < 200 * MIB, "the rest was not read for nobody"


async def test_real_server_breaks_the_connection_when_the_source_fails(
    serve: Callable[[Any], Awaitable[int]],
) -> None:
    async def source(start: int, length: int) -> AsyncIterator[bytes]:
        yield b"x" * 500
        raise LookupError("gone")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await serve_bytes(scope, of_size(1000), source)(scope, receive, send)

    port = await serve(app)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    assert b"content-length: 1000" in answer
    assert answer.count(b"x" * 500) == 1
    assert not answer.endswith(b"0\r\n\r\n")
