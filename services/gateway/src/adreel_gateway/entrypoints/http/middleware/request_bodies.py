"""Takes JSON bodies in, whole and checked, so that routes see only text that every layer behind them can hold.

Bodies are bounded, must be UTF-8 and JSON, and may hold no NUL, no lone surrogate, no number that JSON readers
disagree on and no nesting deeper than the services' messages carry. Multipart bodies and the bytes of uploads pass by
in a stream; the route that takes them counts their bytes itself. Other content types are refused: a browser sends those
across origins without asking first.
"""

import json
import math
from typing import Any, NoReturn

from adreel_kit.errors import AppError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adreel_gateway.entrypoints.http.problem import is_mv, send_error
from adreel_gateway.errors import BodyTooLarge, BodyTypeUnsupported, ValidationFailed

# Every level of JSON is three levels of a protobuf Struct, whose readers stop at 100.
MAX_DEPTH = 24
# Beyond it, numbers lose digits in a Struct and in JavaScript (RFC 8259 section 6).
MAX_INTEGER = 2**53 - 1
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# A music-video request may hold a reference picture in base64.
_MV_BODY_BYTES = 32 * 1024 * 1024
_UPLOADS = "/api/v3/assets/uploads/"


class RequestBodies:
    """ASGI middleware. The bytes taken in are left in `scope["state"]["body"]` and given to the route again."""

    def __init__(self, app: ASGIApp, *, max_json_bytes: int, max_multipart_bytes: int) -> None:
        self._app = app
        self._max_json_bytes = max_json_bytes
        self._max_multipart_bytes = max_multipart_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _METHODS_WITH_BODY:
            await self._app(scope, receive, send)
            return
        content_type = _header(scope, b"content-type").partition(";")[0].strip().lower()
        limit = self._limit(scope, content_type)
        try:
            announced = _announced_length(scope)
            if announced is not None and announced > limit:
                await _drain(scope, receive)
                raise BodyTooLarge(limit)
            if _is_stream(scope, content_type):
                await self._app(scope, _bounded(receive, limit), send)
                return
            body = await _read(receive, limit)
            if body:
                if content_type != "application/json" and not content_type.endswith("+json"):
                    raise BodyTypeUnsupported("Send the body as application/json.")
                check_json(body)
        except AppError as error:
            await send_error(error, scope, receive, send)
            return
        scope["state"]["body"] = body
        await self._app(scope, _replay(body, receive), send)

    def _limit(self, scope: Scope, content_type: str) -> int:
        if _is_stream(scope, content_type):
            return self._max_multipart_bytes
        return _MV_BODY_BYTES if is_mv(scope["path"]) else self._max_json_bytes


def _is_stream(scope: Scope, content_type: str) -> bool:
    # The bytes of an upload may be of any type: a PUT is never sent across origins without asking first.
    is_put_upload = scope["method"] == "PUT" and scope["path"].startswith(_UPLOADS)
    return is_put_upload or content_type == "multipart/form-data"


def check_json(body: bytes) -> None:
    """Raise ValidationFailed unless `body` is JSON that can be stored and passed on as it is."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("body", "must be UTF-8 text", "encoding")
    _check_depth(text)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_number)
    except ValidationFailed:
        raise
    except (ValueError, RecursionError):
        _refuse("body", "is not valid JSON", "json_invalid")
    _check_values(value)


def _check_depth(text: str) -> None:
    # Counted before parsing: the parser itself recurses. Brackets within strings do not count.
    depth = 0
    in_string = False
    escaped = False
    for char in text if max(text.count("["), text.count("{")) > MAX_DEPTH else "":
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse("body", f"must not be nested deeper than {MAX_DEPTH} levels", "too_deep")
        elif char in "]}":
            depth -= 1


def _check_values(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            if "\x00" in item:
                _refuse("body", "must not hold a NUL character", "nul")
            if not item.isascii() and any("\ud800" <= char <= "\udfff" for char in item):
                _refuse("body", "must not hold half of a surrogate pair", "encoding")


def _no_constant(name: str) -> NoReturn:
    _refuse("body", f"{name} is not a JSON number", "json_invalid")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        _refuse("body", f"whole numbers must lie within ±{MAX_INTEGER}; send larger ones as text", "too_large")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        _refuse("body", "holds a number that is too large", "too_large")
    return number


def _refuse(field: str, message: str, code: str) -> NoReturn:
    raise ValidationFailed([{"field": field, "message": message, "code": code, "in": "body"}])


async def _read(receive: Receive, limit: int) -> bytes:
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks += message.get("body", b"")
        if len(chunks) > limit:
            raise BodyTooLarge(limit)
        if not message.get("more_body", False):
            return bytes(chunks)


async def _drain(scope: Scope, receive: Receive) -> None:
    # A client that still sends would see a broken connection instead of the answer. One that asked first
    # (`Expect: 100-continue`) has not begun, and reading would tell it to.
    if _header(scope, b"expect"):
        return
    left = 64 * 1024 * 1024
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _bounded(receive: Receive, limit: int) -> Receive:
    """A `receive` that raises BodyTooLarge once more came than was announced or may be."""
    left = limit

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BodyTooLarge(limit)
        return message

    return bounded


def _replay(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _announced_length(scope: Scope) -> int | None:
    text = _header(scope, b"content-length")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
