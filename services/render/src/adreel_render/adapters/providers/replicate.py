"""Replicate over its HTTP API, by a small client of our own.

The SDK re-sends creations, drops time-outs and hands our token to whatever host an output names (PROVIDERS.md section
3); here a creation is one POST, answers are parsed leniently (only `id` and `status` are needed), and outputs are
fetched through the download guard without any token.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from adreel_kit.blobs.port import BlobRef, BlobStore

from adreel_render.adapters.providers.outputs import OutputGuard
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
from adreel_render.domain.errors import ProviderRejected
from adreel_render.domain.purchases import JSON

VENDOR = Vendor(
    "replicate",
    "Replicate",
    "REPLICATE_API_TOKEN",
    {"video": "ADREEL_REPLICATE_VIDEO_MODEL", "image": "ADREEL_REPLICATE_IMAGE_MODEL"},
)
OUTPUT_DOMAINS = ("replicate.delivery",)

_CONNECT_SECONDS = 5.0
_ASK = httpx.Timeout(20.0, connect=5.0, pool=5.0)
_UPLOAD = httpx.Timeout(120.0, connect=5.0, pool=5.0)
# Documented limit up to which a data URI is taken in place of an address.
_DATA_URI_BYTES = 256 * 1024
_LARGEST_ANSWER_BYTES = 8 * 1024 * 1024
_SLACK = timedelta(seconds=60)
_MOST_PAGES = 20
# Inputs are wiped an hour after the end; before that a list with all its inputs can be trusted.
_LISTABLE_SECONDS = 50 * 60.0
_STATES = {
    "succeeded": PredictionState.SUCCEEDED,
    "successful": PredictionState.SUCCEEDED,
    "failed": PredictionState.FAILED,
    "canceled": PredictionState.CANCELLED,
    "cancelled": PredictionState.CANCELLED,
    "aborted": PredictionState.EXPIRED,
}
# Pictures come back shortened or rewritten, so they say nothing about whether two inputs are the same.
_PICTURE_FIELDS = frozenset({"image", "last_frame", "reference_images"})


class Replicate:
    """See `domain.attempts.GenerationProvider`."""

    name = VENDOR.name

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        blobs: BlobStore,
        outputs: OutputGuard,
        deadline_seconds: float,
        webhook_url: str | None = None,
        create_seconds: float = 60.0,
    ) -> None:
        """`base_url` ends in `/v1`; `webhook_url`, if any, is the https address that Replicate shall call."""
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers={"authorization": f"Bearer {token}", "user-agent": "adreel/1"},
            trust_env=False,
            follow_redirects=False,
        )
        self._blobs = blobs
        self._outputs = outputs
        self._cancel_after = f"{max(1, round(deadline_seconds / 60))}m"
        self._webhook_url = webhook_url
        connect_seconds = min(_CONNECT_SECONDS, create_seconds)
        self._create_timeout = httpx.Timeout(create_seconds, connect=connect_seconds, pool=connect_seconds)
        # A bound on the whole, since an answer may also drip: it has to be over before an attempt counts as stale.
        self._create_seconds = create_seconds + connect_seconds

    async def aclose(self) -> None:
        await self._client.aclose()

    def takes_seed(self, model: str) -> bool:
        # imagen has no seed; its attempts are told apart by owner, not by input.
        return "veo" in model

    async def prepare(self, attempt: Attempt) -> Mapping[str, JSON]:
        inputs = dict(attempt.inputs)
        reference = attempt.reference
        if reference is not None:
            address = await self._address_of(attempt)
            if reference.use == "subject":
                inputs["reference_images"] = [address]
            else:
                inputs["image"] = address
        body: dict[str, JSON] = {"input": inputs}
        if self._webhook_url is not None:
            body["webhook"] = f"{self._webhook_url}?{urlencode({'attempt': str(attempt.id)})}"
            body["webhook_events_filter"] = ["start", "completed"]
        return body

    async def create(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        try:
            async with asyncio.timeout(self._create_seconds):
                answer = await self._client.post(
                    f"models/{attempt.model}/predictions",
                    json=request,
                    headers={"cancel-after": self._cancel_after},
                    timeout=self._create_timeout,
                )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise VENDOR.unreachable(repr(error)) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown(repr(error)) from error
        if answer.status_code not in (200, 201, 202):
            raise VENDOR.refusal(
                answer.status_code,
                _told(answer),
                model=attempt.model,
                medium=attempt.medium,
                header=answer.headers.get("retry-after"),
            )
        prediction = _prediction(_json(answer))
        if prediction is None:
            raise OutcomeUnknown("a success that cannot be read")
        return prediction

    async def fetch(self, provider_id: str) -> Prediction | None:
        answer = await self._ask("GET", f"predictions/{_safe(provider_id)}")
        if answer.status_code == 404:
            return None
        prediction = _prediction(_json(answer)) if answer.status_code == 200 else None
        if prediction is None or prediction.provider_id != provider_id:
            raise ProviderAway(f"HTTP {answer.status_code} for a prediction")
        return prediction

    async def cancel(self, provider_id: str) -> None:
        answer = await self._ask("POST", f"predictions/{_safe(provider_id)}/cancel")
        # One that has ended cannot be cancelled, which is all the same to us.
        if answer.status_code == 429 or answer.status_code >= 500:
            raise ProviderAway(f"HTTP {answer.status_code} for a cancellation")

    async def find(self, attempt: Attempt) -> Found | None:
        assert attempt.submit_started_at is not None, "only what was sent is looked for"
        since = attempt.submit_started_at - _SLACK
        matches: list[tuple[str, str]] = []
        is_conclusive = (attempt.submit_age or 0.0) < _LISTABLE_SECONDS
        async for entry in self._listed(since):
            if not _is_of_model(entry, attempt.model):
                continue
            inputs = entry.get("input")
            if entry.get("data_removed") or not isinstance(inputs, dict) or not inputs:
                is_conclusive = False
            elif _comparable(inputs) == _comparable(attempt.inputs):
                matches.append((str(entry.get("created_at") or ""), str(entry["id"])))
        return Found(tuple(provider_id for _, provider_id in sorted(matches)), is_conclusive)

    async def read_output(self, output: RemoteOutput, *, max_bytes: int) -> AsyncIterator[bytes]:
        if output.url is None:
            raise OutputGone("there is no address")
        async for piece in self._outputs.read(output.url, max_bytes=max_bytes):
            yield piece

    async def _listed(self, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
        query = urlencode({"created_after": since.astimezone(UTC).isoformat().replace("+00:00", "Z")})
        path = f"predictions?{query}"
        for _ in range(_MOST_PAGES):
            answer = await self._ask("GET", path)
            body = _json(answer) if answer.status_code == 200 else None
            if not isinstance(body, dict) or not isinstance(body.get("results"), list):
                raise ProviderAway(f"HTTP {answer.status_code} for the list of predictions")
            for entry in body["results"]:
                if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                    if _is_older(entry, since):
                        return
                    yield entry
            following = _next_page(body.get("next"))
            if following is None:
                return
            path = following
        raise ProviderAway("the list of predictions does not end")

    async def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            return await self._client.request(method, path, timeout=_ASK)
        except httpx.HTTPError as error:
            raise ProviderAway(repr(error)) from error

    async def _address_of(self, attempt: Attempt) -> str:
        """The reference picture as the API takes it: in the request when small, else uploaded."""
        reference = attempt.reference
        assert reference is not None, "asked for with one only"
        ref = BlobRef(reference.sha256, reference.size_bytes)
        content = b"".join([piece async for piece in self._blobs.read(ref)])
        if len(content) <= _DATA_URI_BYTES:
            return f"data:{reference.content_type};base64,{base64.b64encode(content).decode()}"
        try:
            answer = await self._client.post(
                "files",
                files={"content": (f"{reference.sha256[:16]}", content, reference.content_type)},
                data={"type": reference.content_type},
                timeout=_UPLOAD,
            )
        except httpx.HTTPError as error:
            raise VENDOR.unreachable(repr(error)) from error
        if answer.status_code not in (200, 201):
            refusal = VENDOR.refusal(
                answer.status_code,
                _told(answer),
                model=attempt.model,
                medium=attempt.medium,
                header=answer.headers.get("retry-after"),
            )
            # An upload costs nothing, so even an unclear one may be repeated.
            raise refusal if isinstance(refusal, NotCreated) else VENDOR.unreachable(str(refusal))
        body = _json(answer)
        urls = body.get("urls") if isinstance(body, dict) else None
        address = urls.get("get") if isinstance(urls, dict) else None
        if not isinstance(address, str):
            raise NotCreated(ProviderRejected("Replicate took the picture and did not say where it is."))
        return address


def webhook_prediction(body: bytes) -> str | None:
    """The id of the prediction that a webhook tells of."""
    try:
        prediction = _prediction(json.loads(body))
    except ValueError:
        return None
    return prediction.provider_id if prediction else None


def _prediction(value: object) -> Prediction | None:
    """Whatever has an id and a status; unknown fields and statuses do no harm."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not isinstance(value.get("status"), str):
        return None
    if not value["id"]:
        return None
    error = value.get("error")
    text = error if isinstance(error, str) else "" if error is None else json.dumps(error)[:500]
    return Prediction(
        provider_id=value["id"],
        state=_STATES.get(value["status"], PredictionState.RUNNING),
        outputs=tuple(RemoteOutput(url=url) for url in _urls(value.get("output"))),
        error=text,
        is_blocked=is_safety(text),
        was_running=value.get("started_at") is not None,
    )


def _next_page(url: object) -> str | None:
    """The next page's query on our own base: the token goes nowhere else."""
    return f"predictions?{urlsplit(url).query}" if isinstance(url, str) and url else None


def _urls(output: object) -> list[str]:
    if isinstance(output, str):
        return [output] if output else []
    if isinstance(output, dict):
        return _urls(output.get("url") or output.get("video") or output.get("image"))
    if isinstance(output, list):
        return [url for entry in output for url in _urls(entry)]
    return []


def _comparable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key not in _PICTURE_FIELDS and value is not None}


def _is_of_model(entry: Mapping[str, Any], model: str) -> bool:
    return str(entry.get("model") or "").split(":")[0] == model


def _is_older(entry: Mapping[str, Any], since: datetime) -> bool:
    try:
        created = datetime.fromisoformat(str(entry.get("created_at")).replace("Z", "+00:00"))
    except ValueError:
        return False
    return created.tzinfo is not None and created < since


def _safe(provider_id: str) -> str:
    """An id as one segment of a path: what is none of ours is asked for as nothing that exists."""
    return provider_id if provider_id.replace("-", "").replace("_", "").isalnum() else "-"


def _json(answer: httpx.Response) -> Any:  # whatever the provider sends
    try:
        return answer.json() if len(answer.content) <= _LARGEST_ANSWER_BYTES else None
    except ValueError:
        return None


def _told(answer: httpx.Response) -> str:
    body = _json(answer)
    if isinstance(body, dict):
        said = [str(body[key]) for key in ("title", "detail", "error") if body.get(key)]
        if said:
            return ": ".join(said)
    return answer.text[:300]
