"""Calling other services: every call has a deadline, and a failed one raises what the other side raised."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc

from adreel_kit.envelope import current_story
from adreel_kit.errors import RemoteError
from adreel_kit.rpc.wire import CORRELATION_KEY, from_rpc_error

R = TypeVar("R")

# Only UNAVAILABLE is retried by gRPC itself: the call did not reach the service. Time-outs stay with the caller,
# since they fired early when given here.
_SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


def open_channel(target: str) -> grpc.aio.Channel:
    """A channel to `host:port`; it connects by itself, also after the other side was away. Open after any fork."""
    return grpc.aio.insecure_channel(
        target,
        options=(
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.enable_retries", 1),
            # A proxy named in the environment has no business between our own services.
            ("grpc.enable_http_proxy", 0),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # The default back-off of up to two minutes would outlast any restart of a neighbour.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ),
    )


async def call(method: Callable[..., Any], request: Any, *, service: str, timeout_seconds: float) -> Any:
    """Call a unary method; the stub's own types name request and answer.

    Raises RemoteError with the other side's kind and code, SERVICE_UNAVAILABLE where it did not answer.
    """
    try:
        return await method(request, timeout=timeout_seconds, metadata=_metadata())
    except grpc.aio.AioRpcError as error:
        raise RemoteError(from_rpc_error(error, service)) from error


async def stream(
    method: Callable[..., Any], request: Any, *, service: str, timeout_seconds: float | None
) -> AsyncIterator[Any]:
    """Iterate over a streaming method's answers; errors as in `call`. Leaving the loop ends the call."""
    answers = method(request, timeout=timeout_seconds, metadata=_metadata())
    try:
        async for answer in answers:
            yield answer
    except grpc.aio.AioRpcError as error:
        raise RemoteError(from_rpc_error(error, service)) from error
    finally:
        answers.cancel()


def _metadata() -> tuple[tuple[str, str], ...]:
    story = current_story()
    return ((CORRELATION_KEY, story.correlation_id),) if story else ()
