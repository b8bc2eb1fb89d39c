"""What can be ordered to go wrong with one request to the video stand-in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# A request body; its shape is the business of each provider's module.
Body = Mapping[str, Any]

KINDS = frozenset(
    {
        "status",  # an error answer, nothing created
        "drop",  # the connection breaks off, nothing created
        "hang",  # nothing comes for `delay_seconds`, nothing created
        "created_status",  # created, and answered with an error
        "created_drop",  # created, and the connection breaks off
        "created_broken",  # created, and the answer is no JSON
        "created_hang",  # created, and nothing comes for `delay_seconds`
        "delay",  # all is well, `delay_seconds` later, created before the wait
        "outcome",  # created; it ends as `outcome` says
    }
)
OUTCOMES = frozenset({"succeeded", "failed", "safety", "wiped", "aborted", "canceled", "unknown_status", "garbage"})
REQUESTS = frozenset({"create", "get", "list", "cancel", "upload", "output"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the next `times` requests that fit.

    `on` is the kind of request; `provider` and `match` (words in the body or the path) narrow it down. `outcome` is for
    creations alone: `wiped` succeeds without an output, `garbage` makes a file that no player takes, `unknown_status`
    stays in a state nobody has heard of for three polls before it succeeds.
    """

    kind: str
    on: str = "create"
    provider: str | None = None
    match: str = ""
    times: int = 1
    status: int = 500
    message: str = "The stand-in was told to fail."
    retry_after_seconds: float | None = None
    delay_seconds: float = 60.0
    outcome: str = "succeeded"

    def __post_init__(self) -> None:
        for value, known in ((self.kind, KINDS), (self.on, REQUESTS), (self.outcome, OUTCOMES)):
            if value not in known:
                raise ValueError(f"no such thing as {value}; there are {', '.join(sorted(known))}")


class Faults:
    """The faults still to come, in the order they were ordered."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, *faults: Fault) -> None:
        self._ordered.extend(faults)

    def clear(self) -> None:
        self._ordered.clear()

    def take(self, on: str, provider: str, text: str) -> Fault | None:
        """The first one that fits this request, used up by one."""
        for place, fault in enumerate(self._ordered):
            if fault.on == on and fault.provider in (None, provider) and fault.match in text:
                if fault.times > 1:
                    self._ordered[place] = replace(fault, times=fault.times - 1)
                else:
                    del self._ordered[place]
                return fault
        return None
