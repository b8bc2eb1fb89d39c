"""What a vendor's refusal means, by its status and words: one table for all, so that all read alike.

`model_setting` names what an operator would change; it stands in the message of every fault that changing it can cure.
"""

import re
from dataclasses import dataclass

from adreel_scenes.domain.usage import UNKNOWN_CALL, Usage
from adreel_scenes.domain.writer_errors import (
    ContentPolicyViolation,
    MissingAPIKey,
    ModelOutputTruncated,
    ModelUnavailable,
    ProviderQuota,
    ProviderRateLimited,
    ProviderRefusedRequest,
    ProviderTimeout,
    ProviderUnavailable,
    WriterError,
)

# One request was sent, and refused before a token was used.
ONE_CALL = Usage(calls=1)
_POLICY_WORDS = re.compile(
    r"content.?(?:policy|filter)|safety|invalid_prompt|usage policies|responsible ai", re.IGNORECASE
)
_QUOTA_WORDS = re.compile(
    r"insufficient_quota|billing|credit balance|no credit|spend limit|prepa(?:id|y)", re.IGNORECASE
)
_KEY_WORDS = re.compile(r"api.?key|authentication|unauthori[sz]ed", re.IGNORECASE)
_MODEL_WORDS = re.compile(
    r"model.{0,60}(?:not.?found|does not exist|deprecated|retired|shut ?down|disabled|no longer)", re.IGNORECASE
)

# Shut-down dates, PROVIDERS.md section 0, as of 2026-11-20: they make the message of a 404 useful.
_RETIRED = {
    "gpt-4": "2026-10-23",
    "gpt-4o": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
    "gpt-4.1": "2027-01-14",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-5": "2026-12-11",
}


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who answered, for messages: the provider's name, the model, and the settings of its key and its model."""

    provider: str
    model: str
    key_setting: str
    model_setting: str


def status_fault(
    vendor: Vendor, status: int, code: str, message: str, retry_after_seconds: float | None = None
) -> WriterError:
    """The error for an HTTP status other than success."""
    words = f"{code} {message}"
    told = message[:300] or f"status {status}"
    if status in (404, 410) or (status in (400, 403) and _MODEL_WORDS.search(words)):
        return model_gone(vendor, told)
    if status in (401, 403) or (status == 400 and _KEY_WORDS.search(words)):
        return MissingAPIKey(
            f"{vendor.provider} does not accept the key in {vendor.key_setting}: {told}",
            provider=vendor.provider,
            usage=ONE_CALL,
        )
    if status == 402 or (status == 429 and _QUOTA_WORDS.search(words) and retry_after_seconds is None):
        return ProviderQuota(
            f"The account at {vendor.provider} has no credit left: {told}", provider=vendor.provider, usage=ONE_CALL
        )
    if status == 429:
        return ProviderRateLimited(
            f"{vendor.provider} takes no more requests for the moment: {told}",
            provider=vendor.provider,
            usage=ONE_CALL,
            retry_after_seconds=retry_after_seconds,
        )
    if status in (408, 504):
        return timed_out(vendor)
    if status in (400, 422) and _POLICY_WORDS.search(words):
        return policy_violation(vendor, told)
    if status in (409, 425) or status >= 500:
        return unreachable(vendor, told)
    return ProviderRefusedRequest(
        f"{vendor.provider} refused the request ({status}): {told}",
        provider=vendor.provider,
        usage=ONE_CALL,
        details={"status": status},
    )


def model_gone(vendor: Vendor, told: str) -> WriterError:
    """The model is not there (any more)."""
    ended = f" It was shut down on {_RETIRED[vendor.model]}." if vendor.model in _RETIRED else ""
    return ModelUnavailable(
        f'{vendor.provider} does not offer the model "{vendor.model}".{ended} '
        f"Set {vendor.model_setting} to one that it offers. ({told})",
        provider=vendor.provider,
        usage=ONE_CALL,
        details={"model": vendor.model, "setting": vendor.model_setting},
    )


def policy_violation(vendor: Vendor, told: str, usage: Usage = ONE_CALL) -> WriterError:
    """The model or a filter refused the content."""
    return ContentPolicyViolation(
        f"{vendor.provider} refused to write this: {told[:300]}", provider=vendor.provider, usage=usage
    )


def truncated(vendor: Vendor, usage: Usage) -> WriterError:
    """The answer hit the limit of tokens."""
    return ModelOutputTruncated(
        f"The answer of {vendor.model} was cut off at its limit of tokens.", provider=vendor.provider, usage=usage
    )


def timed_out(vendor: Vendor) -> WriterError:
    """No answer in time; the request may have been charged."""
    return ProviderTimeout(f"{vendor.provider} did not answer in time.", provider=vendor.provider, usage=UNKNOWN_CALL)


def unreachable(vendor: Vendor, told: str, usage: Usage = UNKNOWN_CALL) -> WriterError:
    """The provider fails or cannot be reached."""
    return ProviderUnavailable(
        f"{vendor.provider} cannot be reached or fails: {told[:300]}", provider=vendor.provider, usage=usage
    )


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header; its date form is not used by these vendors."""
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
