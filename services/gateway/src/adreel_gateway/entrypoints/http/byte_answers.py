"""Bytes with ranges and conditions, and errors about them in the form of the API."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal

from adreel_kit.errors import ErrorFacts, ErrorKind
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.responses import OpenBytes, serve_bytes
from adreel_kit.http_ranges.starlette import BytesResponse
from starlette.requests import Request

from adreel_gateway.entrypoints.http.problem import error_body

FOREVER = "public, max-age=31536000, immutable"
# The address stays while what it shows may change: caches ask each time, and are told "not modified" in a moment.
ASK_EACH_TIME = "no-cache"
# Whatever a stranger put into a file, opened in a browser it may run nothing and load nothing.
_SANDBOX = (("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),)
_CODES = {405: "METHOD_NOT_ALLOWED", 412: "PRECONDITION_FAILED", 416: "RANGE_NOT_SATISFIABLE"}


def bytes_answer(
    request: Request,
    open_bytes: OpenBytes,
    *,
    size_bytes: int,
    sha256: str,
    content_type: str,
    cache_control: str,
    modified_at: datetime | None = None,
    filename: str | None = None,
    disposition: Literal["inline", "attachment"] = "inline",
    is_foreign: bool = False,
) -> BytesResponse:
    """The answer to this GET or HEAD. `is_foreign` bytes were given by somebody and are kept from running."""
    representation = Representation(
        size_bytes=size_bytes,
        etag=f'"{sha256}"',
        content_type=content_type,
        last_modified=modified_at,
        filename=filename,
        disposition=disposition,
        cache_control=cache_control,
        extra_headers=_SANDBOX if is_foreign else (),
    )
    path = request.url.path

    def problem(status: int, sentence: str) -> tuple[str, bytes]:
        facts = ErrorFacts(kind=ErrorKind.INVALID, code=_CODES.get(status, "BAD_REQUEST"), message=sentence)
        return "application/json", json.dumps(error_body(facts, path)).encode()

    return BytesResponse(serve_bytes(request.scope, representation, open_bytes, error_body=problem))


def from_memory(content: bytes) -> OpenBytes:
    """Bytes that are at hand already."""

    async def opened(start: int, length: int) -> AsyncIterator[bytes]:
        yield content[start : start + length]

    return opened
