"""Gemini through its SDK: clips by the Interactions API, pictures by `generate_content`.

The SDK re-sends a failing creation up to four times unless told otherwise, so `attempts=1`; its errors come in two
trees and, for broken connections, raw (PROVIDERS.md section 2). There is no list of interactions: an unknown outcome
can only be told by a webhook, which carries the attempt's id.
"""

import asyncio
import base64
import io
import json
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
from adreel_kit.blobs.port import BlobRef, BlobStore
from google import genai
from google.genai import errors, types

from adreel_render.adapters.providers.replies import Vendor, is_safety
from adreel_render.domain.attempts import (
    Attempt,
    Found,
    NotCreated,
    OutcomeUnknown,
    OutputGone,
    Prediction,
    PredictionState,
    ProviderAway,
    RemoteOutput,
)
from adreel_render.domain.errors import ContentPolicyViolation
from adreel_render.domain.purchases import JSON

VENDOR = Vendor(
    "gemini",
    "Gemini",
    "GEMINI_API_KEY",
    {"video": "ADREEL_GEMINI_VIDEO_MODEL", "image": "ADREEL_GEMINI_IMAGE_MODEL"},
)

_ASK_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_STATES = {
    "completed": PredictionState.SUCCEEDED,
    "failed": PredictionState.FAILED,
    "incomplete": PredictionState.FAILED,
    "budget_exceeded": PredictionState.FAILED,
    "cancelled": PredictionState.CANCELLED,
}
# Stopped by a limit: whatever is there is not the whole, and what was used is paid.
_PAID_FAILURES = frozenset({"incomplete", "budget_exceeded"})
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_FILE_ID = re.compile(r"files/[a-z0-9-]{1,64}")
_POLICY_REASONS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "MODEL_ARMOR",
        "JAILBREAK",
    }
)


class Gemini:
    """See `domain.attempts.GenerationProvider`."""

    name = VENDOR.name

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        api_version: str,
        blobs: BlobStore,
        webhook_url: str | None = None,
        create_seconds: float = 60.0,
    ) -> None:
        timeout = httpx2.Timeout(create_seconds, connect=min(_CONNECT_SECONDS, create_seconds))
        self._client = genai.Client(
            api_key=api_key,
            http_options=types.HttpOptions(
                base_url=base_url,
                api_version=api_version,
                timeout=round(create_seconds * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                async_client_args={"timeout": timeout, "trust_env": False},
            ),
        )
        self._blobs = blobs
        self._webhook_url = webhook_url
        self._create_seconds = create_seconds
        self._create_total_seconds = create_seconds + min(_CONNECT_SECONDS, create_seconds)

    async def aclose(self) -> None:
        await self._client.aio.aclose()

    def takes_seed(self, model: str) -> bool:
        return False

    async def prepare(self, attempt: Attempt) -> Mapping[str, JSON]:
        picture: dict[str, JSON] | None = None
        if attempt.reference is not None:
            ref = BlobRef(attempt.reference.sha256, attempt.reference.size_bytes)
            content = b"".join([piece async for piece in self._blobs.read(ref)])
            picture = {"data": base64.b64encode(content).decode(), "mime_type": attempt.reference.content_type}
        return _image_request(attempt, picture) if attempt.medium == "image" else self._video_request(attempt, picture)

    async def create(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        call = self._create_image if attempt.medium == "image" else self._create_video
        try:
            async with asyncio.timeout(self._create_total_seconds):
                return await call(attempt, request)
        except (NotCreated, OutcomeUnknown):
            raise
        except Exception as error:  # the SDK's errors have no common base, and a wrong guess costs money
            raise _creation_fault(error, attempt) from error

    async def fetch(self, provider_id: str) -> Prediction | None:
        if provider_id.startswith(_INLINE):
            # A picture comes with the answer to its creation and cannot be asked for again: while it is being kept it
            # is not known here, and if the one who kept it died it never will be.
            return None
        try:
            interaction = await self._client.aio.interactions.get(provider_id, timeout=_ASK_SECONDS)
        except Exception as error:  # see `create`
            if _status(error) == 404:
                return None
            raise ProviderAway(_reason(error)) from error
        return _prediction(interaction)

    async def cancel(self, provider_id: str) -> None:
        if provider_id.startswith(_INLINE):
            return
        try:
            await self._client.aio.interactions.cancel(provider_id, timeout=_ASK_SECONDS)
        except Exception as error:  # see `create`
            status = _status(error)
            if status is None or status == 429 or status >= 500:
                raise ProviderAway(_reason(error)) from error

    async def find(self, attempt: Attempt) -> Found | None:
        return None

    async def read_output(self, output: RemoteOutput, *, max_bytes: int) -> AsyncIterator[bytes]:
        if output.content is not None:
            if len(output.content) > max_bytes:
                raise OutputGone("the file is too large")
            yield output.content
            return
        with tempfile.TemporaryDirectory(prefix="gemini-") as folder:
            path = Path(folder) / "output"
            await self._download(str(output.url), path, max_bytes)
            with path.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, 256 * 1024):
                    yield piece

    async def _download(self, uri: str, path: Path, max_bytes: int) -> None:
        """Only the id is taken from the address and asked of our own base, so that the key goes nowhere else."""
        found = _FILE_ID.search(uri)
        if found is None:
            raise OutputGone("an address that names no file")
        try:
            with path.open("wb") as file:
                async with asyncio.timeout(300):
                    await self._client.aio.files.download(file=found.group(0), destination=_Limited(file, max_bytes))
        except OutputGone:
            raise
        except Exception as error:  # see `create`
            status = _status(error)
            if status in (400, 403, 404, 410):
                raise OutputGone(f"HTTP {status}") from error
            raise ProviderAway(_reason(error)) from error

    def _video_request(self, attempt: Attempt, picture: dict[str, JSON] | None) -> dict[str, JSON]:
        inputs = attempt.inputs
        words = str(inputs["prompt"])
        wanted = {"type": "video", "duration": f"{inputs['duration']:g}s", "delivery": "uri"}
        wanted |= {key: inputs[key] for key in ("resolution", "aspect_ratio") if inputs.get(key)}
        request: dict[str, JSON] = {
            "model": attempt.model,
            "input": words if picture is None else [{"type": "text", "text": words}, {"type": "image"} | picture],
            "response_format": wanted,
            "labels": {"attempt": str(attempt.id)},
        }
        if self._webhook_url is not None:
            request["webhook_config"] = {
                "uris": [self._webhook_url],
                "user_metadata": {"attempt": str(attempt.id)},
            }
        return request

    async def _create_video(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        interaction = await self._client.aio.interactions.create(
            **request, background=True, store=True, stream=False, timeout=self._create_seconds
        )
        prediction = _prediction(interaction)
        if prediction is None:
            raise OutcomeUnknown("a success without an id")
        return prediction

    async def _create_image(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        answer = await self._client.aio.models.generate_content(
            model=attempt.model,
            contents=request["contents"],
            config=types.GenerateContentConfig(
                response_modalities=["IMAGE"],
                image_config=types.ImageConfig(**request["image_config"]) if request["image_config"] else None,
            ),
        )
        return _image_prediction(answer, attempt)


_INLINE = "inline:"


class _Limited(io.RawIOBase):
    """A file that refuses to grow beyond a limit, for a download whose length nobody promised."""

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._file = file
        self._left = max_bytes

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:  # whatever has the buffer protocol, as the base class takes it
        self._left -= len(content)
        if self._left < 0:
            raise OutputGone("the file is too large")
        return self._file.write(content)


def webhook_attempt(body: bytes) -> tuple[str | None, str | None]:
    """The attempt's id and the interaction's id in a webhook's body; None where there are none."""
    try:
        value = json.loads(body)
    except ValueError:
        return None, None
    if not isinstance(value, dict):
        return None, None
    inner = value.get("data")
    data: dict[str, Any] = inner if isinstance(inner, dict) else value
    metadata = value.get("user_metadata") or data.get("user_metadata") or {}
    attempt = metadata.get("attempt") if isinstance(metadata, dict) else None
    found = data.get("id")
    return (attempt if isinstance(attempt, str) else None), (found if isinstance(found, str) else None)


def _image_request(attempt: Attempt, picture: dict[str, JSON] | None) -> dict[str, JSON]:
    parts: list[dict[str, JSON]] = [{"text": str(attempt.inputs["prompt"])}]
    if picture is not None:
        parts.append({"inline_data": picture})
    config = {key: attempt.inputs[key] for key in ("aspect_ratio", "image_size") if attempt.inputs.get(key)}
    return {"contents": [{"role": "user", "parts": parts}], "image_config": config}


def _prediction(interaction: Any) -> Prediction | None:  # the SDK's model, all of whose fields may be missing
    provider_id = getattr(interaction, "id", None)
    if not isinstance(provider_id, str) or not provider_id:
        return None
    faults = " ".join(
        f"{getattr(fault, 'code', '') or ''} {getattr(fault, 'message', '') or ''}".strip()
        for fault in getattr(interaction, "errors", None) or ()
    )
    status = str(getattr(interaction, "status", "") or "")
    return Prediction(
        provider_id=provider_id,
        state=_STATES.get(status, PredictionState.RUNNING),
        outputs=_outputs(interaction),
        error=faults or (status if status in _PAID_FAILURES else ""),
        is_blocked=is_safety(faults),
        is_failure_charged=status in _PAID_FAILURES,
    )


def _outputs(interaction: Any) -> tuple[RemoteOutput, ...]:  # see `_prediction`
    video = getattr(interaction, "output_video", None)
    if video is None:
        return ()
    if video.uri:
        return (RemoteOutput(url=video.uri),)
    if video.data:
        content = video.data if isinstance(video.data, bytes) else base64.b64decode(video.data)
        return (RemoteOutput(content=content),)
    return ()


def _image_prediction(answer: types.GenerateContentResponse, attempt: Attempt) -> Prediction:
    provider_id = f"{_INLINE}{answer.response_id or attempt.id}"
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason:
        told = feedback.block_reason_message or f"the prompt was blocked ({_name(feedback.block_reason)})"
        raise NotCreated(ContentPolicyViolation(f"Gemini refused the content: {told}", details={"provider": "gemini"}))
    candidates = answer.candidates or []
    parts = [part for one in candidates for part in (one.content.parts if one.content else None) or ()]
    outputs = tuple(RemoteOutput(content=part.inline_data.data) for part in parts if part.inline_data is not None)
    if outputs:
        return Prediction(provider_id, PredictionState.SUCCEEDED, outputs[:1])
    reasons = {_name(one.finish_reason) for one in candidates}
    said = next((one.finish_message for one in candidates if one.finish_message), None)
    is_blocked = bool(reasons & _POLICY_REASONS)
    return Prediction(
        provider_id,
        PredictionState.FAILED,
        error=said or f"no picture came ({', '.join(sorted(reasons)) or 'no answer'})",
        is_blocked=is_blocked,
    )


def _creation_fault(error: Exception, attempt: Attempt) -> Exception:
    status = _status(error)
    if status is not None:
        header = getattr(getattr(error, "response", None), "headers", {}).get("retry-after")
        return VENDOR.refusal(status, _reason(error), model=attempt.model, medium=attempt.medium, header=header)
    if isinstance(error, _NOT_SENT) or isinstance(error.__cause__, _NOT_SENT):
        return VENDOR.unreachable(_reason(error))
    return OutcomeUnknown(f"{type(error).__name__}: {_reason(error)}")


def _status(error: Exception) -> int | None:
    """The HTTP status of an error of either tree; None for one that has none (a broken connection, a bad body)."""
    if isinstance(error, errors.APIError):
        return int(error.code)
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and status >= 400 else None


def _reason(error: Exception) -> str:
    if isinstance(error, errors.APIError):
        return f"{error.status or ''} {error.message or ''} {json.dumps(error.details, default=str)[:500]}".strip()
    body = getattr(error, "body", None)
    return f"{error} {body if isinstance(body, str) else ''}".strip()[:800] or type(error).__name__


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")
