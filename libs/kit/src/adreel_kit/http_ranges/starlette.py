"""The answer as a Starlette `Response`, which is what FastAPI wants a route to return."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adreel_kit.http_ranges.responses import BytesAnswer


class BytesResponse(Response):
    """Sends a `BytesAnswer`; its status and headers can be read like any response's."""

    def __init__(self, answer: BytesAnswer) -> None:
        self.answer = answer
        self.status_code = answer.status
        self.background = None
        self.body = b""
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answer(scope, receive, send)
        if self.background is not None:
            await self.background()
