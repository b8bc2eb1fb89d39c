"""Why a guarded request failed: one class per reason, each with a stable code.

    GuardedHttpError
    ├── UrlForbidden       URL_FORBIDDEN   the address is not one we may be sent to
    ├── Unreachable        UNREACHABLE     no name, no connection, no TLS, or the peer broke the protocol
    ├── HttpStatusRefused  HTTP_ERROR      an answer other than success
    ├── RequestTimedOut    TIMEOUT         the answer did not arrive in time
    └── ResponseTooLarge   TOO_LARGE       more bytes than the policy takes

`message` is for the person who gave the URL and is the same for every cause within a class, so that it tells nobody
which ports of a network are open; `reason` is for the log alone.
"""

from adreel_kit.errors import AppError, ErrorKind


class GuardedHttpError(AppError):
    """Base: the request could not be made or its answer cannot be used."""

    kind = ErrorKind.INVALID
    code = "UNREACHABLE"

    def __init__(self, message: str, *, reason: str, details: dict[str, int] | None = None) -> None:
        super().__init__(message, details=details)
        self.reason = reason


class UrlForbidden(GuardedHttpError):
    """The URL, or one it redirects to, is not a plain http(s) address on the public internet."""

    code = "URL_FORBIDDEN"

    def __init__(self, reason: str) -> None:
        super().__init__("Only plain http and https addresses on the public internet can be used.", reason=reason)


class Unreachable(GuardedHttpError):
    """No usable answer came; whether for want of a name, a connection, TLS or sense is for the log alone."""

    code = "UNREACHABLE"

    def __init__(self, reason: str) -> None:
        super().__init__("The address could not be reached or did not answer properly.", reason=reason)


class HttpStatusRefused(GuardedHttpError):
    """The server answered, but not with the thing asked for."""

    code = "HTTP_ERROR"

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered with HTTP status {status}.", reason="status", details={"status": status})
        self.status = status


class RequestTimedOut(GuardedHttpError):
    """The answer began or went on too slowly."""

    code = "TIMEOUT"

    def __init__(self, reason: str) -> None:
        super().__init__("The server took too long to answer.", reason=reason)


class ResponseTooLarge(GuardedHttpError):
    """The answer is, or says it is, larger than the limit."""

    kind = ErrorKind.INVALID
    code = "TOO_LARGE"
    http_status = 413

    def __init__(self, limit_bytes: int, reason: str) -> None:
        super().__init__(
            f"The file is larger than the limit of {limit_bytes} bytes.",
            reason=reason,
            details={"limitBytes": limit_bytes},
        )
        self.limit_bytes = limit_bytes
