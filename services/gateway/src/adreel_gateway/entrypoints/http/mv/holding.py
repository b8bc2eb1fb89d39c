"""Holding a connection while a task is at work: at most MV_REQUEST_TIMEOUT_SECONDS, or what `Prefer` says.

A task is made before it is waited for and named by whoever makes it, so a repeated request finds the first one's task.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from adreel.common.v1 import common_pb2
from adreel_kit.errors import ErrorFacts, ErrorKind
from adreel_kit.ids import new_id
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adreel_gateway.entrypoints.http.context import request_key_of
from adreel_gateway.entrypoints.http.dependencies import Preference
from adreel_gateway.entrypoints.http.mv.wire import MvAccepted
from adreel_gateway.entrypoints.http.v3.models.base import from_struct
from adreel_gateway.errors import StillAtWork, TaskFailed
from adreel_gateway.usecases.await_task import await_task

T = TypeVar("T")

_RETRY_AFTER_SECONDS = 2


def task_id_for(request: Request) -> str:
    """The id of the task that this request makes: that of the first request with the same Idempotency-Key."""
    return request_key_of(request.scope) or str(new_id())


@dataclass(frozen=True, slots=True)
class Hold:
    """How long one request waits for its task. `poll_url` is where its outcome can be asked for later.

    `backend` is who is at work, where that is known.
    """

    request: Request
    prefer: Preference
    longest_seconds: float
    task_id: str
    poll_url: str
    backend: str = ""

    async def until_ended(self, look: Callable[[float], Awaitable[T]], is_ended: Callable[[T], bool]) -> T | None:
        """The ended task, or None where the client would rather have `accepted()`. Raises StillAtWork (504)."""
        if self.prefer.respond_async:
            return None
        task = await await_task(look, is_ended, seconds=self.prefer.wait_seconds(self.longest_seconds))
        if task is None and self.prefer.seconds is None:
            # Whoever repeats this request under its Idempotency-Key goes on waiting for the same task.
            self.request.scope["state"]["goes_on"] = True
            raise StillAtWork(self.longest_seconds, self.poll_url, backend=self.backend)
        return task

    def accepted(self) -> Response:
        """202: the work goes on, and here is where to ask for it."""
        return accepted(self.task_id, self.poll_url, is_preferred=True)


def failure_of(error: common_pb2.ErrorDetail, *, backend: str) -> TaskFailed:
    """What a task that ended in `error` is answered with; its owner sends kind, status and hint along."""
    kind = ErrorKind(error.kind) if error.kind else ErrorKind.INTERNAL
    facts = ErrorFacts(
        kind=kind,
        code=error.code or "INTERNAL_ERROR",
        message=error.message,
        details=from_struct(error.details),
        http_status=error.http_status or None,
        retry_after_seconds=error.retry_after_seconds or None,
    )
    return TaskFailed(facts, backend=backend)


def accepted(task_id: str, poll_url: str, *, is_preferred: bool = False) -> Response:
    """202 with where to ask again."""
    headers = {"location": poll_url, "retry-after": str(_RETRY_AFTER_SECONDS), "cache-control": "no-store"}
    if is_preferred:
        headers["preference-applied"] = "respond-async"
    body = MvAccepted(id=task_id, status="running", poll_url=poll_url)
    return JSONResponse(body.model_dump(), status_code=202, headers=headers)
