"""From a request's headers and a source of bytes to an answer: an ASGI app that sends it in constant memory.

The source is opened when the answer is sent, only for the bytes asked for, and closed at once when the client goes
away. What goes wrong before the first byte reaches the framework as an exception, so that it can still answer
properly; after it, the exception breaks the connection off, and no client takes what it has for all there is.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from adreel_kit.http_ranges.conditional import Verdict, evaluate, if_range_holds
from adreel_kit.http_ranges.ranges import ByteRange, NoRange, select_ranges
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.request_headers import RequestHeaders

# The shapes of ASGI, whose messages hold values of any type.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

OpenBytes = Callable[[int, int], AsyncIterator[bytes]]
"""Opens the source at `start` for `length` bytes, of which there is at least one."""

ErrorBody = Callable[[int, str], tuple[str, bytes]]
"""Content type and body of an error answer, from its status and a sentence."""

MAX_RANGES = 64
"""More than any reader of PDF or video asks for at once; the default of nginx is no limit."""


class SourceTooShort(RuntimeError):
    """The source ended before the bytes it was opened for."""


def plain_error_body(status: int, sentence: str) -> tuple[str, bytes]:
    return "text/plain; charset=utf-8", f"{sentence}\n".encode()


def serve_bytes(
    scope: Mapping[str, Any],
    representation: Representation,
    open_bytes: OpenBytes,
    *,
    max_ranges: int = MAX_RANGES,
    error_body: ErrorBody = plain_error_body,
) -> "BytesAnswer":
    """The answer to the GET or HEAD request of `scope` for these bytes: 200, 206, 304, 405, 412 or 416."""
    method = scope["method"]
    request = RequestHeaders(scope["headers"])
    if method not in ("GET", "HEAD"):
        return _error(405, "Only GET and HEAD are allowed here.", representation, error_body, [("allow", "GET, HEAD")])
    verdict = evaluate(request, representation)
    if verdict is Verdict.PRECONDITION_FAILED:
        return _error(412, "The data is not the version asked for.", representation, error_body)
    if verdict is Verdict.NOT_MODIFIED:
        return BytesAnswer(304, (*representation.validators(), *representation.extra_headers))
    ranges: list[ByteRange] | NoRange = NoRange.IGNORED
    wanted = request.single("range")
    if method == "GET" and wanted is not None and if_range_holds(request, representation):
        ranges = select_ranges(wanted, representation.size_bytes, max_ranges=max_ranges)
    if ranges is NoRange.UNSATISFIABLE:
        size = ("content-range", f"bytes */{representation.size_bytes}")
        return _error(416, f"The data has {representation.size_bytes} bytes.", representation, error_body, [size])
    if isinstance(ranges, NoRange):
        return _whole(representation, open_bytes)
    return (
        _single(representation, open_bytes, ranges[0])
        if len(ranges) == 1
        else _multiple(representation, open_bytes, ranges)
    )


@dataclass(frozen=True, slots=True)
class _Segment:
    """A piece of the body: bytes that are known, then bytes of the source."""

    head: bytes = b""
    source: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class BytesAnswer:
    """An ASGI app that gives one answer. A HEAD request gets the headers, and the source stays closed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    segments: tuple[_Segment, ...] = ()
    open_bytes: OpenBytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers],
        }
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        async with aclosing(self._body()) as body:
            await _unless_gone(receive, _send_all(start, body, send))

    async def _body(self) -> AsyncGenerator[bytes, None]:
        for segment in self.segments:
            if segment.head:
                yield segment.head
            if segment.source is not None and self.open_bytes is not None:
                async with aclosing(_exactly(self.open_bytes, segment.source)) as chunks:
                    async for chunk in chunks:
                        yield chunk


def _whole(representation: Representation, open_bytes: OpenBytes) -> BytesAnswer:
    size_bytes = representation.size_bytes
    return BytesAnswer(
        200,
        _headers(representation, [("content-type", representation.content_type), ("content-length", str(size_bytes))]),
        (_Segment(source=ByteRange(0, size_bytes)),) if size_bytes else (),
        open_bytes,
    )


def _single(representation: Representation, open_bytes: OpenBytes, part: ByteRange) -> BytesAnswer:
    headers = [
        ("content-type", representation.content_type),
        ("content-length", str(part.length)),
        ("content-range", part.content_range(representation.size_bytes)),
    ]
    return BytesAnswer(206, _headers(representation, headers), (_Segment(source=part),), open_bytes)


def _multiple(representation: Representation, open_bytes: OpenBytes, parts: Iterable[ByteRange]) -> BytesAnswer:
    boundary = secrets.token_hex(16)  # cannot be guessed, so nobody can have put it into the bytes
    segments = []
    for part in parts:
        lines = (
            f"\r\n--{boundary}",
            f"Content-Type: {representation.content_type}",
            f"Content-Range: {part.content_range(representation.size_bytes)}",
            "\r\n",
        )
        segments.append(_Segment("\r\n".join(lines).encode("latin-1"), part))
    segments.append(_Segment(f"\r\n--{boundary}--\r\n".encode("latin-1")))
    length = sum(len(segment.head) + (segment.source.length if segment.source else 0) for segment in segments)
    headers = [("content-type", f"multipart/byteranges; boundary={boundary}"), ("content-length", str(length))]
    return BytesAnswer(206, _headers(representation, headers), tuple(segments), open_bytes)


def _error(
    status: int,
    sentence: str,
    representation: Representation,
    error_body: ErrorBody,
    headers: Iterable[tuple[str, str]] = (),
) -> BytesAnswer:
    content_type, body = error_body(status, sentence)
    about_body = [("content-type", content_type), ("content-length", str(len(body)))]
    return BytesAnswer(status, (*about_body, *headers, *representation.extra_headers), (_Segment(body),))


def _headers(representation: Representation, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return (*headers, *representation.content_headers(), *representation.extra_headers)


async def _exactly(open_bytes: OpenBytes, part: ByteRange) -> AsyncGenerator[bytes, None]:
    """The source's chunks, without what goes beyond the part; closes the source."""
    chunks = open_bytes(part.start, part.length)
    left = part.length
    try:
        async for chunk in chunks:
            within = chunk[:left]
            left -= len(within)
            if within:
                yield within
            if not left:
                break
        if left:
            raise SourceTooShort(f"{left} of {part.length} bytes are missing")
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


async def _send_all(start: Message, body: AsyncGenerator[bytes, None], send: Send) -> None:
    first = await anext(body, b"")  # before the start: when the source fails at once, another answer is still possible
    await send(start)
    await send({"type": "http.response.body", "body": first, "more_body": True})
    async for chunk in body:
        # Servers take what is sent to a client that is gone without a pause: let the news of it in.
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _unless_gone(receive: Receive, sending: Awaitable[None]) -> None:
    """Run `sending` to its end, or until the client is gone: then cancel it and return."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    sender, watcher = asyncio.ensure_future(sending), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({sender, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if sender.done():
            sender.result()
    finally:
        sender.cancel()
        watcher.cancel()
        await asyncio.gather(sender, watcher, return_exceptions=True)
