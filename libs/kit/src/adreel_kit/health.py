"""Liveness, readiness and metrics of one process over HTTP: `/healthz`, `/readyz`, `/metrics`.

A process is alive as soon as its event loop turns, and ready once every named check passes; until then `/readyz`
answers 503 and says what it waits for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

# Passes by returning and fails by raising.
Check = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Health:
    """The checks of one process. `optional` ones are shown but do not hold readiness back."""

    service: str
    checks: dict[str, Check] = field(default_factory=dict)
    optional: dict[str, Check] = field(default_factory=dict)

    async def report(self) -> tuple[bool, dict[str, str]]:
        """Whether all required checks pass, and a word on each: `ok`, or what is wrong."""
        names = [*self.checks, *self.optional]
        results = await asyncio.gather(*(_outcome(check) for check in [*self.checks.values(), *self.optional.values()]))
        states = dict(zip(names, results, strict=True))
        return all(states[name] == "ok" for name in self.checks), states


async def _outcome(check: Check) -> str:
    try:
        async with asyncio.timeout(3):
            await check()
    except Exception as error:  # any failure means not ready; its class is enough for a probe
        return f"waiting ({type(error).__name__})"
    return "ok"


def health_routes(health: Health) -> list[Route]:
    """The three routes, to be mounted in a service's own web application."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": health.service})

    async def readyz(_: Request) -> Response:
        ready, states = await health.report()
        waiting = sorted(name for name, state in states.items() if state != "ok")
        body = {
            "status": "ready" if ready else "waiting",
            "service": health.service,
            "checks": states,
            "waitingFor": waiting,
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def serve_health(health: Health, *, host: str, port: int) -> None:
    """Serve the routes until cancelled: for processes that have no web application of their own."""
    await serve_asgi(Starlette(routes=health_routes(health)), host=host, port=port)


async def serve_asgi(app: object, *, host: str, port: int) -> None:
    """Run an ASGI application in this event loop until cancelled; the process handles its signals itself."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # any ASGI application
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        server_header=False,
        date_header=True,
    )
    server = _Server(config)
    try:
        await server.serve()
    except asyncio.CancelledError:
        server.should_exit = True
        raise


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Signals belong to the process runner."""
