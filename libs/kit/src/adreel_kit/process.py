"""One operating-system process of a service: parts that run side by side until a signal or a failure ends all.

Whoever opens a resource closes it: `Process.resource` registers what is opened before the parts start and is closed,
last first, after they stopped.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from adreel_kit.logging import get_logger

log = get_logger(__name__)

Part = Callable[[], Awaitable[None]]


class Process:
    """Collects parts and resources, then runs them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[tuple[str, Part]] = []
        self._resources: list[tuple[Part | None, Part | None]] = []

    def resource(self, *, start: Part | None = None, stop: Part | None = None) -> None:
        """Have `start` awaited before the parts run, in order, and `stop` after them, in reverse order."""
        self._resources.append((start, stop))

    def part(self, name: str, run: Part) -> None:
        """Have `run` run until it is cancelled; one that raises ends the process."""
        self._parts.append((name, run))

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or cancellation. Raises what a part raised."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, stopping.set)
        async with AsyncExitStack() as stack:
            waiter = asyncio.create_task(stopping.wait())
            work = asyncio.create_task(self._run_parts(stack))
            try:
                await asyncio.wait({waiter, work}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
            finally:
                waiter.cancel()
                work.cancel()
                await asyncio.gather(waiter, work, return_exceptions=True)
                log.info("process.stopped", name=self._name)

    async def _run_parts(self, stack: AsyncExitStack) -> None:
        for start, stop in self._resources:
            if stop is not None:
                stack.push_async_callback(stop)
            if start is not None:
                await start()
        log.info("process.started", name=self._name, parts=[name for name, _ in self._parts])
        async with asyncio.TaskGroup() as group:
            for name, run in self._parts:
                group.create_task(_named(run), name=name)


async def _named(run: Part) -> None:
    await run()


def run_process(process: Process) -> int:
    """Run `process` to its end on uvloop where there is one; returns the exit code."""
    try:
        import uvloop
    except ImportError:
        runner = asyncio.run
    else:
        runner = uvloop.run
    code = 0
    try:
        runner(process.run())
    except* Exception as group:
        log.critical("process.failed", error=repr(group.exceptions[0]), exc_info=group.exceptions[0])
        print(f"{group.exceptions[0]!r}", file=sys.stderr)
        code = 1
    return code
