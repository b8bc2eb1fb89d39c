"""Gemini's wire: `POST /{v1|v1beta}/models/{model}:generateContent`.

From the API reference: a blocked prompt has `promptFeedback` and no candidates, a stopped answer a `finishReason` other
than STOP, and errors are `{"error": {"code", "message", "status", "details"}}`, the delay of a 429 in its details.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

# Request and answer bodies are JSON objects of the provider's own shapes.
Body = Mapping[str, Any]
Refused = tuple[int, str, str] | None
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def check(request: Request, body: Body) -> Refused:
    """What the API refuses before any token is used."""
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
    if not key or "wrong" in key:
        return 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."
    if request.path_params["version"] not in ("v1", "v1beta"):
        return 404, "NOT_FOUND", "Requested entity was not found."
    if not str(request.path_params["call"]).endswith(":generateContent"):
        return 404, "NOT_FOUND", "Method not found."
    if not body.get("contents"):
        return 400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents: contents is not specified"
    if "additionalProperties" in str((body.get("generationConfig") or {}).get("responseSchema")):
        return 400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "additionalProperties"'
    return None


def prompt(body: Body) -> str:
    contents = [body.get("systemInstruction") or {}, *body["contents"]]
    return "\n".join(str(part.get("text", "")) for content in contents for part in content.get("parts", []))


def answer(request: Request, body: Body, text: str, ending: str) -> Body:
    """A whole answer; `ending` is stop, refusal (the answer is stopped), policy (the prompt is) or cutoff."""
    used_in, used_out = max(1, len(prompt(body)) // 4), max(1, len(text) // 4)
    whole: dict[str, object] = {
        "usageMetadata": {
            "promptTokenCount": used_in,
            "candidatesTokenCount": used_out,
            "totalTokenCount": used_in + used_out,
        },
        "modelVersion": str(request.path_params["call"]).split(":")[0],
        "responseId": uuid.uuid4().hex,
    }
    if ending == "policy":
        whole["usageMetadata"] = {"promptTokenCount": used_in, "totalTokenCount": used_in}
        return whole | {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    if ending == "refusal":
        return whole | {"candidates": [{"finishReason": "SAFETY", "index": 0}]}
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finishReason": "MAX_TOKENS" if ending == "cutoff" else "STOP",
        "index": 0,
    }
    return whole | {"candidates": [candidate]}


def error_body(status: int, code: str, message: str, retry_after_seconds: float | None) -> Body:
    details: list[dict[str, object]] = []
    if retry_after_seconds is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after_seconds:g}s"})
    name = code or _STATUSES.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": name, "details": details}}
