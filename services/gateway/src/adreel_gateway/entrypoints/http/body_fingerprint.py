"""The fingerprint of a request's body: SHA-256 of JSON as it came, or of a form without its boundary.

A client that repeats an upload draws a new boundary, so the boundary's bytes are left out of the sum. A form is
summed up as it streams by; its fingerprint is known when it has been read.
"""

import hashlib
from typing import Self

from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope


class BodyFingerprint:
    """One request's fingerprint, made while its body is read."""

    def __init__(self, *, body: bytes | None, boundary: bytes) -> None:
        self._sum = hashlib.sha256(body or b"")
        self._boundary = boundary
        self._held = b""
        self._is_complete = body is not None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """For this request; the body of JSON was read before."""
        header = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        _, options = parse_options_header(header)
        return cls(body=scope["state"].get("body"), boundary=options.get(b"boundary", b""))

    def known(self) -> bytes | None:
        """The fingerprint, where it is known before the route reads anything."""
        return self._sum.digest() if self._is_complete else None

    def watch(self, receive: Receive) -> Receive:
        """A `receive` whose body is summed up on its way to the route."""

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not self._is_complete:
                self._add(message)
            return message

        return watched

    async def complete(self, receive: Receive) -> bytes:
        """The fingerprint, reading what the route left unread. Raises ClientDisconnect."""
        while not self._is_complete:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self._add(message)
        return self._sum.digest()

    def _add(self, message: Message) -> None:
        data = self._held + message.get("body", b"")
        self._is_complete = not message.get("more_body", False)
        if self._boundary:
            data = data.replace(self._boundary, b"")
        # The boundary may be cut in two by the edge of a chunk, so its length less one is held back.
        keep = 0 if self._is_complete else min(len(data), max(len(self._boundary) - 1, 0))
        self._held = data[len(data) - keep :]
        self._sum.update(data[: len(data) - keep])
