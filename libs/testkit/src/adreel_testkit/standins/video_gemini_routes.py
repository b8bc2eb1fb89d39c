"""Gemini's interactions and pictures, as routes of the stand-in."""

import asyncio
import json
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adreel_testkit.standins import video_gemini
from adreel_testkit.standins.video_ledger import Creation
from adreel_testkit.standins.video_media import make_picture
from adreel_testkit.standins.video_routes import Body, ProviderRoutes, read_json


class GeminiRoutes(ProviderRoutes):
    provider = "gemini"

    def _error(self, status: int, message: str, retry_after_seconds: float | None = None) -> Response:
        return JSONResponse(video_gemini.error_body(status, message, retry_after_seconds), status_code=status)

    async def create(self, request: Request) -> Response:
        body = await read_json(request)
        if refused := self._unauthorised(request):
            return refused
        if problem := video_gemini.check_interaction(body):
            return self._error(*problem)
        fault = self._fault("create", json.dumps(body))
        if answer := await self._before(request, fault):
            return answer
        creation = self._state.ledger.create(
            self.provider,
            body["model"],
            {"input": _words(body["input"]), "response_format": body["response_format"]},
            work_seconds=self._state.work_seconds,
            outcome=fault.outcome if fault else "succeeded",
            price_micros=video_gemini.price_micros(body),
            extra={"labels": body.get("labels", {}), "webhook_config": body.get("webhook_config")},
        )
        made = await self._body(request, creation, creation.created_at - 1)
        return await self._after(request, fault, JSONResponse(made))

    async def get(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        creation = self._state.ledger.find(request.path_params["id"], self.provider)
        fault = self._fault("get", request.url.path)
        if answer := await self._before(request, fault):
            return answer
        if creation is None:
            return self._error(404, "Requested entity was not found.")
        creation.polls += 1
        return await self._after(request, fault, JSONResponse(await self._body(request, creation, time.time())))

    async def cancel(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        creation = self._state.ledger.find(request.path_params["id"], self.provider)
        if creation is None:
            return self._error(404, "Requested entity was not found.")
        self._fault("cancel", request.url.path)
        self._state.ledger.cancel(creation)
        return JSONResponse(await self._body(request, creation, time.time()))

    async def download(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        creation = self._state.ledger.find(request.path_params["call"].split(":")[0], self.provider)
        fault = self._fault("output", request.url.path)
        if answer := await self._before(request, fault):
            return answer
        if creation is None:
            return self._error(404, "Requested entity was not found.")
        return Response(await asyncio.to_thread(self._state.film, creation), media_type="video/mp4")

    async def generate(self, request: Request) -> Response:
        body = await read_json(request)
        model, _, method = request.path_params["call"].partition(":")
        if refused := self._unauthorised(request):
            return refused
        if method != "generateContent":
            return self._error(404, "Method not found.")
        if problem := video_gemini.check_image(model, body):
            return self._error(*problem)
        fault = self._fault("create", json.dumps(body))
        if answer := await self._before(request, fault):
            return answer
        outcome = fault.outcome if fault else "succeeded"
        creation = self._state.ledger.create(
            self.provider,
            model,
            {"contents": _words(body["contents"])},
            work_seconds=0.0,
            outcome=outcome,
            price_micros=video_gemini.PICTURE_MICROS,
        )
        ratio = ((body.get("generationConfig") or {}).get("imageConfig") or {}).get("aspectRatio", "1:1")
        picture = None if outcome == "safety" else make_picture(aspect_ratio=ratio, seed=len(creation.id))
        return await self._after(request, fault, JSONResponse(video_gemini.image_answer(creation, picture)))

    async def _body(self, request: Request, creation: Creation, now: float) -> Body:
        is_inline = creation.inputs["response_format"].get("delivery") == "inline"
        content = await asyncio.to_thread(self._state.film, creation) if is_inline else None
        return video_gemini.interaction(creation, request.path_params["version"], now, content)

    def _unauthorised(self, request: Request) -> Response | None:
        key = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
        if not key or "wrong" in key:
            return self._error(400, "API key not valid. Please pass a valid API key.")
        return None


def _words(value: object) -> str:
    """The text of an input, pictures left out: the books keep no megabytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(_words, value)))
    if isinstance(value, dict):
        return str(value.get("text") or "") or _words(value.get("parts") or value.get("content") or "")
    return ""
