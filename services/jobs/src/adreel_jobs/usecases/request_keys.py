"""What makes a repeated request recognisable: the caller's id for it, within the caller's scope."""

from uuid import UUID, uuid4, uuid5

from adreel_jobs.domain.errors import FieldProblem, FieldsInvalid

_CHARACTERS = 300
# Ours alone: tokens derived from request keys cannot meet other name-based ids.
_TOKENS = UUID("8a4b5c0e-4a0e-4a52-9a4f-6f0f4f6f1d1c")


def request_key(scope: str, request_id: str) -> str:
    """Empty where the request has no id. Raises FieldsInvalid.

    Scopes have keys of their own: one client's request ids say nothing about another's.
    """
    if not request_id:
        return ""
    if len(request_id) > _CHARACTERS or "\x00" in request_id:
        raise FieldsInvalid([FieldProblem("requestId", f"At most {_CHARACTERS} plain characters.")])
    return f"{scope}:{request_id}"


def token_of(key: str) -> UUID:
    """The same token for the same request; another one each time where the request has no id."""
    return uuid5(_TOKENS, key) if key else uuid4()
