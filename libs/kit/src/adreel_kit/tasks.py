"""Ending a task that serves another one."""

import asyncio


async def end_task(task: "asyncio.Task[None]") -> None:
    """Cancel `task` and wait until it is over; what it raised is dropped.

    A caller that is cancelled meanwhile is cancelled: suppressing CancelledError around `await task` would take the
    caller's own for the task's, and a worker that was told to stop then went on for ever.
    """
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        # Looked at, so that it is not reported as never retrieved.
        task.exception()
