"""Video and picture providers in one process: Replicate's predictions and Gemini's interactions, with books of its own.

Written from the providers' documentation. It makes small files that play, unless a fault was ordered for the request;
every creation is booked before anything is answered, so a test counts what would have been paid for.

    async with VideoStandin(folder) as standin:
        standin.order(Fault("created_drop"))
        client = Replicate(token="any", base_url=standin.replicate_url, ...)

`python -m adreel_testkit.standins` runs it alone and prints the settings that lead to it; other processes order faults
by `POST /__standin/faults` and read the books at `GET /__standin/creations`.
"""

import time
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adreel_testkit.standins.serving import LoopbackServer
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.standins.video_gemini_routes import GeminiRoutes
from adreel_testkit.standins.video_ledger import Creation
from adreel_testkit.standins.video_replicate_routes import ReplicateRoutes
from adreel_testkit.standins.video_state import VideoState


def create_video_app(state: VideoState) -> Starlette:
    """The ASGI application over `state`."""
    replicate, gemini, control = ReplicateRoutes(state), GeminiRoutes(state), _ControlRoutes(state)
    return Starlette(
        routes=[
            Route("/v1/models/{owner:str}/{name:str}/predictions", replicate.create, methods=["POST"]),
            Route("/v1/predictions", replicate.list, methods=["GET"]),
            Route("/v1/predictions/{id:str}", replicate.get, methods=["GET"]),
            Route("/v1/predictions/{id:str}/cancel", replicate.cancel, methods=["POST"]),
            Route("/v1/files", replicate.upload, methods=["POST"]),
            Route("/v1/files/{id:str}", replicate.file, methods=["GET"]),
            Route("/v1/webhooks/default/secret", replicate.secret, methods=["GET"]),
            Route("/outputs/{name:str}", replicate.output, methods=["GET"]),
            Route("/__standin/faults", control.faults, methods=["POST", "DELETE"]),
            Route("/__standin/creations", control.creations, methods=["GET"]),
            Route("/{version:str}/interactions", gemini.create, methods=["POST"]),
            Route("/{version:str}/interactions/{id:str}", gemini.get, methods=["GET"]),
            Route("/{version:str}/interactions/{id:str}/cancel", gemini.cancel, methods=["POST"]),
            Route("/{version:str}/files/{call:str}", gemini.download, methods=["GET"]),
            Route("/{version:str}/models/{call:str}", gemini.generate, methods=["POST"]),
        ]
    )


class _ControlRoutes:
    """How other processes order faults and read the books."""

    def __init__(self, state: VideoState) -> None:
        self._state = state

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._state.faults.clear()
            return JSONResponse({})
        self._state.faults.order(*(Fault(**entry) for entry in await request.json()))
        return JSONResponse({})

    async def creations(self, request: Request) -> Response:
        now = time.time()
        return JSONResponse(
            [
                asdict(one) | {"status": one.status(now), "is_charged": one.is_charged(now)}
                for one in self._state.ledger.all()
            ]
        )


class VideoStandin(LoopbackServer):
    """The application on a loopback port, for the length of an `async with`."""

    def __init__(self, folder: Path | None = None, *, work_seconds: float = 0.0, port: int = 0) -> None:
        self.state = VideoState(folder, work_seconds=work_seconds)
        super().__init__(create_video_app(self.state), port=port)

    @property
    def replicate_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def creations(self) -> list[Creation]:
        return self.state.ledger.all()

    def order(self, *faults: Fault) -> None:
        """The next requests that fit meet these faults."""
        self.state.faults.order(*faults)
