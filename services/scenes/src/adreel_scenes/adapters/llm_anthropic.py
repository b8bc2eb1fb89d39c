"""Anthropic's models through the real SDK.

`create` with `output_config` and our own reading: the SDK's `parse` raises an error without usage for a refusal or a
cut-off (PROVIDERS.md section 4). Servers that do not know `output_config` are asked for JSON in words alone.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import anthropic
from anthropic.types import Base64ImageSourceParam, ImageBlockParam, Message, MessageParam, TextBlockParam

from adreel_scenes.adapters import llm_faults
from adreel_scenes.adapters.llm_faults import Vendor
from adreel_scenes.adapters.llm_pictures import base64_of, labelled
from adreel_scenes.adapters.llm_reading import counted, read_answer, text_of, tokens
from adreel_scenes.adapters.llm_writer import Completion, JSONSchema, Turn
from adreel_scenes.domain.usage import Usage
from adreel_scenes.domain.writer_errors import WriterError

DEFAULT_MODEL = "claude-haiku-5-5"
# The SDK refuses limits for which an answer could take more than ten minutes; a storyboard needs about 2,000.
_MAX_TOKENS = 8_000
_OVERLOADED = 529
_MEDIA_TYPES: dict[str, Literal["image/jpeg", "image/png", "image/webp"]] = {
    "image/jpeg": "image/jpeg",
    "image/png": "image/png",
    "image/webp": "image/webp",
}


class AnthropicModel:
    """A `ChatModel` over Anthropic's messages."""

    provider = "anthropic"

    def __init__(
        self, *, api_key: str, model: str = DEFAULT_MODEL, base_url: str | None = None, timeout_seconds: float = 120.0
    ) -> None:
        self.model = model
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key, base_url=base_url, timeout=timeout_seconds, max_retries=0
        )
        self._vendor = Vendor(self.provider, model, "ANTHROPIC_API_KEY", "AI_MODEL")
        self._takes_schema = True

    async def complete(self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema) -> Completion:
        try:
            with read_answer(self._vendor):
                return self._from_message(await self._ask(system, turns, schema))
        except anthropic.APITimeoutError:
            raise llm_faults.timed_out(self._vendor) from None
        except anthropic.APIStatusError as error:
            raise self._status_fault(error) from error
        except anthropic.APIConnectionError as error:
            raise llm_faults.unreachable(self._vendor, str(error.__cause__ or error)) from error
        except (anthropic.APIError, json.JSONDecodeError) as error:
            raise llm_faults.unreachable(self._vendor, f"an answer that cannot be read ({error})") from error

    async def aclose(self) -> None:
        await self._client.close()

    async def _ask(self, system: str, turns: Sequence[Turn], schema: JSONSchema) -> Message:
        messages = [_message_of(turn) for turn in turns]
        if not self._takes_schema:
            return await self._client.messages.create(
                model=self.model, max_tokens=_MAX_TOKENS, system=system, messages=messages
            )
        try:
            return await self._client.messages.create(
                model=self.model,
                max_tokens=_MAX_TOKENS,
                system=system,
                messages=messages,
                output_config={"format": {"type": "json_schema", "schema": dict(schema)}},
            )
        except anthropic.BadRequestError as error:
            if "output_config" not in str(error):
                raise
            self._takes_schema = False
            return await self._ask(system, turns, schema)

    def _from_message(self, message: Message) -> Completion:
        used = message.usage
        cached = tokens(used.cache_read_input_tokens)
        usage = counted(
            Usage(
                calls=1,
                # Anthropic counts cached tokens beside the input; ours are part of it.
                input_tokens=tokens(used.input_tokens) + cached + tokens(used.cache_creation_input_tokens),
                output_tokens=tokens(used.output_tokens),
                cached_input_tokens=cached,
                request_ids=(message._request_id,) if message._request_id else (),
            )
        )
        text = "".join(text_of(block.text) for block in message.content or [] if block.type == "text")
        if message.stop_reason == "refusal":
            raise llm_faults.policy_violation(self._vendor, text or "the model refused", usage)
        if message.stop_reason in ("max_tokens", "model_context_window_exceeded"):
            raise llm_faults.truncated(self._vendor, usage)
        if message.stop_reason not in (None, "end_turn", "stop_sequence"):
            raise llm_faults.unreachable(self._vendor, f"the answer ended with {message.stop_reason}", usage)
        return Completion(text, usage)

    def _status_fault(self, error: anthropic.APIStatusError) -> WriterError:
        body = error.body if isinstance(error.body, dict) else {}
        found = body.get("error") if body else None
        inner = found if isinstance(found, dict) else {}
        kind, told = str(inner.get("type", "")), str(inner.get("message", "")) or error.message
        status = 503 if error.status_code == _OVERLOADED else error.status_code
        if status == 400 and "credit balance" in told:
            status = 402
        header = llm_faults.retry_after(error.response.headers.get("retry-after"))
        fault = llm_faults.status_fault(self._vendor, status, kind, told, retry_after_seconds=header)
        fault.usage = replace(fault.usage, request_ids=(error.request_id,) if error.request_id else ())
        return fault


def _message_of(turn: Turn) -> MessageParam:
    if turn.is_model:
        return {"role": "assistant", "content": turn.text}
    content: list[TextBlockParam | ImageBlockParam] = [{"type": "text", "text": turn.text}]
    for line, picture in labelled(turn):
        content.append({"type": "text", "text": line})
        source: Base64ImageSourceParam = {
            "type": "base64",
            "media_type": _MEDIA_TYPES[picture.media_type],
            "data": base64_of(picture),
        }
        content.append({"type": "image", "source": source})
    return {"role": "user", "content": content}
