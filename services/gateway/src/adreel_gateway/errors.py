"""Errors that the gateway itself finds, before or after it asked an owner.

Invalid
├── ValidationFailed         422 VALIDATION_ERROR          the request has the wrong shape; `fields` says where
├── BodyTooLarge             413 REQUEST_TOO_LARGE
├── UploadTooLarge           413 ASSET_TOO_LARGE
├── BodyTypeUnsupported      415 UNSUPPORTED_MEDIA_TYPE
├── IdempotencyKeyReused     422 IDEMPOTENCY_KEY_REUSED    same key, another request
└── PreconditionFailed       412 PRECONDITION_FAILED       the thing changed since it was read
NotFound
└── ShareGone                410 SHARE_GONE
Conflict
├── VideoNotReady            409 VIDEO_NOT_READY
├── PreviewNotReady          409 PREVIEW_NOT_READY
├── AssetNotReady            409 ASSET_NOT_READY
└── IdempotencyKeyBusy       409 IDEMPOTENCY_KEY_BUSY      the first request did not end in time
Denied
├── Unauthenticated          401 UNAUTHENTICATED
├── ScopeMissing             403 SCOPE_MISSING
└── OriginRefused            403 ORIGIN_REFUSED
Exhausted                    429 RATE_LIMITED
Timeout
└── StillAtWork              504 REQUEST_TIMEOUT           the task goes on; the message says where to ask for it
"""

from collections.abc import Sequence

from adreel_kit.errors import AppError, Conflict, ErrorFacts, ErrorKind, Invalid, NotFound


class ValidationFailed(Invalid):
    """The request has the wrong shape."""

    def __init__(self, fields: Sequence[dict[str, str]], message: str | None = None) -> None:
        first = fields[0] if fields else {"field": "body", "message": "is not valid"}
        super().__init__(
            message or f"The request is not valid: {first['field']}: {first['message']}", details={"fields": [*fields]}
        )


def invalid_field(field: str, message: str, code: str = "invalid") -> ValidationFailed:
    """A validation error about one field."""
    return ValidationFailed([{"field": field, "message": message, "code": code}])


class BodyTooLarge(Invalid):
    """More bytes than a request may have."""

    code = "REQUEST_TOO_LARGE"
    http_status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The request is larger than the {limit_bytes} bytes taken here.", details={"limitBytes": limit_bytes}
        )


class UploadTooLarge(Invalid):
    """More bytes than an asset may have."""

    code = "ASSET_TOO_LARGE"
    http_status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The file is larger than the limit of {limit_bytes // (1024 * 1024)} MB.",
            details={"limitBytes": limit_bytes},
        )


class BodyTypeUnsupported(Invalid):
    """The body's content type is not one that this route reads."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415


class IdempotencyKeyReused(Invalid):
    """The key belongs to another request."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request. Use a new key for a new request.")


class IdempotencyKeyBusy(Conflict):
    """The first request with this key still runs."""

    code = "IDEMPOTENCY_KEY_BUSY"

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key has not ended yet.", retry_after_seconds=5)


class PreconditionFailed(AppError):
    """The thing is no longer what the caller saw."""

    kind = ErrorKind.CONFLICT
    code = "PRECONDITION_FAILED"
    http_status = 412


class RouteNotFound(NotFound):
    """No such route, or no such thing."""


class ShareGone(NotFound):
    """The link expired or was revoked."""

    code = "SHARE_GONE"
    http_status = 410

    def __init__(self) -> None:
        super().__init__("This link has expired or was revoked.")


class VideoNotReady(Conflict):
    """There is no finished film yet."""

    code = "VIDEO_NOT_READY"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The video is not ready: the job is {status}.", details={"status": status}, retry_after_seconds=5
        )


class PreviewNotReady(Conflict):
    """The animatic is not drawn yet."""

    code = "PREVIEW_NOT_READY"

    def __init__(self) -> None:
        super().__init__("The preview is being drawn. Ask again in a moment.", retry_after_seconds=3)


class Unauthenticated(AppError):
    """No key, or not one of ours."""

    kind = ErrorKind.DENIED
    code = "UNAUTHENTICATED"
    http_status = 401

    def __init__(self) -> None:
        super().__init__("Send an API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`.")


class ScopeMissing(AppError):
    """The key does not open this route."""

    kind = ErrorKind.DENIED
    code = "SCOPE_MISSING"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This API key lacks the scope {scope}.", details={"scope": scope})


class OriginRefused(AppError):
    """A web page from elsewhere, or a name that is not this server's, called an open gateway."""

    kind = ErrorKind.DENIED
    code = "ORIGIN_REFUSED"

    def __init__(self) -> None:
        super().__init__("This gateway is open to its own machine only; calls from other web origins are refused.")


class RateLimited(AppError):
    """Too many requests in this minute."""

    kind = ErrorKind.EXHAUSTED
    code = "RATE_LIMITED"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            "Too many requests. Wait until the minute is over.", retry_after_seconds=float(retry_after_seconds)
        )


class AssetNotReady(Conflict):
    """The asset's bytes are not there, yet or for good."""

    code = "ASSET_NOT_READY"

    def __init__(self, status: str) -> None:
        super().__init__(
            f"The asset has no data: it is {status}.",
            details={"status": status},
            retry_after_seconds=3 if status == "pending" else None,
        )


class ReceiverGone(Conflict):
    """A webhook's receiver answered 410: it wants no more."""

    code = "WEBHOOK_GONE"

    def __init__(self) -> None:
        super().__init__("The receiver answered 410 Gone and is not called again.", details={"status": 410})


class StillAtWork(AppError):
    """A music-video task took longer than a connection is held for."""

    kind = ErrorKind.TIMEOUT
    code = "REQUEST_TIMEOUT"

    def __init__(self, seconds: float, poll_url: str, *, backend: str = "") -> None:
        super().__init__(
            f"It is not finished after {seconds:g} s. The work goes on: ask for its outcome at {poll_url}.",
            details={"pollUrl": poll_url, "backend": backend or None},
            retry_after_seconds=5,
        )


class TaskFailed(AppError):
    """A music-video task ended in this error, which its owner recorded."""

    def __init__(self, facts: ErrorFacts, *, backend: str) -> None:
        super().__init__(
            facts.message,
            details={**facts.details, "backend": backend or None},
            retry_after_seconds=facts.retry_after_seconds,
        )
        # Instance attributes shadow the class's: the kind and code are the task's.
        self.kind = facts.kind  # type: ignore[misc]
        self.code = facts.code  # type: ignore[misc]
        self.http_status = facts.http_status  # type: ignore[misc]
