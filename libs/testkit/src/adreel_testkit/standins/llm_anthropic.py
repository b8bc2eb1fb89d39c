"""Anthropic's wire: `POST /v1/messages`.

From the API reference: `max_tokens` is required, turns alternate, `stop_reason` tells how the answer ended, errors are
`{"type": "error", "error": {"type", "message"}, "request_id"}`.
"""

import uuid
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from starlette.requests import Request

# Request and answer bodies are JSON objects of the provider's own shapes.
Body = Mapping[str, Any]
Refused = tuple[int, str, str] | None
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def check(request: Request, body: Body) -> Refused:
    """What the API refuses before any token is used."""
    key = request.headers.get("x-api-key") or request.headers.get("authorization", "")
    if not key or "wrong" in key:
        return 401, "authentication_error", "invalid x-api-key"
    if not request.headers.get("anthropic-version"):
        return 400, "invalid_request_error", "anthropic-version: header is required"
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            return 400, "invalid_request_error", f"{name}: Field required"
    roles = [turn.get("role") for turn in body["messages"]]
    if roles[0] != "user" or any(one == other for one, other in pairwise(roles)):
        return 400, "invalid_request_error", "messages: roles must alternate between user and assistant"
    return None


def prompt(body: Body) -> str:
    return "\n".join([_text(body.get("system")), *(_text(turn.get("content")) for turn in body["messages"])])


def answer(request: Request, body: Body, text: str, ending: str) -> Body:
    """A whole message; `ending` is stop, refusal, policy or cutoff."""
    refused = ending in ("refusal", "policy")
    return {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [] if refused else [{"type": "text", "text": text, "citations": None}],
        "stop_reason": "refusal" if refused else "max_tokens" if ending == "cutoff" else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": max(1, len(prompt(body)) // 4),
            "output_tokens": max(1, len(text) // 4),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


def error_body(status: int, code: str, message: str, retry_after_seconds: float | None) -> Body:
    kind = code or _ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": f"req_{uuid.uuid4().hex[:24]}"}


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(str(block.get("text", "")) for block in content)
    return str(content or "")
