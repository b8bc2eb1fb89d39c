"""Ctrl-C, SIGTERM and a closed terminal end a command in order: its main task is cancelled, and cleans up."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived. Like KeyboardInterrupt it is no error, so that nothing swallows it."""


def run_until_signalled(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `work` to its end. Raises KeyboardInterrupt (Ctrl-C) or Terminated after `work` was cancelled and ended.

    A second Ctrl-C does not wait for the end; what `work` started then ends by the kernel's and the guard's help.
    """
    return asyncio.run(_with_signals(work))


async def _with_signals(work: Coroutine[Any, Any, _Result]) -> _Result:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    was_terminated = False

    def terminate() -> None:
        nonlocal was_terminated
        was_terminated = True
        task.cancel()

    for ending in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(ending, terminate)
    try:
        # asyncio.run cancels this task on Ctrl-C, and so the one awaited here.
        return await task
    except asyncio.CancelledError:
        if was_terminated:
            raise Terminated from None
        raise
