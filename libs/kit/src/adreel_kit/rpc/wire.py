"""How an error crosses gRPC: a status for machines that know nothing of us, and the facts as JSON beside it."""

import json
from typing import Any

import grpc
from pydantic import ValidationError

from adreel_kit.errors import GRPC_STATUS, KIND_OF_GRPC, ErrorFacts, ErrorKind

# `-bin` metadata may hold any bytes, so a message in any language survives.
ERROR_KEY = "adreel-error-bin"
CORRELATION_KEY = "adreel-correlation-id"
# gRPC refuses trailers beyond 8 KiB; details that large are dropped, the code and message are kept.
_MAX_TRAILER_BYTES = 6000


def to_trailer(facts: ErrorFacts) -> tuple[tuple[str, bytes], ...]:
    """The trailing metadata that carries `facts`."""
    body = {
        "kind": facts.kind.value,
        "code": facts.code,
        "message": facts.message[:1000],
        "details": facts.details,
        "http_status": facts.http_status,
        "retry_after_seconds": facts.retry_after_seconds,
    }
    packed = json.dumps(body, default=str).encode()
    if len(packed) > _MAX_TRAILER_BYTES:
        packed = json.dumps(body | {"details": {}}).encode()
    return ((ERROR_KEY, packed),)


def from_rpc_error(error: grpc.aio.AioRpcError, service: str) -> ErrorFacts:
    """The facts a failed call carries; a bare status (neighbour down, deadline over) gets facts of its own."""
    for key, value in error.trailing_metadata() or ():
        if key == ERROR_KEY and isinstance(value, bytes):
            try:
                body: dict[str, Any] = json.loads(value)
                return ErrorFacts(**(body | {"kind": ErrorKind(body["kind"])}))
            except (ValueError, KeyError, TypeError, ValidationError):
                break
    kind = KIND_OF_GRPC.get(error.code(), ErrorKind.INTERNAL)
    if kind in (ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT):
        return ErrorFacts(
            kind=ErrorKind.UNAVAILABLE,
            code="SERVICE_UNAVAILABLE",
            message=f"The {service} service cannot be reached right now.",
            details={"service": service},
            retry_after_seconds=2,
        )
    return ErrorFacts(kind=kind, code="INTERNAL_ERROR", message="Something went wrong on our side.")


def status_of(facts: ErrorFacts) -> grpc.StatusCode:
    """The gRPC status of an error."""
    return GRPC_STATUS[facts.kind]
