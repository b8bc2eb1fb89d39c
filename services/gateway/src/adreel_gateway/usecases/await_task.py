"""Waiting for a durable task of a neighbour; neither the client's hanging up nor a restart on either side ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adreel_kit.errors import ErrorKind, RemoteError

T = TypeVar("T")

# How long the owner holds one look at the task: short of what proxies and keep-alives take for a dead connection.
_LONGEST_LOOK_SECONDS = 10.0
_PAUSE_SECONDS = 0.5


async def await_task(
    look: Callable[[float], Awaitable[T]], is_ended: Callable[[T], bool], *, seconds: float
) -> T | None:
    """The task once it has ended, or None when `seconds` are over.

    `look` reads the task; its owner may hold the answer for as many seconds as `look` is given, until the task ends.
    Raises RemoteError, but not for an owner that is away for a while: it restarts, and its task goes on.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while (left := deadline - loop.time()) > 0:
        try:
            task = await look(min(left, _LONGEST_LOOK_SECONDS))
        except RemoteError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            await asyncio.sleep(min(left, _PAUSE_SECONDS))
            continue
        if is_ended(task):
            return task
    return None
