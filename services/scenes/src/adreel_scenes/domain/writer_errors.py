"""Why a writer gave no usable draft. Each carries the usage of the calls made: a failed call may cost all the same.

`WriterError` is the base; `is_repeatable` says whether the same request may work when it is made again.
"""

from collections.abc import Mapping
from typing import ClassVar

from adreel_kit.errors import AppError, ErrorKind

from adreel_scenes.domain.problems import Problem
from adreel_scenes.domain.usage import Usage


class WriterError(AppError):
    """A model did not give a usable draft."""

    kind = ErrorKind.UNAVAILABLE
    code = "PROVIDER_ERROR"
    is_repeatable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        usage: Usage | None = None,
        details: Mapping[str, object] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(
            message, details={"provider": provider, **(details or {})}, retry_after_seconds=retry_after_seconds
        )
        self.provider = provider
        self.usage = usage or Usage()


class ContentPolicyViolation(WriterError):
    """The model or its filter refused; final, never repeated unchanged."""

    kind = ErrorKind.INVALID
    code = "CONTENT_POLICY_VIOLATION"


class ModelOutputTruncated(WriterError):
    """The answer was cut off at the token limit, where the same request ends again."""

    code = "MODEL_OUTPUT_TRUNCATED"


class ModelOutputInvalid(WriterError):
    """The answer was no usable storyboard, also after one attempt to repair it; there is no third one."""

    code = "MODEL_OUTPUT_INVALID"

    def __init__(
        self, message: str, *, provider: str, usage: Usage | None = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(
            message,
            provider=provider,
            usage=usage,
            details={"problems": [problem.as_dict() for problem in problems[:20]]},
        )
        self.problems = problems


class ProviderQuota(WriterError):
    """The account has no credit left: waiting does not help."""

    kind = ErrorKind.EXHAUSTED
    code = "PROVIDER_QUOTA"
    http_status = 402


class ProviderRateLimited(WriterError):
    """Too many requests; `retry_after_seconds` says when to come back, if the provider did."""

    kind = ErrorKind.EXHAUSTED
    code = "PROVIDER_RATE_LIMITED"
    is_repeatable = True


class ProviderUnavailable(WriterError):
    """The provider cannot be reached or fails."""

    code = "BACKEND_UNAVAILABLE"
    is_repeatable = True


class ProviderTimeout(WriterError):
    """The provider did not answer in time; the call may have been charged."""

    kind = ErrorKind.TIMEOUT
    code = "PROVIDER_TIMEOUT"
    is_repeatable = True


class ModelUnavailable(WriterError):
    """The model is retired, disabled or unknown to the provider: a setting must change."""

    code = "BACKEND_UNAVAILABLE"


class ProviderRefusedRequest(WriterError):
    """The provider did not accept the request as we made it: a fault of configuration or of ours."""

    kind = ErrorKind.INTERNAL
    code = "PROVIDER_ERROR"


class MissingAPIKey(WriterError):
    """No key is set, or the provider does not accept it."""

    kind = ErrorKind.INVALID
    code = "MISSING_API_KEY"
