"""What the stand-in's providers do alike: faults before, during and after a request."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from adreel_testkit.standins.serving import Dropped, until_gone
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.standins.video_state import VideoState

# Request and answer bodies are JSON objects of the provider's own shapes.
Body = dict[str, Any]


class ProviderRoutes:
    """What both providers do alike: faults before, during and after a request."""

    provider = ""

    def __init__(self, state: VideoState) -> None:
        self._state = state

    def _error(self, status: int, message: str, retry_after_seconds: float | None = None) -> Response:
        raise NotImplementedError

    def _fault(self, on: str, text: str) -> Fault | None:
        self._state.requests.append((self.provider, on))
        return self._state.faults.take(on, self.provider, text)

    async def _before(self, request: Request, fault: Fault | None) -> Response | None:
        """The answer where nothing is to happen at all."""
        if fault is None:
            return None
        if fault.kind == "status":
            return self._error(fault.status, fault.message, fault.retry_after_seconds)
        if fault.kind == "drop":
            return Dropped(201)
        if fault.kind == "hang":
            await until_gone(request, fault.delay_seconds)
            return Dropped(201)
        return None

    async def _after(self, request: Request, fault: Fault | None, answer: Response) -> Response:
        """The answer once it has happened."""
        kind = fault.kind if fault else ""
        if fault is None or kind == "outcome":
            return answer
        if kind == "created_status":
            return self._error(fault.status, fault.message, fault.retry_after_seconds)
        if kind == "created_broken":
            return Response('{"id": "', status_code=201, media_type="application/json")
        if kind == "delay":
            await asyncio.sleep(fault.delay_seconds)
            return answer
        if kind == "created_hang":
            await until_gone(request, fault.delay_seconds)
        return Dropped(201)


async def read_json(request: Request) -> Any:  # whatever the client sent
    try:
        return await request.json()
    except ValueError:
        return None


def base_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
