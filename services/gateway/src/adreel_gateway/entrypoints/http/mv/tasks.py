"""The course of picture, clip and merge requests: ordered, waited for, answered; repeated, they find the same task."""

from collections.abc import Callable
from typing import TypeVar

from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.errors import ErrorKind, NotFound, RemoteError
from adreel_kit.ids import parse_id
from starlette.requests import Request
from starlette.responses import Response

from adreel_gateway.adapters.music_video_client import MusicVideoClient
from adreel_gateway.entrypoints.http.context import Caller
from adreel_gateway.entrypoints.http.dependencies import Preference
from adreel_gateway.entrypoints.http.mv.holding import Hold, accepted, failure_of
from adreel_gateway.entrypoints.http.problem import MV_PREFIX

T = TypeVar("T")

# After these nobody knows whether the task was made; whoever repeats the request must find it.
_UNDECIDED = frozenset({ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT, ErrorKind.INTERNAL})


async def ordered(
    client: MusicVideoClient,
    order: pb.CreateMvTaskRequest,
    request: Request,
    prefer: Preference,
    by: Caller,
    *,
    path: str,
    longest_seconds: float,
) -> pb.MvTask | Response:
    """The task of an order once it has ended, or 202 where the client would rather ask again.

    Until it is known how the order ended, its Idempotency-Key stays with the task's id: a second task would be paid for
    a second time.
    """  # fmt: skip
    order.scope_client_id = by.client_id
    state = request.scope["state"]
    state["goes_on"] = True
    try:
        task = await client.create(order)
    except RemoteError as error:
        state["goes_on"] = error.kind in _UNDECIDED
        raise
    hold = Hold(request, prefer, longest_seconds, task.id, poll_url_of(path, task.id), backend=task.backend)

    async def look(seconds: float) -> pb.MvTask:
        return await client.get(task.id, scope=by.client_id, wait_seconds=seconds)

    if not is_ended(task):
        ended = await hold.until_ended(look, is_ended)
        if ended is None:
            state["goes_on"] = False
            return hold.accepted()
        task = ended
    state["goes_on"] = False
    return task


async def found(client: MusicVideoClient, task_id: str, by: Caller, kinds: frozenset[int], noun: str) -> pb.MvTask:
    """The task of this id. Raises NotFound for what is none, of another client, or of another kind."""
    task = await sought(client, task_id, by, kinds)
    if task is None:
        raise NotFound(f"There is no {noun} with this id.")
    return task


async def sought(client: MusicVideoClient, task_id: str, by: Caller, kinds: frozenset[int]) -> pb.MvTask | None:
    """The task of this id, or None."""
    parsed = parse_id(task_id)
    if parsed is None:
        return None
    try:
        task = await client.get(str(parsed), scope=by.client_id)
    except RemoteError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return None
        raise
    return task if task.kind in kinds else None


def answered(task: pb.MvTask | Response, path: str, answer: Callable[[pb.MvTask], T]) -> T | Response:
    """What a task is answered with: its result, 202 while it is at work, or its error."""
    if isinstance(task, Response):
        return task
    raise_if_failed(task)
    return answer(task) if is_ended(task) else accepted(task.id, poll_url_of(path, task.id))


def raise_if_failed(task: pb.MvTask) -> None:
    """Raise the error that a task ended in."""
    if task.state == pb.MV_TASK_STATE_FAILED:
        raise failure_of(task.error, backend=task.backend)


def is_ended(task: pb.MvTask) -> bool:
    return task.state in (pb.MV_TASK_STATE_COMPLETED, pb.MV_TASK_STATE_FAILED)


def poll_url_of(path: str, task_id: str) -> str:
    """Where a task's outcome can be asked for."""
    return f"{MV_PREFIX}{path}/{task_id}"
