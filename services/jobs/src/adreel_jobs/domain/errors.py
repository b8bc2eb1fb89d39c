"""Expected errors of clients, campaigns and jobs.

AppError
├── Invalid
│   ├── FieldsInvalid              the input breaks rules; `details.fields` lists each
│   ├── UnknownAction              no such action; `details.known` lists them
│   ├── MissingAPIKey              the backend named has no key here
│   └── RequestIdReused            the same request id with another body
├── NotFound
│   └── ClientNotFound, CampaignNotFound, JobNotFound    not there, or not for this caller
├── Conflict
│   ├── ActionNotAllowed           not open in this state; `details.open` lists what is
│   ├── StoryboardVersionStale     the version approved is not the latest
│   ├── IllegalMove                the table of moves has no such move
│   ├── ClientInUse, CampaignInUse something still needs it; `force` deletes all the same
│   └── ChangedMeanwhile           a conditional write lost; the same call may win now
├── OutsideScope                   the caller's key is bound to one client (403)
├── SpendingCapReached             the estimate does not fit below a cap (402)
└── BackendUnavailable             the backend named cannot be used here now
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adreel_kit.errors import AppError, Conflict, ErrorKind, Invalid, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field, by its public path (`adBasics.product`)."""

    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "message": self.message}


# An error travels in the trailers of an answer, which are small: who has this many faults will call again.
_MOST_TOLD = 30


class FieldsInvalid(Invalid):
    """The input breaks rules."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        first = problems[0]
        more = f" ({len(problems) - 1} more.)" if len(problems) > 1 else ""
        super().__init__(
            f"{first.field}: {first.message}{more}",
            details={"fields": [problem.as_dict() for problem in problems[:_MOST_TOLD]]},
        )
        self.problems = tuple(problems)


class UnknownAction(Invalid):
    """There is no action of this name."""

    code = "UNKNOWN_ACTION"

    def __init__(self, action: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no action '{action}'; there are {', '.join(known)}.",
            details={"action": action, "known": list(known)},
        )


class MissingAPIKey(Invalid):
    """The backend named has no key in this deployment."""

    code = "MISSING_API_KEY"

    def __init__(self, backend: str, message: str = "") -> None:
        super().__init__(
            message or f"The backend '{backend}' has no API key in this deployment; choose another one or set its key.",
            details={"backend": backend},
        )


class BackendUnavailable(Unavailable):
    """The backend named cannot be used here now."""

    code = "BACKEND_UNAVAILABLE"

    def __init__(self, backend: str, problem: str, message: str = "") -> None:
        super().__init__(
            message or f"The backend '{backend}' cannot be used: {problem}.",
            details={"backend": backend, "problem": problem},
        )


class RequestIdReused(Invalid):
    """A request id came again with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__("This request id was used with another body; use a new one for a new job.")


class ClientNotFound(NotFound):
    """No such client, or not for this caller."""

    code = "CLIENT_NOT_FOUND"

    def __init__(self, client_id: str) -> None:
        super().__init__("There is no such client.", details={"clientId": client_id[:200]})


class CampaignNotFound(NotFound):
    """No such campaign, not of this client, or not for this caller."""

    code = "CAMPAIGN_NOT_FOUND"

    def __init__(self, campaign_id: str) -> None:
        super().__init__("There is no such campaign.", details={"campaignId": campaign_id[:200]})


class JobNotFound(NotFound):
    """No such job, or not for this caller."""

    code = "JOB_NOT_FOUND"

    def __init__(self, job_id: str) -> None:
        super().__init__("There is no such job.", details={"jobId": job_id[:200]})


class ActionNotAllowed(Conflict):
    """The action is not open in the job's present state."""

    code = "ACTION_NOT_ALLOWED"

    def __init__(self, action: str, *, status: str, phase: str | None, open_actions: Sequence[str]) -> None:
        state = f"'{status}'" if phase is None else f"'{status}' ({phase})"
        choice = f"open now: {', '.join(open_actions)}" if open_actions else "nothing is open now"
        super().__init__(
            f"'{action}' is not allowed while the job is {state}; {choice}.",
            details={"action": action, "status": status, "phase": phase, "open": list(open_actions)},
        )


class StoryboardVersionStale(Conflict):
    """The version named is not the latest."""

    code = "STORYBOARD_VERSION_STALE"

    def __init__(self, given: int, latest: int) -> None:
        super().__init__(
            f"The storyboard is at version {latest}, not {given}: read it again before you approve.",
            details={"given": given, "latest": latest},
        )


class IllegalMove(Conflict):
    """The table of moves has no such move."""

    code = "ILLEGAL_MOVE"

    def __init__(self, current: str, target: str) -> None:
        super().__init__(
            f"A job that is '{current}' cannot become '{target}'.", details={"from": current, "to": target}
        )


class ChangedMeanwhile(Conflict):
    """A conditional write lost to another one."""

    code = "CHANGED_MEANWHILE"

    def __init__(self) -> None:
        super().__init__("Somebody else changed it at the same moment; try again.")


class ClientInUse(Conflict):
    """Campaigns or live jobs still need the client."""

    code = "CLIENT_IN_USE"

    def __init__(self, campaigns: int, live_jobs: int) -> None:
        super().__init__(
            f"The client still has {campaigns} campaigns and {live_jobs} jobs that have not ended; "
            "delete and cancel them first, or use force=true.",
            details={"campaigns": campaigns, "liveJobs": live_jobs},
        )


class CampaignInUse(Conflict):
    """Live jobs still belong to the campaign."""

    code = "CAMPAIGN_IN_USE"

    def __init__(self, live_jobs: int) -> None:
        super().__init__(
            f"The campaign still has {live_jobs} jobs that have not ended; cancel them first, or use force=true.",
            details={"liveJobs": live_jobs},
        )


class OutsideScope(AppError):
    """The caller's key is bound to one client and asks for something beyond it."""

    kind = ErrorKind.DENIED
    code = "FORBIDDEN"


class SpendingCapReached(AppError):
    """The estimate does not fit below the spending cap of the job or the client."""

    kind = ErrorKind.EXHAUSTED
    code = "SPENDING_CAP"
    http_status = 402

    def __init__(self, *, cap: str, cap_micros: int, committed_micros: int, needed_micros: int) -> None:
        super().__init__(
            f"This would cost about ${needed_micros / 1e6:.2f}; with ${committed_micros / 1e6:.2f} already spent or "
            f"reserved it goes beyond the cap of ${cap_micros / 1e6:.2f} per {cap}.",
            details={
                "cap": cap,
                "capMicros": cap_micros,
                "committedMicros": committed_micros,
                "neededMicros": needed_micros,
            },
        )
