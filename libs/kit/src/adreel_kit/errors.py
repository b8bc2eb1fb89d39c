"""One base for every expected error, and the one table that maps kinds to transports.

The tree is flat on purpose: `AppError` with a `kind`; each service adds one class per reason in its own
`domain/errors.py`. A domain error says nothing of HTTP or gRPC; only this table does. Anything that is not an
`AppError` is a bug and becomes kind INTERNAL at the edge, with a neutral message.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

import grpc


class ErrorKind(StrEnum):
    """What a caller may do about an error."""

    INVALID = "invalid"  # change the request
    NOT_FOUND = "not_found"  # it is not there, or not for you
    CONFLICT = "conflict"  # the state does not allow it now
    DENIED = "denied"  # not allowed for this caller
    EXHAUSTED = "exhausted"  # a limit is used up; try later or buy more
    UNAVAILABLE = "unavailable"  # a neighbour or vendor is out of reach; try again
    TIMEOUT = "timeout"  # it was tried and did not finish in time
    INTERNAL = "internal"  # a bug of ours


class AppError(Exception):
    """An expected failure with a stable code.

    `code` is part of the public contract (SPEC: `ASSET_TOO_LARGE`), `message` is a sentence for a person,
    `details` are JSON-able facts. `http_status` overrides the kind's status where the contract names another one
    (413, 415, 402, ...); it lives here because the gateway must know it without knowing every service's errors.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int | None] = None

    def __init__(
        self, message: str, *, details: Mapping[str, Any] | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after_seconds = retry_after_seconds

    def facts(self) -> "ErrorFacts":
        """This error as plain values, to be stored or sent."""
        return ErrorFacts(
            kind=self.kind,
            code=self.code,
            message=self.message,
            details=self.details,
            http_status=self.http_status or HTTP_STATUS[self.kind],
            retry_after_seconds=self.retry_after_seconds,
        )


class ErrorFacts:
    """An error's values without its class: what crosses a process border."""

    __slots__ = ("code", "details", "http_status", "kind", "message", "retry_after_seconds")

    def __init__(
        self,
        *,
        kind: ErrorKind,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        http_status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.kind = kind
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.http_status = http_status or HTTP_STATUS[kind]
        self.retry_after_seconds = retry_after_seconds

    def as_dict(self) -> dict[str, Any]:
        """JSON form used in events and rows: `{code, message, details, kind}`."""
        return {"code": self.code, "message": self.message, "details": self.details, "kind": self.kind.value}

    @classmethod
    def of(cls, error: BaseException) -> "ErrorFacts":
        """Facts of any exception; one that is not ours shows nothing of its text to the outside."""
        if isinstance(error, AppError):
            return error.facts()
        return cls(kind=ErrorKind.INTERNAL, code="INTERNAL_ERROR", message="Something went wrong on our side.")


class RemoteError(AppError):
    """An error another service answered with, carried on with its kind and code unchanged."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.message, details=facts.details, retry_after_seconds=facts.retry_after_seconds)
        self._facts = facts
        # Instance attributes shadow the class's: the kind and code are the remote's.
        self.kind = facts.kind  # type: ignore[misc]
        self.code = facts.code  # type: ignore[misc]
        self.http_status = facts.http_status  # type: ignore[misc]


class Invalid(AppError):
    """The request cannot be right as it is."""

    kind = ErrorKind.INVALID
    code = "VALIDATION_ERROR"


class NotFound(AppError):
    """The thing named does not exist, or not for this caller."""

    kind = ErrorKind.NOT_FOUND
    code = "NOT_FOUND"


class Conflict(AppError):
    """The state as it is does not allow the request."""

    kind = ErrorKind.CONFLICT
    code = "CONFLICT"


class Unavailable(AppError):
    """A neighbour or vendor cannot be reached; the same request may work later."""

    kind = ErrorKind.UNAVAILABLE
    code = "SERVICE_UNAVAILABLE"


HTTP_STATUS: dict[ErrorKind, int] = {
    ErrorKind.INVALID: 422,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.DENIED: 403,
    ErrorKind.EXHAUSTED: 429,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.TIMEOUT: 504,
    ErrorKind.INTERNAL: 500,
}

GRPC_STATUS: dict[ErrorKind, grpc.StatusCode] = {
    ErrorKind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorKind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    ErrorKind.CONFLICT: grpc.StatusCode.FAILED_PRECONDITION,
    ErrorKind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    ErrorKind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorKind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorKind.TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorKind.INTERNAL: grpc.StatusCode.INTERNAL,
}

KIND_OF_GRPC: dict[grpc.StatusCode, ErrorKind] = {status: kind for kind, status in GRPC_STATUS.items()}
