"""What an HTTP answer to a paid creation means for the money: surely nothing made, or nobody knows.

Surely not made: the request never left, or was refused with a status that the provider gives before it does anything.
Everything else is unknown, a 5xx and an unreadable success among it (PROVIDERS.md section 5).
"""

import re

from adreel_kit.errors import AppError

from adreel_render.domain.attempts import NotCreated, OutcomeUnknown
from adreel_render.domain.errors import (
    BackendUnavailable,
    ContentPolicyViolation,
    MissingAPIKey,
    ProviderRejected,
    QuotaExceeded,
)

_REFUSED = frozenset({400, 401, 402, 403, 404, 405, 410, 413, 415, 422, 429})
_DELAY = re.compile(
    r"(?:resets?|retry|again)\s+(?:in|after)\s*~?\s*(\d+(?:\.\d+)?)\s*s|retryDelay\W+(\d+(?:\.\d+)?)s", re.IGNORECASE
)
_DEFAULT_THROTTLE_SECONDS = 15.0
# A provider's own word for how long to wait is taken up to an hour; beyond that it is not a delay but a refusal.
_LONGEST_THROTTLE_SECONDS = 3600.0
_SAFETY = re.compile(
    r"sensitive|safety|\bE005\b|responsible ai|content[ _]policy|prohibited|nsfw|blocked|inappropriate", re.IGNORECASE
)
_DISABLED = re.compile(r"disabled|deprecated|retired|no longer (?:available|supported)|not found", re.IGNORECASE)


def is_safety(text: str) -> bool:
    """Whether a provider's free text says that its rules forbid the thing."""
    return bool(_SAFETY.search(text))


def retry_after(header: str | None, text: str) -> float:
    """Seconds to wait: from the header, else from the words, else a guess."""
    try:
        seconds = float(header or "")
    except ValueError:
        found = _DELAY.search(text)
        seconds = float(found.group(1) or found.group(2)) if found else _DEFAULT_THROTTLE_SECONDS
    return min(max(seconds, 1.0), _LONGEST_THROTTLE_SECONDS) if seconds == seconds else _DEFAULT_THROTTLE_SECONDS


class Vendor:
    """A provider's names in sentences: what it is called, and which settings hold its key and its model."""

    def __init__(self, name: str, title: str, key_setting: str, model_settings: dict[str, str]) -> None:
        self.name = name
        self.title = title
        self.key_setting = key_setting
        self._model_settings = model_settings

    def refusal(self, status: int, told: str, *, model: str, medium: str, header: str | None = None) -> Exception:
        """NotCreated for a status that says so, OutcomeUnknown for any other."""
        if status == 429 and not re.search(r"insufficient|quota exceeded|billing", told, re.IGNORECASE):
            seconds = retry_after(header, told)
            error = QuotaExceeded(
                f"{self.title} is throttling our calls.", details={"provider": self.name}, retry_after_seconds=seconds
            )
            return NotCreated(error, again_after_seconds=seconds)
        if status not in _REFUSED:
            return OutcomeUnknown(f"HTTP {status}: {told[:300]}")
        return NotCreated(self._final(status, told, model=model, medium=medium))

    def unreachable(self, reason: str) -> NotCreated:
        """Nothing was sent: the provider cannot be connected to."""
        error = BackendUnavailable(
            f"{self.title} cannot be reached.", details={"provider": self.name, "reason": reason[:200]}
        )
        return NotCreated(error, again_after_seconds=5.0)

    def _final(self, status: int, told: str, *, model: str, medium: str) -> AppError:
        details = {"provider": self.name, "model": model, "status": status, "reason": told[:500]}
        if status in (401, 403):
            return MissingAPIKey(f"{self.title} does not take the key in {self.key_setting}.", details=details)
        if status in (402, 429):
            return QuotaExceeded(f"The account at {self.title} has no credit left.", details=details)
        if status in (404, 410) or (_DISABLED.search(told) and "model" in told.lower()):
            setting = self._model_settings.get(medium, "")
            return BackendUnavailable(
                f"{self.title} does not offer the model {model} (any more). Name another one in {setting}.",
                details=details | {"setting": setting},
            )
        if is_safety(told):
            return ContentPolicyViolation(f"{self.title} refused the content: {told[:300]}", details=details)
        return ProviderRejected(f"{self.title} refused the request: {told[:300]}", details=details)
