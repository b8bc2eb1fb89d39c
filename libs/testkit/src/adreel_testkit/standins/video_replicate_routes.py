"""Replicate's predictions, files and delivery host, as routes of the stand-in."""

import asyncio
import json
import time
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adreel_testkit.standins import video_replicate
from adreel_testkit.standins.video_routes import Body, ProviderRoutes, base_of, read_json
from adreel_testkit.standins.video_state import VideoState


class ReplicateRoutes(ProviderRoutes):
    provider = "replicate"

    def __init__(self, state: VideoState) -> None:
        super().__init__(state)
        self._files: dict[str, Body] = {}

    def _error(self, status: int, message: str, retry_after_seconds: float | None = None) -> Response:
        detail = message
        headers = {}
        if status == 429:
            seconds = 30 if retry_after_seconds is None else retry_after_seconds
            detail = f"Request was throttled. Your rate limit resets in ~{seconds:g}s."
            if retry_after_seconds is not None:
                headers = {"retry-after": f"{retry_after_seconds:g}"}
        return JSONResponse(video_replicate.error_body(status, detail), status_code=status, headers=headers)

    async def create(self, request: Request) -> Response:
        body = await read_json(request)
        model = f"{request.path_params['owner']}/{request.path_params['name']}"
        if refused := self._unauthorised(request):
            return refused
        if model in self._state.retired_models:
            return self._error(404, "The requested resource could not be found.")
        if problem := video_replicate.check(model, body):
            return self._error(*problem)
        fault = self._fault("create", json.dumps(body))
        if answer := await self._before(request, fault):
            return answer
        inputs = body["input"]
        creation = self._state.ledger.create(
            self.provider,
            model,
            inputs,
            work_seconds=self._state.work_seconds,
            outcome=fault.outcome if fault else "succeeded",
            price_micros=video_replicate.price_micros(model, inputs),
            extra={"webhook": body.get("webhook"), "cancel_after": request.headers.get("cancel-after")},
        )
        if body.get("webhook"):
            self._state.call_back(creation, body["webhook"], base_of(request))
        made = video_replicate.prediction(creation, base_of(request), creation.created_at - 1)
        return await self._after(request, fault, JSONResponse(made | {"status": "starting"}, status_code=201))

    async def get(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        creation = self._state.ledger.find(request.path_params["id"], self.provider)
        fault = self._fault("get", request.url.path)
        if answer := await self._before(request, fault):
            return answer
        if creation is None:
            return self._error(404, "The requested resource could not be found.")
        creation.polls += 1
        answer = JSONResponse(video_replicate.prediction(creation, base_of(request), time.time()))
        return await self._after(request, fault, answer)

    async def list(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        fault = self._fault("list", "")
        if answer := await self._before(request, fault):
            return answer
        query = request.query_params
        page = video_replicate.page(
            self._state.ledger.all(self.provider),
            base_of(request),
            time.time(),
            after=_moment(query.get("created_after")),
            before=_moment(query.get("created_before")),
            cursor=int(query.get("cursor", "0")),
        )
        return await self._after(request, fault, JSONResponse(page))

    async def cancel(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        creation = self._state.ledger.find(request.path_params["id"], self.provider)
        fault = self._fault("cancel", request.url.path)
        if answer := await self._before(request, fault):
            return answer
        if creation is None:
            return self._error(404, "The requested resource could not be found.")
        self._state.ledger.cancel(creation)
        return JSONResponse(video_replicate.prediction(creation, base_of(request), time.time()))

    async def upload(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        fault = self._fault("upload", "")
        if answer := await self._before(request, fault):
            return answer
        file = video_replicate.uploaded_file(
            request.headers.get("content-type", ""), await request.body(), base_of(request), time.time()
        )
        if file is None:
            return self._error(422, "- content: is required")
        self._files[file["id"]] = file
        return JSONResponse(file, status_code=201)

    async def file(self, request: Request) -> Response:
        if refused := self._unauthorised(request):
            return refused
        file = self._files.get(request.path_params["id"])
        return JSONResponse(file) if file else self._error(404, "The requested resource could not be found.")

    async def secret(self, request: Request) -> Response:
        return self._unauthorised(request) or JSONResponse({"key": self._state.webhook_secret})

    async def output(self, request: Request) -> Response:
        """The delivery host: open to anyone who knows the address, so nobody should show a key here."""
        if "authorization" in request.headers:
            self._state.ledger.note_key_on_download(request.url.path)
        creation = self._state.ledger.find(request.path_params["name"].split(".")[0], self.provider)
        fault = self._fault("output", request.url.path)
        if answer := await self._before(request, fault):
            return answer
        if creation is None:
            return Response(status_code=404)
        content = await asyncio.to_thread(self._state.film, creation)
        is_film = creation.model.startswith("google/veo")
        return Response(content, media_type="video/mp4" if is_film else "image/jpeg")

    def _unauthorised(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or "wrong" in token:
            return self._error(401, "You did not pass a valid authentication token")
        return None


def _moment(text: str | None) -> float | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None
