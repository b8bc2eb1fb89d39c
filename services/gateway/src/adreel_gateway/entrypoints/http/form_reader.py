"""A multipart form read as it arrives, in constant memory: text fields are kept, the file passes through in chunks."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from adreel_gateway.errors import UploadTooLarge, invalid_field

CHUNK_BYTES = 256 * 1024
_MOST_FIELDS = 60
_LONGEST_FIELD_BYTES = 64 * 1024


@dataclass(slots=True)
class _Part:
    """One part of the form as its headers announce it."""

    name: str = ""
    filename: str | None = None
    headers: dict[str, bytes] = field(default_factory=dict)


class FormReader:
    """Reads a form's parts one after another. Raises ValidationFailed for a form that is none."""

    def __init__(self, boundary: bytes, receive: Receive, *, max_file_bytes: int) -> None:
        self.fields: dict[str, list[str]] = {}
        self.file_bytes = 0
        self._receive = receive
        self._max_file_bytes = max_file_bytes
        self._events: deque[tuple[str, Any]] = deque()  # kind, and the part or bytes that belong to it
        self._is_received = False
        self._is_over = False
        self._is_complete = False
        self._part = _Part()
        self._header_name = b""
        self._header_value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": lambda data, start, end: self._events.append(("data", data[start:end])),
                "on_part_end": lambda: self._events.append(("end", None)),
                "on_end": self._on_end,
            },
        )

    async def find_file(self) -> str | None:
        """Read up to the part called `file` and give its file name; None at the form's end without one."""
        while (event := await self._next()) is not None:
            part: _Part = event[1]
            if part.name == "file" and part.filename is not None:
                return part.filename
            if part.filename is not None:
                raise invalid_field(part.name or "file", "only one file is taken, in the part named `file`")
            await self._keep_field(part)
        return None

    async def file_chunks(self) -> AsyncIterator[bytes]:
        """The file's bytes in pieces of at most 256 KiB. Raises UploadTooLarge beyond the limit."""
        waiting = bytearray()
        while (event := await self._needed())[0] == "data":
            waiting += event[1]
            self.file_bytes += len(event[1])
            if self.file_bytes > self._max_file_bytes:
                raise UploadTooLarge(self._max_file_bytes)
            while len(waiting) >= CHUNK_BYTES:
                yield bytes(waiting[:CHUNK_BYTES])
                del waiting[:CHUNK_BYTES]
        if waiting:
            yield bytes(waiting)

    async def finish(self) -> None:
        """Read the fields after the file."""
        if await self.find_file() is not None:
            raise invalid_field("file", "only one file is taken")

    async def drain(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        """Take in what the client still sends, so that it can read the answer."""
        self._is_over = True
        while most_bytes > 0 and not self._is_received:
            try:
                most_bytes -= len(await self._chunk())
            except ClientDisconnect:
                return

    async def _keep_field(self, part: _Part) -> None:
        value = bytearray()
        while (event := await self._needed())[0] == "data":
            value += event[1]
            if len(value) > _LONGEST_FIELD_BYTES:
                raise invalid_field(part.name, "is too long")
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            raise invalid_field(part.name, "must be UTF-8 text") from None
        if "\x00" in text:
            raise invalid_field(part.name, "must not hold a NUL character")
        self.fields.setdefault(part.name, []).append(text)
        if sum(map(len, self.fields.values())) > _MOST_FIELDS:
            raise invalid_field("body", "the form has too many fields")

    async def _needed(self) -> tuple[str, Any]:
        event = await self._next()
        if event is None:
            raise invalid_field("body", "the form ends within a part")
        return event

    async def _next(self) -> tuple[str, Any] | None:
        while not self._events:
            if self._is_over:
                return None
            if self._is_received:
                self._is_over = True
                if not self._is_complete:
                    raise invalid_field("body", "the form is not complete")
                return None
            try:
                self._parser.write(await self._chunk())
            except FormParserError:
                self._is_over = True
                raise invalid_field("body", "is not a well-formed multipart form") from None
        return self._events.popleft()

    async def _chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_received = True
            raise ClientDisconnect
        self._is_received = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

    def _on_part_begin(self) -> None:
        self._part = _Part()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        self._part.headers[name] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get("content-disposition", b""))
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")[:100]
        if b"filename" in options:
            self._part.filename = options[b"filename"].decode("utf-8", "replace").replace("\x00", "")
        self._events.append(("begin", self._part))

    def _on_end(self) -> None:
        self._is_complete = True
