"""Outermost: names the request, logs and counts it, and turns what nobody caught into a neutral 500.

It also refuses, before any route sees them, paths and queries that hold a NUL, which no database text can.
"""

import re
import time

import structlog
from adreel_kit.envelope import Story, enter_story
from adreel_kit.errors import ErrorFacts
from adreel_kit.ids import new_id
from adreel_kit.logging import get_logger
from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adreel_gateway.entrypoints.http.context import request_id
from adreel_gateway.entrypoints.http.problem import send_error
from adreel_gateway.errors import RouteNotFound, invalid_field

log = get_logger(__name__)

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_REQUESTS = Counter("http_requests", "Answered requests.", ["method", "route", "status"])
_SECONDS = Histogram("http_request_seconds", "Time to the end of the answer.", ["method", "route"])


class RequestContext:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        name = _id_of(scope)
        request_id.set(name)
        enter_story(Story(correlation_id=name))
        structlog.contextvars.bind_contextvars(correlation_id=name)
        if scope["path"].startswith("/api/") and scope["path"] != "/":
            scope["path"] = scope["path"].rstrip("/") or "/"
        answer = _Answer(send, name)
        started = time.perf_counter()
        try:
            if "\x00" in scope["path"]:
                await send_error(RouteNotFound("There is no such route."), scope, receive, answer)
            elif b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]:
                await send_error(invalid_field("query", "must not hold a NUL character"), scope, receive, answer)
            else:
                await self._app(scope, receive, answer)
        except ClientDisconnect:
            log.info("request.abandoned", method=scope["method"], path=scope["path"])
        except Exception as error:  # the edge: nothing passes it, and its text is shown to nobody
            log.error("request.failed", method=scope["method"], path=scope["path"], exc_info=error)
            if answer.status is not None:
                raise
            await send_error(ErrorFacts.of(error), scope, receive, answer)
        finally:
            _record(scope, answer.status or 499, time.perf_counter() - started)


class _Answer:
    """A `send` that adds our headers and remembers the status."""

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = name
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._name
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("referrer-policy", "no-referrer")
        await self._send(message)


def _id_of(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == b"x-request-id":
            given: str = value.decode("latin-1")
            if _ACCEPTED_ID.fullmatch(given):
                return given
    return str(new_id())


def _record(scope: Scope, status: int, seconds: float) -> None:
    # The route's template, never the path: labels must stay few whatever is asked for.
    route = getattr(scope.get("route"), "path", "unknown")
    method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"
    _REQUESTS.labels(method, route, str(status)).inc()
    _SECONDS.labels(method, route).observe(seconds)
    log.info("request.answered", method=method, path=scope["path"], status=status, seconds=round(seconds, 4))
