"""A server that is one direct child process: started, waited for, stopped by its pid, gone when the tests are gone."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from adreel_embedded.log_files import log_tail, open_log
from adreel_embedded.parent_death import die_with_parent

from adreel_testkit.servers.errors import ServerStartError

_POLL_SECONDS = 0.05


class ServerProcess:
    """One run of a server program. Start it from a thread that lives as long as it should (see `parent_death`)."""

    def __init__(self, name: str, argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path) -> None:
        self._name = name
        self._argv = list(argv)
        self._env = dict(env)
        self._log = log
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerStartError(f"{self._name} has not been started.")
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self, answers: Callable[[], Awaitable[bool]], *, within_seconds: float) -> None:
        """Start the program and wait until `answers` says yes."""
        self._process = self._spawn()
        deadline = time.monotonic() + within_seconds
        while not await answers():
            if not self.is_running() or time.monotonic() > deadline:
                tail = log_tail(self._log)
                await self.stop(grace_seconds=0)
                raise ServerStartError(f"{self._name} did not start; its log {self._log} ends:\n{tail}")
            await asyncio.sleep(_POLL_SECONDS)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with open_log(self._log) as log:
            return subprocess.Popen(
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it makes two system calls, no more
            )

    async def stop(self, *, grace_seconds: float) -> None:
        """SIGTERM, SIGKILL after the grace time, both to the whole group; safe to repeat."""
        process = self._process
        if process is None:
            return
        deadline = time.monotonic() + grace_seconds
        if grace_seconds > 0:
            process.terminate()
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(_POLL_SECONDS)
        self.kill()
        self._process = None

    def kill(self) -> None:
        """End it and all that it started at once, as a crash would, and bury it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
