"""The errors that end an attempt, made from what is known of it, and back from what the ledger keeps."""

from datetime import timedelta

from adreel_kit.errors import AppError, ErrorFacts, RemoteError
from adreel_kit.worker import GiveUp, NotYet

from adreel_render.domain.attempts import Attempt, Prediction
from adreel_render.domain.errors import (
    BackendUnavailable,
    ContentPolicyViolation,
    MissingAPIKey,
    ProviderOutcomeUnknown,
    ProviderOutputLost,
    ProviderRejected,
    ProviderTimeout,
    PurchaseWithdrawn,
    QuotaExceeded,
)

_TITLES = {"replicate": "Replicate", "gemini": "Gemini", "openai": "OpenAI"}
_CLASSES: dict[str, type[AppError]] = {
    error.code: error
    for error in (
        BackendUnavailable,
        ContentPolicyViolation,
        MissingAPIKey,
        ProviderOutcomeUnknown,
        ProviderOutputLost,
        ProviderRejected,
        ProviderTimeout,
        PurchaseWithdrawn,
        QuotaExceeded,
    )
}


def not_yet(seconds: float) -> NotYet:
    return NotYet(timedelta(seconds=max(seconds, 0.05)))


def give_up(attempt: Attempt) -> GiveUp:
    """The end of an attempt as its row tells it."""
    facts = attempt.error
    if facts is None:
        return GiveUp(PurchaseWithdrawn("Nobody wanted this any more.", details=_facts(attempt)))
    details = {**facts.details, **_facts(attempt)}
    known = _CLASSES.get(facts.code)
    if known is not None:
        return GiveUp(known(facts.message, details=details))
    return GiveUp(RemoteError(ErrorFacts(kind=facts.kind, code=facts.code, message=facts.message, details=details)))


def with_facts(error: AppError, attempt: Attempt) -> ErrorFacts:
    """The error as it is stored, naming what it is about."""
    return ErrorFacts(
        kind=error.kind, code=error.code, message=error.message, details={**error.details, **_facts(attempt)}
    )


def blocked(attempt: Attempt, prediction: Prediction) -> AppError:
    return ContentPolicyViolation(
        f"{_title(attempt)} will not make this, for its rules on content: {prediction.error[:300]}",
        details={"reason": prediction.error[:500]},
    )


def rejected(attempt: Attempt, prediction: Prediction) -> AppError:
    said = prediction.error[:300] or "it gave no reason"
    return ProviderRejected(
        f"{_title(attempt)} could not make this: {said}", details={"reason": prediction.error[:500]}
    )


def too_late(attempt: Attempt) -> AppError:
    return ProviderTimeout(f"{_title(attempt)} did not finish in the time allowed.")


def lost(attempt: Attempt, reason: str) -> AppError:
    return ProviderOutputLost(
        f"{_title(attempt)} made this and was paid, but the file could not be had: {reason}", details={"reason": reason}
    )


def unknown(attempt: Attempt) -> AppError:
    return ProviderOutcomeUnknown(
        f"A paid call to {_title(attempt)} may or may not have been made, and nothing can tell. "
        "Retry with acceptPossibleDuplicate to make it again at the risk of paying twice."
    )


def broken_off(attempt: Attempt) -> AppError:
    return ProviderRejected(f"{_title(attempt)} broke off the call, which may have been paid.")


def no_answer(attempt: Attempt) -> AppError:
    return ProviderRejected(f"{_title(attempt)} broke off every call and made nothing.")


def missing_key(provider: str, setting: str) -> AppError:
    return MissingAPIKey(
        f"The backend {provider} needs a key in {setting}.", details={"backend": provider, "setting": setting}
    )


def _facts(attempt: Attempt) -> dict[str, object]:
    return {
        "purchase_id": str(attempt.id),
        "provider": attempt.provider,
        "model": attempt.model,
        "provider_id": attempt.provider_id,
    }


def _title(attempt: Attempt) -> str:
    return _TITLES.get(attempt.provider, attempt.provider)
