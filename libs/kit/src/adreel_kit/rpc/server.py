"""A gRPC server with our interceptor and the standard health service.

Every method may raise: an `AppError` becomes its status with code and facts in the trailers, anything else is logged
as a bug and becomes INTERNAL with a neutral message. The caller's correlation id is bound for the length of the call.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from adreel_kit.db import DatabaseUnavailable
from adreel_kit.envelope import Story, enter_story
from adreel_kit.errors import AppError, ErrorFacts
from adreel_kit.ids import new_id
from adreel_kit.logging import get_logger
from adreel_kit.rpc.wire import CORRELATION_KEY, status_of, to_trailer

log = get_logger(__name__)

# What asyncpg raises while its server is away: an outage, not a bug of the method that met it.
_DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
)

# Messages are small by contract (bytes travel as 256 KiB chunks), so the default 4 MiB cap stays.
_OPTIONS = (
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.so_reuseport", 0),
)


class RpcServer:
    """One process's gRPC server. `add` registers servicers before `start`."""

    def __init__(self, bind: str) -> None:
        self._server = grpc.aio.server(interceptors=[_Edge()], options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._server.add_insecure_port(bind)
        if self.port == 0:
            raise OSError(f"cannot listen on {bind}")

    def add(self, register: Callable[[Any, grpc.aio.Server], None], servicer: object) -> None:
        """Register a servicer with its generated `add_...Servicer_to_server` function."""
        register(servicer, self._server)

    async def start(self) -> None:
        await self._server.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    async def run(self) -> None:
        """Serve until cancelled; calls under way get two seconds to finish."""
        await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace=2)


class _Edge(grpc.aio.ServerInterceptor):
    """Wraps every method with error mapping and context."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith("/grpc.health."):
            return handler
        if handler.response_streaming:
            return handler._replace(
                unary_stream=_streaming(handler.unary_stream, method) if handler.unary_stream else None,
                stream_stream=_streaming(handler.stream_stream, method) if handler.stream_stream else None,
            )
        return handler._replace(
            unary_unary=_answering(handler.unary_unary, method) if handler.unary_unary else None,
            stream_unary=_answering(handler.stream_unary, method) if handler.stream_unary else None,
        )


def _answering(method: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
    async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        _bind(context, name)
        try:
            return await method(request, context)
        except Exception as error:  # the edge of the service: nothing passes it unmapped
            await _abort(error, context, name)

    return answer


def _streaming(method: Callable[..., AsyncIterator[Any]], name: str) -> Callable[..., AsyncIterator[Any]]:
    async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        _bind(context, name)
        try:
            async for message in method(request, context):
                yield message
        except Exception as error:  # the edge of the service: nothing passes it unmapped
            await _abort(error, context, name)

    return answer


def _bind(context: grpc.aio.ServicerContext[Any, Any], name: str) -> None:
    metadata = dict(context.invocation_metadata() or ())
    correlation = str(metadata.get(CORRELATION_KEY) or new_id())
    enter_story(Story(correlation_id=correlation))
    structlog.contextvars.bind_contextvars(correlation_id=correlation, rpc=name)


async def _abort(error: Exception, context: grpc.aio.ServicerContext[Any, Any], name: str) -> None:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, _DATABASE_AWAY):
        log.warning("rpc.database_away", rpc=name, error=repr(error))
        error = DatabaseUnavailable("The service's database cannot be reached right now.", retry_after_seconds=2)
    facts = ErrorFacts.of(error)
    if not isinstance(error, AppError):
        log.error("rpc.failed", rpc=name, exc_info=error)
    await context.abort(status_of(facts), facts.message, to_trailer(facts))
