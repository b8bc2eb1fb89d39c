"""Google's Gemini models through the real SDK.

Failures are silent there: a blocked prompt, a cut-off and text that fits no schema all return normally (PROVIDERS.md
section 2). So the answer is judged in this order: was the prompt blocked, how did the candidate end, what does it say.
"""

import json
import re
from collections.abc import Sequence

import httpx2
from google import genai
from google.genai import errors, types

from adreel_scenes.adapters import llm_faults
from adreel_scenes.adapters.llm_faults import Vendor
from adreel_scenes.adapters.llm_pictures import labelled
from adreel_scenes.adapters.llm_reading import counted, read_answer, tokens
from adreel_scenes.adapters.llm_schemas import without_additional_properties
from adreel_scenes.adapters.llm_writer import Completion, JSONSchema, Turn
from adreel_scenes.domain.usage import Usage
from adreel_scenes.domain.writer_errors import WriterError

DEFAULT_MODEL = "gemini-3.8-flash"
_MAX_OUTPUT_TOKENS = 16_000
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
_RETRY_DELAY = re.compile(r"retryDelay\W+(\d+(?:\.\d+)?)s|retry in (\d+(?:\.\d+)?)\s?s", re.IGNORECASE)


class GeminiModel:
    """A `ChatModel` over Gemini's `generateContent`."""

    provider = "gemini"

    def __init__(
        self,
        *,
        api_key: str,
        model: str = DEFAULT_MODEL,
        base_url: str | None = None,
        api_version: str = "v1beta",
        timeout_seconds: float = 120.0,
    ) -> None:
        """`api_version` is `v1` or `v1beta`; many gateways serve the latter alone."""
        self.model = model
        # The SDK's timeout is in milliseconds; without retry options it makes one attempt.
        options = types.HttpOptions(base_url=base_url, api_version=api_version, timeout=round(timeout_seconds * 1000))
        self._client = genai.Client(api_key=api_key, http_options=options)
        self._vendor = Vendor(self.provider, model, "GEMINI_API_KEY", "AI_MODEL")

    async def complete(self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema) -> Completion:
        config = types.GenerateContentConfig(
            system_instruction=system,
            response_mime_type="application/json",
            response_schema=without_additional_properties(schema),
            max_output_tokens=_MAX_OUTPUT_TOKENS,
        )
        contents: list[types.ContentUnion] = [
            types.Content(role="model" if turn.is_model else "user", parts=_parts(turn)) for turn in turns
        ]
        try:
            with read_answer(self._vendor):
                answer = await self._client.aio.models.generate_content(
                    model=self.model, contents=contents, config=config
                )
                return self._from_answer(answer)
        except errors.APIError as error:
            raise self._status_fault(error) from error
        except httpx2.TimeoutException:
            raise llm_faults.timed_out(self._vendor) from None
        except httpx2.HTTPError as error:
            raise llm_faults.unreachable(self._vendor, str(error) or type(error).__name__) from error
        except errors.UnknownApiResponseError as error:
            raise llm_faults.unreachable(self._vendor, f"an answer that cannot be read ({error})") from error

    async def aclose(self) -> None:
        await self._client.aio.aclose()

    def _from_answer(self, answer: types.GenerateContentResponse) -> Completion:
        used = answer.usage_metadata
        usage = counted(
            Usage(
                calls=1,
                input_tokens=tokens(used.prompt_token_count if used else 0),
                # Thinking is billed as output.
                output_tokens=tokens(used.candidates_token_count) + tokens(used.thoughts_token_count) if used else 0,
                cached_input_tokens=tokens(used.cached_content_token_count if used else 0),
                request_ids=(answer.response_id,) if answer.response_id else (),
            )
        )
        feedback = answer.prompt_feedback
        if feedback and feedback.block_reason:
            told = feedback.block_reason_message or f"the prompt was blocked ({_name(feedback.block_reason)})"
            raise llm_faults.policy_violation(self._vendor, told, usage)
        if not answer.candidates:
            raise llm_faults.unreachable(self._vendor, "an answer without candidates", usage)
        candidate = answer.candidates[0]
        reason = _name(candidate.finish_reason)
        if reason in _POLICY_REASONS:
            told = candidate.finish_message or f"the answer was stopped ({reason})"
            raise llm_faults.policy_violation(self._vendor, told, usage)
        if reason == "MAX_TOKENS":
            raise llm_faults.truncated(self._vendor, usage)
        if reason not in ("STOP", ""):
            raise llm_faults.unreachable(self._vendor, f"the answer ended with {reason}", usage)
        parts = (candidate.content.parts if candidate.content else None) or []
        return Completion("".join(part.text for part in parts if part.text and not part.thought), usage)

    def _status_fault(self, error: errors.APIError) -> WriterError:
        told = str(error.message or "")
        details = json.dumps(error.details) if error.details else ""
        found = _RETRY_DELAY.search(f"{details} {told}")
        delay = float(found.group(1) or found.group(2)) if found else None
        status = 400 if error.code == 400 else int(error.code or 500)
        return llm_faults.status_fault(self._vendor, status, str(error.status or ""), told, retry_after_seconds=delay)


def _parts(turn: Turn) -> list[types.Part]:
    parts = [types.Part(text=turn.text)]
    for line, picture in labelled(turn):
        parts.append(types.Part(text=line))
        parts.append(types.Part.from_bytes(data=picture.content, mime_type=picture.media_type))
    return parts


def _name(reason: object) -> str:
    """The name of a reason, also of one that this SDK does not know yet."""
    value = getattr(reason, "value", reason)
    return str(value or "").removeprefix("FINISH_REASON_UNSPECIFIED")
