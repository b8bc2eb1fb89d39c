"""What is known of the request under way: its id, and who makes it. Bound by middleware, read by routes."""

from contextvars import ContextVar
from dataclasses import dataclass

from starlette.types import Scope

request_id: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the request.

    `client_id` is the one client whose data an API key is bound to, or empty for all. `scopes` are what the key
    opens; `name` stands on what the caller changes. `identity` is what limits and idempotency keys are kept apart by.
    """

    identity: str
    name: str
    scopes: tuple[str, ...]
    client_id: str = ""


ANYONE = Caller(identity="open", name="user", scopes=("*",))
NOBODY = Caller(identity="public", name="public", scopes=())


def caller_of(scope: Scope) -> Caller:
    """The caller of this request; NOBODY on routes that need none."""
    caller = scope.get("state", {}).get("caller", NOBODY)
    assert isinstance(caller, Caller)
    return caller


def request_key_of(scope: Scope) -> str:
    """A name for this piece of work that stays the same when an interrupted request is taken over; may be empty."""
    return str(scope.get("state", {}).get("request_key", ""))
