"""Replicate's wire: predictions of official models, their list, cancelling, and uploaded files.

From its API reference and the models' schemas: 201 with a prediction, errors as `{title, detail, status}`, a list of a
hundred a page with the newest first, inputs and outputs wiped an hour after the end, data URIs not given back whole.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from typing import Any

from adreel_testkit.standins.video_ledger import Creation

# Request and answer bodies are JSON objects of the provider's own shapes.
Body = dict[str, Any]

PAGE = 100
_KEPT_SECONDS = 3600.0
_VEO = {
    "prompt": str,
    "duration": (4, 6, 8),
    "aspect_ratio": ("16:9", "9:16"),
    "resolution": ("720p", "1080p"),
    "generate_audio": bool,
    "negative_prompt": str,
    "seed": int,
    "image": str,
    "last_frame": str,
    "reference_images": list,
}
_IMAGEN = {
    "prompt": str,
    "aspect_ratio": ("1:1", "9:16", "16:9", "3:4", "4:3"),
    "image_size": ("1K", "2K"),
    "safety_filter_level": ("block_low_and_above", "block_medium_and_above", "block_only_high"),
    "output_format": ("jpg", "png"),
}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "google/veo-3.1": _VEO,
    "google/veo-3.1-fast": _VEO,
    "google/imagen-4": _IMAGEN,
    "google/imagen-4-fast": _IMAGEN,
}


def check(model: str, body: object) -> tuple[int, str] | None:
    """What is refused before anything is created: an unknown model, or an input outside the model's schema."""
    fields = MODELS.get(model)
    if fields is None:
        return 404, "The requested resource could not be found."
    inputs = body.get("input") if isinstance(body, dict) else None
    if not isinstance(inputs, dict):
        return 422, "- input: is required"
    for name, value in inputs.items():
        rule = fields.get(name)
        if rule is None:
            return 422, f"- input: Additional property {name} is not allowed"
        if isinstance(rule, tuple):
            if value not in rule or isinstance(value, bool):
                return 422, f"- input.{name}: must be one of {', '.join(map(str, rule))}"
        elif not isinstance(value, rule) or (rule is int and isinstance(value, bool)):
            return 422, f"- input.{name}: Invalid type"
    if not inputs.get("prompt"):
        return 422, "- input.prompt: is required"
    return _check_pictures(inputs)


def _check_pictures(inputs: Body) -> tuple[int, str] | None:
    if "last_frame" in inputs and "image" not in inputs:
        return 422, "- input.last_frame: needs image"
    pictures = inputs.get("reference_images", [])
    if pictures and not 1 <= len(pictures) <= 3:
        return 422, "- input.reference_images: 1 to 3 are taken"
    if pictures and (inputs.get("aspect_ratio", "16:9") != "16:9" or inputs.get("duration", 8) != 8):
        return 422, "- input.reference_images: only with 16:9 and 8 seconds"
    for address in [*pictures, *(inputs[name] for name in ("image", "last_frame") if name in inputs)]:
        if not _is_address(address):
            return 422, "- input: a picture is neither an address nor a data URI of a picture"
    return None


def _is_address(text: object) -> bool:
    if not isinstance(text, str):
        return False
    if text.startswith("data:image/"):
        head, _, content = text.partition(";base64,")
        return bool(head) and bool(content) and len(base64.b64decode(content)) <= 256 * 1024
    return text.startswith(("http://", "https://"))


def clip_seconds(model: str, inputs: Mapping[str, Any]) -> float:
    """Seconds that are charged; none for a picture."""
    return float(inputs.get("duration", 8)) if MODELS[model] is _VEO else 0.0


def price_micros(model: str, inputs: Mapping[str, Any]) -> int:
    """What a creation is charged: 0.20 USD a second of silent clip, twice that with sound; 0.05 USD a picture."""
    if MODELS[model] is not _VEO:
        return 50_000
    return round(clip_seconds(model, inputs) * (400_000 if inputs.get("generate_audio", True) else 200_000))


def prediction(creation: Creation, base_url: str, now: float) -> Body:
    """A prediction as GET gives it."""
    status = creation.status(now)
    if creation.outcome == "unknown_status" and status == "unknown_status":
        status = "succeeded" if creation.polls > 3 else "pondering"
    is_over = status in ("succeeded", "failed", "canceled", "aborted")
    is_wiped = is_over and (now - creation.ends_at > _KEPT_SECONDS or creation.outcome == "wiped")
    suffix = "mp4" if MODELS[creation.model] is _VEO else creation.inputs.get("output_format", "jpg")
    address = f"{base_url}/outputs/{creation.id}.{suffix}"
    error = {
        "safety": "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
        "failed": "Prediction failed: E1001 upstream did not answer.",
    }.get(creation.outcome if status == "failed" else "")
    return {
        "id": creation.id,
        "model": creation.model,
        "version": "hidden",
        "input": {} if is_wiped else _shortened(creation.inputs),
        "output": address if status == "succeeded" and not is_wiped else None,
        "error": error,
        "status": status,
        "logs": "",
        "metrics": {"predict_time": creation.work_seconds} if is_over else {},
        "source": "api",
        "data_removed": is_wiped,
        "created_at": _stamp(creation.created_at),
        "started_at": None if status == "aborted" else _stamp(creation.created_at),
        "completed_at": _stamp(creation.canceled_at or creation.ends_at) if is_over else None,
        "urls": {
            "get": f"{base_url}/v1/predictions/{creation.id}",
            "cancel": f"{base_url}/v1/predictions/{creation.id}/cancel",
            "web": f"https://replicate.com/p/{creation.id}",
        },
    }


def page(
    creations: list[Creation], base_url: str, now: float, *, after: float | None, before: float | None, cursor: int
) -> Body:
    """One page of the list."""
    wanted = [one for one in reversed(creations) if (after or 0) < one.created_at < (before or now + 1)]
    rest = wanted[cursor : cursor + PAGE]
    following = None
    if len(wanted) > cursor + PAGE:
        window = f"&created_after={_stamp(after).replace('+00:00', 'Z')}" if after else ""
        following = f"{base_url}/v1/predictions?cursor={cursor + PAGE}{window}"
    return {"next": following, "previous": None, "results": [prediction(one, base_url, now) for one in rest]}


def uploaded_file(content_type_of_request: str, body: bytes, base_url: str, now: float) -> Body | None:
    """What `POST /files` answers: the file in the field `content` of a multipart body; None where there is none."""
    message = BytesParser(policy=policy.HTTP).parsebytes(
        f"content-type: {content_type_of_request}\r\n\r\n".encode() + body
    )
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "content":
            content = part.get_payload(decode=True)
            content = content if isinstance(content, bytes) else b""
            digest = hashlib.sha256(content).hexdigest()
            return {
                "id": digest[:32],
                "name": part.get_filename() or "file",
                "content_type": part.get_content_type(),
                "size": len(content),
                "etag": digest[:32],
                "checksums": {"sha256": digest},
                "metadata": {},
                "created_at": _stamp(now),
                "expires_at": _stamp(now + 24 * _KEPT_SECONDS),
                "urls": {"get": f"{base_url}/v1/files/{digest[:32]}"},
            }
    return None


def error_body(status: int, detail: str) -> Body:
    titles = {401: "Unauthenticated", 402: "Insufficient credit", 404: "Not found", 422: "Input validation failed"}
    if status == 429:
        return {"detail": detail, "status": 429}
    return {"type": "about:blank", "title": titles.get(status, "Error"), "status": status, "detail": detail}


def signed_headers(secret: str, message_id: str, body: bytes, at: float) -> dict[str, str]:
    """Standard Webhooks headers: HMAC-SHA256 by the base64 part of `whsec_...`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{int(at)}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
    }


def webhook_body(creation: Creation, base_url: str, now: float) -> bytes:
    return json.dumps(prediction(creation, base_url, now)).encode()


def _shortened(inputs: Mapping[str, Any]) -> Body:
    def short(value: object) -> object:
        if isinstance(value, list):
            return [short(one) for one in value]
        return value[:40] + "..." if isinstance(value, str) and value.startswith("data:") else value

    return {name: short(value) for name, value in inputs.items()}


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
