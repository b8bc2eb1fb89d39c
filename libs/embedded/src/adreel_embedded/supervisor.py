"""Starts the processes of the suite, keeps them running, and stops them in reverse order.

Children end with the supervisor however it ends: the kernel tells each on Linux, and a guard process ends what is left
anywhere. Use it as an async context manager in a thread that lives as long as the children should.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from adreel_embedded import guard
from adreel_embedded.child import Child, ChildSpec

_GUARD_SCRIPT = str(Path(guard.__file__).resolve())


class Supervisor:
    """A set of children by name.

    `on_change` is called whenever the state of one changes. `guard_grace_seconds` is what children get to end by
    themselves after the supervisor was killed.
    """

    def __init__(self, *, on_change: Callable[[Child], None] | None = None, guard_grace_seconds: float = 5.0) -> None:
        self._children: dict[str, Child] = {}
        self._on_change = on_change
        self._guard_grace_seconds = guard_grace_seconds
        self._guard: asyncio.subprocess.Process | None = None

    @property
    def children(self) -> tuple[Child, ...]:
        """All children in the order in which they were started."""
        return tuple(self._children.values())

    def child(self, name: str) -> Child:
        """The child of that name: `pid`, `state`, `restarts`, and `kill`, `restart`, `stop`, `start` for one alone."""
        return self._children[name]

    async def start(self, specs: Iterable[ChildSpec]) -> None:
        """Start all of `specs` side by side; returns when all are ready.

        When one cannot be started, everything is stopped and its `ChildStartError` is raised.
        """
        if self._guard is None:
            self._guard = await _start_guard(self._guard_grace_seconds)
        started = []
        for spec in specs:
            if spec.name in self._children:
                raise ValueError(f"There is a child named {spec.name} already.")
            child = self._children[spec.name] = Child(spec, self._tell_guard, self._on_change)
            child.start()
            started.append(child)
        try:
            async with asyncio.TaskGroup() as group:
                for child in started:
                    group.create_task(child.until_ready())
        except BaseException as error:
            await self.stop()
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from None
            raise

    async def stop(self) -> None:
        """Stop all children, the last started first, and the guard. Safe to repeat."""
        while self._children:
            _, child = self._children.popitem()
            await child.stop()
        await self._dismiss_guard()

    def _tell_guard(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            # A guard that was killed is missed only if the supervisor is killed as well.
            with contextlib.suppress(OSError):
                self._guard.stdin.write(line.encode() + b"\n")

    async def _dismiss_guard(self) -> None:
        if self._guard is not None:
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            await self._guard.wait()
            self._guard = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def _start_guard(grace_seconds: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        _GUARD_SCRIPT,
        str(grace_seconds),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
