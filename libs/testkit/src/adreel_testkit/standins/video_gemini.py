"""Gemini's wire for clips and pictures: interactions, downloads of files, `generateContent` with a picture in it."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adreel_testkit.standins.video_ledger import Creation

# Request and answer bodies are JSON objects of the provider's own shapes.
Body = dict[str, Any]

VIDEO_MODELS = frozenset({"gemini-omni-1.2-flash"})
IMAGE_MODELS = frozenset({"gemini-3.1-flash-image"})
PICTURE_MICROS = 50_000
_MICROS_PER_SECOND = {"360p": 20_000, "720p": 70_000, "1080p": 105_000, "4k": 210_000}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_INTERACTION = {
    "processing": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "canceled": "cancelled",
    "aborted": "incomplete",
}


def check_interaction(body: object) -> tuple[int, str] | None:
    """What is refused before anything is created."""
    if not isinstance(body, dict) or body.get("model") not in VIDEO_MODELS:
        return 404, "The requested model was not found."
    wanted = body.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "video":
        return 400, "response_format: a video is all this model makes"
    if not 3 <= seconds_of(body) <= 15:
        return 400, "response_format.duration: 3 to 15 seconds"
    if wanted.get("aspect_ratio", "16:9") not in ("16:9", "9:16"):
        return 400, "response_format.aspect_ratio"
    if wanted.get("resolution", "720p") not in ("360p", "720p", "1080p", "4k"):
        return 400, "response_format.resolution"
    if not body.get("input"):
        return 400, "input is required"
    return None


def check_image(model: str, body: object) -> tuple[int, str] | None:
    if model not in IMAGE_MODELS:
        return 404, "The requested model was not found."
    if not isinstance(body, dict) or not body.get("contents"):
        return 400, "contents is not specified"
    return None


def seconds_of(body: Mapping[str, Any]) -> float:
    try:
        return float(str(body["response_format"].get("duration", "8s")).removesuffix("s"))
    except ValueError:
        return 0.0


def price_micros(body: Mapping[str, Any]) -> int:
    """What a clip is charged, by the second and its resolution, sound included."""
    return round(seconds_of(body) * _MICROS_PER_SECOND[body["response_format"].get("resolution", "720p")])


def interaction(creation: Creation, version: str, now: float, content: bytes | None) -> Body:
    """An interaction as GET gives it; `content` is the film for one whose delivery is inline."""
    status = creation.status(now)
    if creation.outcome == "unknown_status" and status == "unknown_status":
        status = "succeeded" if creation.polls > 3 else "pondering"
    body: Body = {
        "id": creation.id,
        "object": "interaction",
        "model": creation.model,
        "status": _INTERACTION.get(status, status),
        "created": _stamp(creation.created_at),
        "updated": _stamp(now),
        "labels": creation.extra.get("labels", {}),
        "steps": [],
    }
    if status == "failed":
        told = "blocked by safety filters" if creation.outcome == "safety" else "an internal error occurred"
        body["errors"] = [{"code": "generation_failed", "message": told}]
    if status == "succeeded" and creation.outcome != "wiped":
        film: Body = {"type": "video", "mime_type": "video/mp4"}
        if content is None:
            # An address at Google, as the provider gives it: clients take the id out of it and ask their own base.
            film["uri"] = f"https://generativelanguage.googleapis.com/{version}/files/{creation.id}:download?alt=media"
        else:
            film["data"] = base64.b64encode(content).decode()
        body["steps"] = [{"type": "model_output", "content": [film]}]
    return body


def image_answer(creation: Creation, picture: bytes | None) -> Body:
    """An answer of `generateContent`; without a picture it was blocked."""
    whole: Body = {
        "responseId": creation.id,
        "modelVersion": creation.model,
        "usageMetadata": {"totalTokenCount": 1290},
    }
    if picture is None:
        return whole | {"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]}
    inline = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(picture).decode()}}
    return whole | {
        "candidates": [{"content": {"parts": [inline], "role": "model"}, "finishReason": "STOP", "index": 0}]
    }


def error_body(status: int, message: str, retry_after_seconds: float | None = None) -> Body:
    details: list[Body] = []
    if retry_after_seconds is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after_seconds:g}s"})
    return {
        "error": {"code": status, "message": message, "status": _STATUSES.get(status, "UNKNOWN"), "details": details}
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
