"""One supervised process: started, watched until it is ready, started again with back-off when it crashes.

The invariant: at most one process per child at any time, and when one has ended, nothing that it started is left. Each
child leads a session and process group of its own, so that Ctrl-C at a terminal reaches the supervisor alone.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adreel_embedded.errors import ChildStartError
from adreel_embedded.log_files import log_tail, open_log
from adreel_embedded.parent_death import die_with_parent
from adreel_embedded.probes import Probe

_logger = logging.getLogger(__name__)

_PROBE_EVERY_SECONDS = 0.1
_FIRST_BACK_OFF_SECONDS, _LONGEST_BACK_OFF_SECONDS = 0.25, 10.0
_STEADY_SECONDS = 30.0  # who ran this long has left earlier failures behind
_MOST_FAILED_STARTS = 3  # before it was ever ready: a wrong setting does not heal by repetition


class ChildState(StrEnum):
    """Where a child is."""

    STOPPED = "stopped"  # not wanted; `start` moves it on
    STARTING = "starting"  # its process runs and does not say that it is ready yet
    READY = "ready"  # its probe has answered yes since its process was started
    BACKING_OFF = "backing_off"  # its process ended; a new one follows after a pause
    FAILED = "failed"  # it cannot be run, or ended several times without ever having been ready; `start` tries again


@dataclass(frozen=True)
class ChildSpec:
    """How one process is run. `env` is its whole environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    is_ready: Probe
    cwd: Path | None = None
    ready_within_seconds: float = 60.0
    stop_grace_seconds: float = 10.0


def service_spec(
    name: str, module: str, *, env: Mapping[str, str], log: Path, is_ready: Probe, command: str = "all"
) -> ChildSpec:
    """A service of the suite: `python -m <module> all` with the interpreter that runs this."""
    return ChildSpec(name, (sys.executable, "-m", module, command), env, log, is_ready)


class Child:
    """The life of one `ChildSpec`. `tell_guard` is called with `+pid` and `-pid` lines as processes come and go."""

    def __init__(
        self, spec: ChildSpec, tell_guard: Callable[[str], None], on_change: Callable[["Child"], None] | None = None
    ) -> None:
        self.spec = spec
        self.state = ChildState.STOPPED
        self.restarts = 0
        self.last_exit_code: int | None = None
        self._tell_guard = tell_guard
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._is_wanted = False
        self._was_ready = False
        self._skip_back_off = False
        self._log_start_byte = 0
        self._why_not_run = ""

    @property
    def pid(self) -> int | None:
        """The pid of its process, or None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Begin to run it; returns at once. Does nothing for one that is running."""
        if self._task is not None and not self._task.done():
            return
        self._is_wanted, self._was_ready, self._why_not_run = True, False, ""
        self._task = asyncio.create_task(self._keep(), name=f"child {self.spec.name}")

    async def until_ready(self) -> None:
        """Wait until it is ready; raises `ChildStartError` with the tail of its log when it will not be."""
        try:
            async with asyncio.timeout(self.spec.ready_within_seconds):
                while self.state is not ChildState.READY:
                    if self.state is ChildState.FAILED:
                        raise ChildStartError(
                            self._trouble(self._why_not_run or f"ended with code {self.last_exit_code}")
                        )
                    if not self._is_wanted:
                        raise ChildStartError(f"{self.spec.name} is stopped.")
                    await self._changed.wait()
        except TimeoutError as error:
            waited = f"was not ready after {self.spec.ready_within_seconds:g} s"
            raise ChildStartError(self._trouble(waited)) from error

    async def stop(self) -> None:
        """SIGTERM, SIGKILL after the grace time, and wait for its end. Safe to repeat."""
        self._is_wanted = False
        self._announce(self.state)
        task = self._task
        if task is None:
            return
        if self._process is None:
            task.cancel()  # it is backing off
        else:
            await self._end_process(self._process)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._task = None
        self._announce(ChildState.STOPPED)

    async def restart(self) -> None:
        """End its process in order and run a new one at once; returns when that is ready."""
        process = self._process
        if process is None:
            self.start()
        else:
            self._skip_back_off = True
            await self._end_process(process)
            await self._until_gone(process)
        await self.until_ready()

    async def kill(self, sent: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to its process alone. After SIGKILL it returns when the end has been noticed."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(sent)
        if sent is signal.SIGKILL:
            await self._until_gone(process)

    async def _until_gone(self, process: asyncio.subprocess.Process) -> None:
        while self._process is process:
            await self._changed.wait()

    async def _end_process(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.spec.stop_grace_seconds):
                await self._until_gone(process)
        except TimeoutError:
            _logger.warning("%s did not stop within %g s", self.spec.name, self.spec.stop_grace_seconds)
            _kill_group(process.pid)
            await self._until_gone(process)

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._run_once()
            except OSError as error:
                self._why_not_run = f"cannot be run ({error})"
                self._announce(ChildState.FAILED)
                return
            if not self._is_wanted:
                return
            self.restarts += 1
            failures = 1 if time.monotonic() - began > _STEADY_SECONDS else failures + 1
            if not self._was_ready and failures >= _MOST_FAILED_STARTS:
                self._announce(ChildState.FAILED)
                return
            self._announce(ChildState.BACKING_OFF)
            if not self._skip_back_off:
                doubled = _FIRST_BACK_OFF_SECONDS * 2 ** (failures - 1)
                await asyncio.sleep(min(doubled, _LONGEST_BACK_OFF_SECONDS))
            self._skip_back_off = False

    async def _run_once(self) -> None:
        process = self._process = await self._spawn()
        self._tell_guard(f"+{process.pid}")
        self._announce(ChildState.STARTING)
        probing = asyncio.create_task(self._probe())
        try:
            self.last_exit_code = await process.wait()
        finally:
            probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probing
            # What it left behind belongs to nobody now, and holds its group's number until it is gone.
            _kill_group(process.pid)
            self._tell_guard(f"-{process.pid}")
            self._process = None
            self._announce(ChildState.STOPPED if not self._is_wanted else ChildState.BACKING_OFF)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with open_log(self.spec.log) as log:
            self._log_start_byte = os.fstat(log.fileno()).st_size
            return await asyncio.create_subprocess_exec(
                *self.spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.spec.env),
                cwd=self.spec.cwd,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    async def _probe(self) -> None:
        while not await self.spec.is_ready():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(_PROBE_EVERY_SECONDS)
        self._was_ready = True
        self._announce(ChildState.READY)

    def _announce(self, state: ChildState) -> None:
        has_changed, self.state = state is not self.state, state
        waiters, self._changed = self._changed, asyncio.Event()
        waiters.set()
        if has_changed:
            _logger.info("%s is %s", self.spec.name, state)
            if self._on_change is not None:
                self._on_change(self)

    def _trouble(self, what: str) -> str:
        tail = log_tail(self.spec.log, from_byte=self._log_start_byte)
        return f"{self.spec.name} {what}; its log {self.spec.log} ends:\n{tail}"


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
