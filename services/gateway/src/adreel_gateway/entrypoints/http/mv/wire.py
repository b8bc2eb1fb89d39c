"""What all `/api/mv` models share: snake_case names, unknown request fields ignored, the error body, its statuses."""

from datetime import datetime
from typing import Annotated, Any, Literal

from adreel_kit.logging import get_logger
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

log = get_logger(__name__)

Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
RequiredProse = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Choice = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]

_MOST_NAMES = 20


class MvRequest(BaseModel):
    """A request. Clients of the first version send more than is read; that is noted, not refused.

    An optional field that is null counts as left out, and what is left out gets the default of the owner's file.
    """

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _note_unknown(cls, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(str(name)[:100] for name in data.keys() - cls.model_fields)):
            log.debug("mv.fields_ignored", model=cls.__name__, names=unknown[:_MOST_NAMES])
        return data


class MvAnswer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class MvError(MvAnswer):
    """Why there is no result."""

    error: str = Field(description="The code in words.")
    error_code: str = Field(description="For programs.")
    message: str = Field(description="A sentence for a person, with what to change where that would help.")
    backend_used: str | None = Field(description="Who was at work, if anyone.")
    timestamp: datetime


class MvAccepted(MvAnswer):
    """The work goes on; ask `poll_url` for its outcome."""

    id: str
    status: Literal["pending", "running", "completed", "failed"]
    poll_url: str


# For the `responses` of a route: what a status means there.
_MEANING = {
    400: "The request is not valid; `message` says what to change.",
    401: "No valid API key.",
    402: "The account at the provider, or a spending cap, is used up.",
    403: "The API key lacks the scope.",
    404: "No such thing, or not for this key.",
    409: "The state does not allow it.",
    413: "Too many bytes.",
    422: "The content was refused (`CONTENT_POLICY_VIOLATION`).",
    429: "Too many requests, here or at the provider.",
    500: "A fault of configuration (`MISSING_API_KEY`) or of the provider (`PROVIDER_ERROR`).",
    503: "The backend, or a service behind this one, cannot be reached.",
    504: "It did not finish in time.",
}
_ANY_ROUTE = (400, 401, 403, 422, 429, 500, 503)

Responses = dict[int | str, dict[str, Any]]


def mv_errors(*statuses: int, also: Responses | None = None) -> Responses:
    """Documented errors of a route, with those that any route can have, and what else it answers."""
    return (also or {}) | {
        status: {"model": MvError, "description": _MEANING[status]} for status in sorted({*_ANY_ROUTE, *statuses})
    }


ACCEPTED: Responses = {202: {"model": MvAccepted, "description": "Still at work; see `poll_url`."}}
