"""What every stand-in provider needs: a loopback port to answer on, and ways to let a caller down."""

import asyncio
import socket
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class LoopbackServer:
    """An application on a loopback port, a free one unless named, for the length of an `async with`."""

    def __init__(self, app: Starlette, *, port: int = 0) -> None:
        self._port = port
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False))
        self._task: asyncio.Task[None] | None = None
        self.url = ""

    @property
    def host(self) -> str:
        """`host:port`, as settings name it."""
        return self.url.removeprefix("http://")

    async def __aenter__(self) -> Self:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        if self._task is not None:
            await self._task


class Dropped(Response):
    """Promises more bytes than it sends: the server closes the connection in the middle of the body."""

    def __init__(self, status: int = 200, begun: bytes = b'{"id": "') -> None:
        super().__init__(status_code=status)
        self._begun = begun

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self._begun, "more_body": False})


async def until_gone(request: Request, seconds: float) -> None:
    """Waits until the caller hangs up, at most `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
