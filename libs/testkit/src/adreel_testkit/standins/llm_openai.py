"""OpenAI's wire: `POST /v1/responses` and `POST /v1/chat/completions`.

From the API reference: status and `incomplete_details` of a response, `finish_reason` and `refusal` of a chat
completion, the error envelope with `type`, `code` and `param`.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

# Request and answer bodies are JSON objects of the provider's own many shapes.
Body = Mapping[str, Any]
Refused = tuple[int, str, str] | None
_CREATED = 1_790_000_000


def check_responses(request: Request, body: Body) -> Refused:
    """What the API refuses before any token is used."""
    if refused := check_key(request):
        return refused
    if not body.get("model") or not body.get("input"):
        return 400, "missing_required_parameter", "Missing required parameter: 'model' or 'input'."
    form = (body.get("text") or {}).get("format") or {}
    return _check_schema(form) if form.get("type") == "json_schema" else None


def check_chat(request: Request, body: Body) -> Refused:
    if refused := check_key(request):
        return refused
    if not body.get("model") or not body.get("messages"):
        return 400, "missing_required_parameter", "Missing required parameter: 'model' or 'messages'."
    form = body.get("response_format") or {}
    return _check_schema(form.get("json_schema") or {}) if form.get("type") == "json_schema" else None


def responses_prompt(body: Body) -> str:
    given = body["input"]
    turns = [given] if isinstance(given, str) else [_content(turn.get("content")) for turn in given]
    return "\n".join([str(body.get("instructions") or ""), *turns])


def chat_prompt(body: Body) -> str:
    return "\n".join(_content(message.get("content")) for message in body["messages"])


def responses_answer(request: Request, body: Body, text: str, ending: str) -> Body:
    """A whole response object; `ending` is stop, refusal, policy or cutoff."""
    content = (
        {"type": "refusal", "refusal": "I cannot help with that."}
        if ending == "refusal"
        else {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    )
    reason = {"policy": "content_filter", "cutoff": "max_output_tokens"}.get(ending)
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": _CREATED,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "model": body["model"],
        "output": [
            {
                "id": f"msg_{uuid.uuid4().hex}",
                "type": "message",
                "role": "assistant",
                "status": "incomplete" if reason else "completed",
                "content": [content],
            }
        ],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": _tokens(responses_prompt(body)),
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": _tokens(text),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": _tokens(responses_prompt(body)) + _tokens(text),
        },
    }


def chat_answer(request: Request, body: Body, text: str, ending: str) -> Body:
    """A whole chat completion; `ending` is stop, refusal, policy or cutoff."""
    refusal = "I cannot help with that." if ending == "refusal" else None
    used_in, used_out = _tokens(chat_prompt(body)), _tokens(text)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None if refusal else text, "refusal": refusal},
                "logprobs": None,
                "finish_reason": {"policy": "content_filter", "cutoff": "length"}.get(ending, "stop"),
            }
        ],
        "usage": {"prompt_tokens": used_in, "completion_tokens": used_out, "total_tokens": used_in + used_out},
    }


def error_body(status: int, code: str, message: str, retry_after_seconds: float | None) -> Body:
    kind = {400: "invalid_request_error", 401: "invalid_request_error", 429: "rate_limit_error"}.get(
        status, "server_error"
    )
    return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}


def check_key(request: Request) -> Refused:
    """No key, or a wrong one."""
    if not request.headers.get("authorization", "").startswith("Bearer "):
        return 401, "invalid_api_key", "You didn't provide an API key."
    if "wrong" in request.headers["authorization"]:
        return 401, "invalid_api_key", "Incorrect API key provided."
    return None


def _check_schema(form: Body) -> Refused:
    """Strict schemas: a name, and every object closed with all its fields required."""
    if not form.get("name") or not isinstance(form.get("schema"), dict):
        return 400, "invalid_request_error", "Missing required parameter: 'name' or 'schema'."
    if form.get("strict") and (fault := _strictness_fault(form["schema"])):
        return 400, "invalid_json_schema", f"Invalid schema: {fault}"
    return None


def _strictness_fault(schema: Body) -> str | None:
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if sorted(schema.get("required", [])) != sorted(schema.get("properties", {})):
            return "'required' is required to be an array including every key in properties."
        faults = (_strictness_fault(inner) for inner in schema.get("properties", {}).values())
        return next((fault for fault in faults if fault), None)
    return _strictness_fault(schema["items"]) if schema.get("type") == "array" else None


def _content(content: object) -> str:
    """Text of a turn, whether it is a string or a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)
