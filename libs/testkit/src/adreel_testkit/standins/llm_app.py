"""Language-model providers in one process: OpenAI (chat, responses, speech), Anthropic messages, Gemini.

Written from the providers' documentation, so that the real SDKs run against it and both sides are checked. It answers
with storyboards made from the prompt, unless a fault was ordered for the request; every request is on its ledger, so a
test can count what would have been paid for.

    async with LLMStandin() as standin:
        standin.order(Fault("cutoff"))
        client = openai.AsyncOpenAI(base_url=standin.openai_url, api_key="any")

Other processes order faults by `POST /__standin/faults` and read the ledger at `GET /__standin/calls`.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adreel_testkit.standins import llm_anthropic, llm_gemini, llm_openai, llm_speech
from adreel_testkit.standins.llm_answers import answer_to
from adreel_testkit.standins.serving import Dropped, LoopbackServer, until_gone

# A request body as JSON; its shape is the business of each provider's module.
Body = Mapping[str, Any]

KINDS = frozenset(
    {
        "text",
        "body",
        "refusal",
        "policy",
        "cutoff",
        "broken_json",
        "broken_body",
        "wrong_schema",
        "status",
        "drop",
        "hang",
        "silent",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request. `provider` limits it to one of openai, anthropic, gemini, speech.

    text: the model says `text`; body: `text` is the whole HTTP body; refusal, policy: it or a filter refuses; cutoff:
    the token limit is hit; broken_json, wrong_schema: the answer's text is no JSON, or not of the form; broken_body:
    the HTTP body is no JSON; status: an error answer with `status`, `code`, `message` and `retry_after_seconds`; drop:
    the connection breaks off; hang: nothing comes for `delay_seconds`. Of speech: broken_body is no sound, and silent
    is one in which nothing is heard.
    """

    kind: str
    provider: str | None = None
    text: str = ""
    status: int = 500
    code: str = ""
    message: str = "The stand-in was told to fail."
    retry_after_seconds: float | None = None
    delay_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}; there are {', '.join(sorted(KINDS))}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came."""

    provider: str
    path: str
    body: Body
    headers: Mapping[str, str]
    fault: str | None


@dataclass(slots=True)
class LLMState:
    """What was ordered and what came."""

    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def next_fault(self, provider: str) -> Fault | None:
        for fault in self.faults:
            if fault.provider in (None, provider):
                self.faults.remove(fault)
                return fault
        return None


class Wire:
    """How one provider speaks: `check` refuses malformed requests, `prompt` finds the words, the rest makes bodies."""

    def __init__(
        self,
        provider: str,
        *,
        check: Callable[[Request, Body], tuple[int, str, str] | None],
        prompt: Callable[[Body], str],
        answer: Callable[[Request, Body, str, str], Body],
        error: Callable[[int, str, str, float | None], Body],
    ) -> None:
        self.provider = provider
        self.check = check
        self.prompt = prompt
        self.answer = answer
        self.error = error


_RESPONSES = Wire(
    "openai",
    check=llm_openai.check_responses,
    prompt=llm_openai.responses_prompt,
    answer=llm_openai.responses_answer,
    error=llm_openai.error_body,
)
_CHAT = Wire(
    "openai",
    check=llm_openai.check_chat,
    prompt=llm_openai.chat_prompt,
    answer=llm_openai.chat_answer,
    error=llm_openai.error_body,
)
_MESSAGES = Wire(
    "anthropic",
    check=llm_anthropic.check,
    prompt=llm_anthropic.prompt,
    answer=llm_anthropic.answer,
    error=llm_anthropic.error_body,
)
_GENERATE = Wire(
    "gemini",
    check=llm_gemini.check,
    prompt=llm_gemini.prompt,
    answer=llm_gemini.answer,
    error=llm_gemini.error_body,
)


def create_llm_app(state: LLMState | None = None) -> Starlette:
    """The ASGI application; `state` gives the test a hand on faults and ledger."""
    state = state or LLMState()

    def serve(wire: Wire) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            return await _serve(wire, state, request)

        return endpoint

    async def speech(request: Request) -> Response:
        return await _speak(state, request)

    async def faults(request: Request) -> Response:
        state.faults.extend(Fault(**entry) for entry in await request.json())
        return JSONResponse({"ordered": len(state.faults)})

    async def calls(request: Request) -> Response:
        return JSONResponse([{**asdict(call), "body": dict(call.body)} for call in state.calls])

    return Starlette(
        routes=[
            Route("/v1/responses", serve(_RESPONSES), methods=["POST"]),
            Route("/v1/chat/completions", serve(_CHAT), methods=["POST"]),
            Route("/v1/audio/speech", speech, methods=["POST"]),
            Route("/v1/messages", serve(_MESSAGES), methods=["POST"]),
            Route("/{version:str}/models/{call:str}", serve(_GENERATE), methods=["POST"]),
            Route("/__standin/faults", faults, methods=["POST"]),
            Route("/__standin/calls", calls, methods=["GET"]),
        ]
    )


async def _serve(wire: Wire, state: LLMState, request: Request) -> Response:
    body: Body = await request.json()
    if refused := wire.check(request, body):
        status, code, message = refused
        state.calls.append(Call(wire.provider, request.url.path, body, dict(request.headers), "refused"))
        return JSONResponse(dict(wire.error(status, code, message, None)), status_code=status)
    fault = state.next_fault(wire.provider)
    kind = fault.kind if fault else None
    state.calls.append(Call(wire.provider, request.url.path, body, dict(request.headers), kind))
    if fault is None:
        return JSONResponse(dict(wire.answer(request, body, answer_to(wire.prompt(body)), "stop")))
    if fault.kind == "status":
        headers = {} if fault.retry_after_seconds is None else {"retry-after": f"{fault.retry_after_seconds:g}"}
        error = wire.error(fault.status, fault.code, fault.message, fault.retry_after_seconds)
        return JSONResponse(dict(error), status_code=fault.status, headers=headers)
    if fault.kind == "drop":
        return Dropped()
    if fault.kind == "hang":
        await until_gone(request, fault.delay_seconds)
        return Dropped()
    if fault.kind == "body":
        return Response(fault.text.encode("utf-8", "surrogatepass"), media_type="application/json")
    if fault.kind == "broken_body":
        return Response("<html>Bad gateway", media_type="application/json")
    texts = {"broken_json": '{"scenes": [{"description": "A str', "wrong_schema": '{"pictures": 3}', "text": fault.text}
    ending = fault.kind if fault.kind in ("refusal", "policy", "cutoff") else "stop"
    return JSONResponse(dict(wire.answer(request, body, texts.get(fault.kind, '{"scenes": ['), ending)))


async def _speak(state: LLMState, request: Request) -> Response:
    """Sound, or JSON where it is refused."""
    body: Body = await request.json()
    refused = llm_openai.check_key(request) or llm_speech.check_speech(body)
    if refused:
        status, code, message = refused
        state.calls.append(Call("speech", request.url.path, body, dict(request.headers), "refused"))
        return JSONResponse(dict(llm_openai.error_body(status, code, message, None)), status_code=status)
    fault = state.next_fault("speech")
    state.calls.append(Call("speech", request.url.path, body, dict(request.headers), fault.kind if fault else None))
    if fault is None:
        return Response(llm_speech.spoken(body), media_type="audio/wav", headers={"x-request-id": uuid.uuid4().hex})
    if fault.kind == "status":
        headers = {} if fault.retry_after_seconds is None else {"retry-after": f"{fault.retry_after_seconds:g}"}
        error = llm_openai.error_body(fault.status, fault.code, fault.message, fault.retry_after_seconds)
        return JSONResponse(dict(error), status_code=fault.status, headers=headers)
    if fault.kind == "hang":
        await until_gone(request, fault.delay_seconds)
    if fault.kind == "silent":
        return Response(llm_speech.silence(2.0), media_type="audio/wav")
    if fault.kind in ("broken_body", "body"):
        return Response(fault.text.encode() or b"<html>Bad gateway", media_type="audio/wav")
    return Dropped()


class LLMStandin(LoopbackServer):
    """The application on a free loopback port, for the length of an `async with`."""

    def __init__(self) -> None:
        self.state = LLMState()
        super().__init__(create_llm_app(self.state))

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def calls(self) -> list[Call]:
        return self.state.calls

    def order(self, *faults: Fault) -> None:
        """The next requests meet these faults, one each."""
        self.state.faults.extend(faults)
