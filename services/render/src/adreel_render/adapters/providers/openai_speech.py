"""Speech from OpenAI, or a server that speaks its `/v1/audio/speech`, through the real SDK with its retries off.

A speech comes with the answer to its creation: there is no id to ask again by, no list, nothing to cancel, and no
usage in the answer. What was lost on the way is counted as paid and bought once more (`domain.purchases.REPEATABLE`).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import httpx2
import openai
from adreel_kit.logging import get_logger

from adreel_render.adapters.providers.replies import Vendor
from adreel_render.domain.attempts import (
    Attempt,
    Found,
    NotCreated,
    OutcomeUnknown,
    OutputGone,
    Prediction,
    PredictionState,
    RemoteOutput,
)
from adreel_render.domain.purchases import JSON

log = get_logger(__name__)

VENDOR = Vendor("openai", "OpenAI", "OPENAI_API_KEY", {"voice": "VOICE_MODEL"})

DEFAULT_NAME = "coral"
"""A voice that every model of the kind has."""

# Lossless, and what compatible servers give whatever they are asked for.
_FORMAT = "wav"
_CONNECT_SECONDS = 5.0
# Ten minutes of 24 kHz speech; a server that sends more sends no speech.
_MOST_BYTES = 32 * 1024 * 1024
_INLINE = "inline:"


class OpenAISpeech:
    """See `domain.attempts.GenerationProvider`."""

    name = VENDOR.name

    def __init__(self, *, api_key: str, base_url: str | None, create_seconds: float = 60.0) -> None:
        """`base_url` ends in `/v1`; OpenAI's own where None."""
        connect_seconds = min(_CONNECT_SECONDS, create_seconds)
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url or "https://api.openai.com/v1",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=httpx2.Timeout(create_seconds, connect=connect_seconds, pool=connect_seconds),
                trust_env=False,
                follow_redirects=False,
            ),
        )
        # A bound on the whole, since an answer may also drip: it has to be over before an attempt counts as stale.
        self._create_seconds = create_seconds + connect_seconds

    async def aclose(self) -> None:
        await self._client.close()

    def takes_seed(self, model: str) -> bool:
        return False

    async def prepare(self, attempt: Attempt) -> Mapping[str, JSON]:
        return {"model": attempt.model, "response_format": _FORMAT, **attempt.inputs}

    async def create(self, attempt: Attempt, request: Mapping[str, JSON]) -> Prediction:
        try:
            async with asyncio.timeout(self._create_seconds):
                content = await self._spoken(attempt, request)
        except (NotCreated, OutcomeUnknown):
            raise
        except openai.APIStatusError as error:
            raise _refusal(error, attempt) from error
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise _broken(error) from error
        except (TimeoutError, openai.OpenAIError) as error:
            raise OutcomeUnknown(repr(error)) from error
        return Prediction(f"{_INLINE}{attempt.id}", PredictionState.SUCCEEDED, (RemoteOutput(content=content),))

    async def fetch(self, provider_id: str) -> Prediction | None:
        # It came with the answer to its creation: while that is being kept it is not known here, and if the one who
        # kept it died it never will be.
        return None

    async def cancel(self, provider_id: str) -> None:
        return None

    async def find(self, attempt: Attempt) -> Found | None:
        return None

    async def read_output(self, output: RemoteOutput, *, max_bytes: int) -> AsyncIterator[bytes]:
        if output.content is None or len(output.content) > max_bytes:
            raise OutputGone("there is no recording that could be kept")
        yield output.content

    async def _spoken(self, attempt: Attempt, request: Mapping[str, JSON]) -> bytes:
        content = bytearray()
        async with self._client.audio.speech.with_streaming_response.create(
            **request, timeout=openai.NOT_GIVEN
        ) as answer:
            log.info("voice.answered", purchase_id=str(attempt.id), request_id=answer.headers.get("x-request-id", ""))
            async for piece in answer.iter_bytes(64 * 1024):
                content += piece
                if len(content) > _MOST_BYTES:
                    raise OutcomeUnknown("the answer does not end")
        if not content:
            raise OutcomeUnknown("an answer without a body")
        return bytes(content)


def _refusal(error: openai.APIStatusError, attempt: Attempt) -> Exception:
    told = ""
    with suppress(httpx2.HTTPError, RuntimeError):
        told = str(error.code or "") + ": " + str(error.message)
    return VENDOR.refusal(
        error.status_code,
        told,
        model=attempt.model,
        medium=attempt.medium,
        header=error.response.headers.get("retry-after"),
    )


def _broken(error: Exception) -> Exception:
    """Nothing was sent where no connection came about; else nobody knows."""
    cause = error.__cause__ or error
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.UnsupportedProtocol):
        return VENDOR.unreachable(repr(cause))
    return OutcomeUnknown(repr(cause))
