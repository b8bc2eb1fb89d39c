"""OpenAI and every server that speaks its protocol, through the real SDK, in both of its styles.

`responses` is OpenAI's present style; `chat` is what compatible servers (Ollama, vLLM, llama.cpp) offer. Answers are
fetched with `create` and read by ourselves: with the SDK's `parse` a bad answer raises an error without usage or
request id (PROVIDERS.md section 1). The SDK's own retries are off: they would repeat paid requests out of our sight.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import openai
from openai.types.chat import ChatCompletion, ChatCompletionContentPartParam, ChatCompletionMessageParam
from openai.types.responses import (
    EasyInputMessageParam,
    Response,
    ResponseInputMessageContentListParam,
    ResponseInputParam,
)

from adreel_scenes.adapters import llm_faults
from adreel_scenes.adapters.llm_faults import Vendor
from adreel_scenes.adapters.llm_pictures import data_url, labelled
from adreel_scenes.adapters.llm_reading import counted, read_answer, text_of, tokens
from adreel_scenes.adapters.llm_writer import Completion, JSONSchema, Turn
from adreel_scenes.domain.usage import Usage
from adreel_scenes.domain.writer_errors import WriterError

DEFAULT_MODEL = "gpt-6-luna"
_MAX_OUTPUT_TOKENS = 16_000
# Servers on one's own machine need no key, but the SDK insists on one.
_NO_KEY = "not-needed"


class APIStyle(StrEnum):
    """Which of OpenAI's two text endpoints to use."""

    RESPONSES = "responses"
    CHAT = "chat"


class OpenAIModel:
    """A `ChatModel` over OpenAI's protocol."""

    provider = "openai"

    def __init__(
        self,
        *,
        api_key: str | None,
        model: str = DEFAULT_MODEL,
        base_url: str | None = None,
        style: APIStyle | None = None,
        timeout_seconds: float = 120.0,
    ) -> None:
        """Without a `style`, OpenAI itself is spoken to in its present one and other servers in the common one."""
        self.model = model
        self._style = style or (APIStyle.CHAT if base_url and "api.openai.com" not in base_url else APIStyle.RESPONSES)
        self._client = openai.AsyncOpenAI(
            api_key=api_key or _NO_KEY, base_url=base_url, timeout=timeout_seconds, max_retries=0
        )
        self._vendor = Vendor(self.provider, model, "OPENAI_API_KEY", "AI_MODEL")
        # Compatible servers often know no JSON schema; the first refusal tells, and the reader checks all the same.
        self._takes_schema = True

    async def complete(self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema) -> Completion:
        try:
            with read_answer(self._vendor):
                if self._style is APIStyle.RESPONSES:
                    return self._from_response(await self._respond(system, turns, schema_name, schema))
                return self._from_chat(await self._chat(system, turns, schema_name, schema))
        except openai.APITimeoutError:
            raise llm_faults.timed_out(self._vendor) from None
        except openai.APIStatusError as error:
            raise self._status_fault(error) from error
        except openai.APIConnectionError as error:
            raise llm_faults.unreachable(self._vendor, str(error.__cause__ or error)) from error
        except (openai.APIError, json.JSONDecodeError) as error:
            # A body that is no JSON comes through as it is; the call was made and may be charged.
            raise llm_faults.unreachable(self._vendor, f"an answer that cannot be read ({error})") from error

    async def aclose(self) -> None:
        await self._client.close()

    async def _respond(self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema) -> Response:
        messages: ResponseInputParam = [_response_message(turn) for turn in turns]
        return await self._client.responses.create(
            model=self.model,
            instructions=system,
            input=messages,
            text={"format": {"type": "json_schema", "name": schema_name, "schema": dict(schema), "strict": True}},
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            store=False,
        )

    async def _chat(self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema) -> ChatCompletion:
        messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": system}]
        for turn in turns:
            messages.append(_chat_message(turn))
        if not self._takes_schema:
            return await self._client.chat.completions.create(model=self.model, messages=messages)
        try:
            return await self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": schema_name, "schema": dict(schema), "strict": True},
                },
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if not any(
                word in str(error).casefold() for word in ("response_format", "json_schema", "schema", "strict")
            ):
                raise
            self._takes_schema = False
            return await self._client.chat.completions.create(model=self.model, messages=messages)

    def _from_response(self, response: Response) -> Completion:
        used = response.usage
        usage = counted(
            Usage(
                calls=1,
                input_tokens=tokens(used.input_tokens if used else 0),
                output_tokens=tokens(used.output_tokens if used else 0),
                cached_input_tokens=tokens(
                    used.input_tokens_details.cached_tokens if used and used.input_tokens_details else 0
                ),
                request_ids=_ids(response._request_id),
            )
        )
        texts: list[str] = []
        for item in response.output or []:
            if item.type != "message":
                continue
            for content in item.content:
                if content.type == "refusal":
                    raise llm_faults.policy_violation(self._vendor, str(content.refusal), usage)
                if content.type == "output_text":
                    texts.append(text_of(content.text))
        reason = response.incomplete_details.reason if response.incomplete_details else None
        if reason == "content_filter":
            raise llm_faults.policy_violation(self._vendor, "its content filter stopped the answer", usage)
        if reason == "max_output_tokens":
            raise llm_faults.truncated(self._vendor, usage)
        if response.status not in (None, "completed"):
            told = response.error.message if response.error else f"the response ended as {response.status}"
            raise llm_faults.unreachable(self._vendor, told, usage)
        return Completion("".join(texts), usage)

    def _from_chat(self, chat: ChatCompletion) -> Completion:
        used = chat.usage
        details = used.prompt_tokens_details if used else None
        usage = counted(
            Usage(
                calls=1,
                input_tokens=tokens(used.prompt_tokens if used else 0),
                output_tokens=tokens(used.completion_tokens if used else 0),
                cached_input_tokens=tokens(details.cached_tokens if details else 0),
                request_ids=_ids(chat._request_id),
            )
        )
        if not chat.choices:
            raise llm_faults.unreachable(self._vendor, "an answer without choices", usage)
        choice = chat.choices[0]
        if choice.message.refusal:
            raise llm_faults.policy_violation(self._vendor, str(choice.message.refusal), usage)
        if choice.finish_reason == "content_filter":
            raise llm_faults.policy_violation(self._vendor, "its content filter stopped the answer", usage)
        if choice.finish_reason == "length":
            raise llm_faults.truncated(self._vendor, usage)
        return Completion(text_of(choice.message.content or ""), usage)

    def _status_fault(self, error: openai.APIStatusError) -> WriterError:
        header = llm_faults.retry_after(error.response.headers.get("retry-after"))
        fault = llm_faults.status_fault(
            self._vendor, error.status_code, str(error.code or ""), _message(error), retry_after_seconds=header
        )
        if error.code == "insufficient_quota":
            fault = llm_faults.status_fault(self._vendor, 402, error.code, _message(error))
        fault.usage = replace(fault.usage, request_ids=_ids(error.request_id))
        return fault


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    return error.message


def _ids(request_id: str | None) -> tuple[str, ...]:
    return (request_id,) if request_id else ()


def _response_message(turn: Turn) -> EasyInputMessageParam:
    if turn.is_model or not turn.pictures:
        return {"role": "assistant" if turn.is_model else "user", "content": turn.text}
    content: ResponseInputMessageContentListParam = [{"type": "input_text", "text": turn.text}]
    for line, picture in labelled(turn):
        content.append({"type": "input_text", "text": line})
        content.append({"type": "input_image", "image_url": data_url(picture), "detail": "low"})
    return {"role": "user", "content": content}


def _chat_message(turn: Turn) -> ChatCompletionMessageParam:
    if turn.is_model:
        return {"role": "assistant", "content": turn.text}
    if not turn.pictures:
        return {"role": "user", "content": turn.text}
    content: list[ChatCompletionContentPartParam] = [{"type": "text", "text": turn.text}]
    for line, picture in labelled(turn):
        content.append({"type": "text", "text": line})
        content.append({"type": "image_url", "image_url": {"url": data_url(picture), "detail": "low"}})
    return {"role": "user", "content": content}
