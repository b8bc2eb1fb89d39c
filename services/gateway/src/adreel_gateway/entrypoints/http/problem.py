"""An error as the body that its API promises: the `/api/v3` envelope, or the `/api/mv` form below that path."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adreel_kit.errors import AppError, ErrorFacts
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adreel_gateway.entrypoints.http.context import request_id

MV_PREFIX = "/api/mv"
# On `/api/mv` a missing key is a fault of the server, whichever request met it.
_MV_FAULTS = frozenset({"MISSING_API_KEY", "PROVIDER_ERROR"})
# Its contract knows one code for a provider whose answer is of no use.
_MV_CODES = {"MODEL_OUTPUT_INVALID": "PROVIDER_ERROR", "MODEL_OUTPUT_TRUNCATED": "PROVIDER_ERROR"}


def timestamp() -> str:
    """Now, as every answer writes times."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_mv(path: str) -> bool:
    return path == MV_PREFIX or path.startswith(f"{MV_PREFIX}/")


def error_body(facts: ErrorFacts, path: str) -> dict[str, Any]:
    """The JSON of an error answer to a request for `path`."""
    if is_mv(path):
        code = _mv_code(facts)
        return {
            "error": code.replace("_", " ").capitalize(),
            "error_code": code,
            "message": facts.message,
            "backend_used": facts.details.get("backend"),
            "timestamp": timestamp(),
        }
    return {
        "success": False,
        "data": None,
        "meta": {"timestamp": timestamp(), "version": "v3", "requestId": request_id.get()},
        "error": {"code": facts.code, "message": facts.message, "details": facts.details},
    }


def status_for(facts: ErrorFacts, path: str) -> int:
    """The status of an error answer: `/api/mv` answers bad input with 400, but for refused content."""
    if is_mv(path):
        code = _mv_code(facts)
        if code in _MV_FAULTS:
            return 500
        if facts.http_status == 422 and code != "CONTENT_POLICY_VIOLATION":
            return 400
    return facts.http_status


def _mv_code(facts: ErrorFacts) -> str:
    return _MV_CODES.get(facts.code, facts.code)


def error_headers(facts: ErrorFacts) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if facts.retry_after_seconds is not None:
        headers["retry-after"] = str(max(1, math.ceil(facts.retry_after_seconds)))
    if facts.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def error_response(facts: ErrorFacts, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a failed request."""
    # ASCII only: a lone surrogate in a message can then not fail the encoding of the error itself.
    content = json.dumps(error_body(facts, path), default=str)
    return Response(
        content,
        status_code=status_for(facts, path),
        media_type="application/json",
        headers={**error_headers(facts), **(headers or {})},
    )


async def send_error(
    error: AppError | ErrorFacts, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer from within middleware, where no exception handler is near."""
    facts = error.facts() if isinstance(error, AppError) else error
    await error_response(facts, scope["path"], headers)(scope, receive, send)
