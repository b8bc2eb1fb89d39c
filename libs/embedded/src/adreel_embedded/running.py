"""What runs on a state directory now: a lock that only its stack holds, and a record that others read.

The invariant: one stack per state directory. The lock is the kernel's and ends with the process that holds it however
that ends, so a record without a held lock is what a killed stack left behind, and is ignored.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self

from adreel_embedded.errors import AlreadyRunningError
from adreel_embedded.state import StateDirectory

_ASKING_SECONDS = 0.5


class StackPhase(StrEnum):
    """How far a stack is."""

    STARTING = "starting"  # its processes are being started; it moves on by itself
    READY = "ready"  # every service is ready


@dataclass(frozen=True)
class StackRecord:
    """One running stack, as written to `run/stack.json`.

    `command` is what started it (`up` or `demo`); `photo_port` is a port of this machine that its services may fetch
    assets from, kept for the demo's photographs.
    """

    pid: int
    command: str
    phase: StackPhase
    port: int
    photo_port: int
    started_at: float

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The record in `text`, or None when it is none."""
        try:
            found = json.loads(text)
            return cls(
                pid=int(found["pid"]),
                command=str(found["command"]),
                phase=StackPhase(found["phase"]),
                port=int(found["port"]),
                photo_port=int(found["photo_port"]),
                started_at=float(found["started_at"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


@contextlib.contextmanager
def hold(state: StateDirectory) -> Iterator[None]:
    """Keep every other stack off this state directory; AlreadyRunningError when one is there."""
    state.create()
    descriptor = os.open(state.run / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _is_locked(descriptor):
            raise AlreadyRunningError(_who(read_record(state), state))
        forget(state)  # what a killed stack left
        try:
            yield
        finally:
            forget(state)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    # Whoever asks `is_held` holds a lock for a moment, which must not pass for another stack.
    deadline = time.monotonic() + _ASKING_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def is_held(state: StateDirectory) -> bool:
    """Whether a stack runs, starts or stops on this state directory now."""
    try:
        descriptor = os.open(state.run / "stack.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def running(state: StateDirectory) -> StackRecord | None:
    """The record of the stack that runs here, or None when none does."""
    return read_record(state) if is_held(state) else None


def write_record(state: StateDirectory, record: StackRecord) -> None:
    """Say what runs; only the holder of the lock does. Readers see the old record or the new one, never half of it."""
    scratch = state.run / f"stack.json.{os.getpid()}"
    scratch.write_text(json.dumps(asdict(record), indent=1) + "\n", "utf-8")
    scratch.replace(state.run / "stack.json")


def read_record(state: StateDirectory) -> StackRecord | None:
    """The record as it lies there, whether or not its stack still runs."""
    try:
        return StackRecord.parse((state.run / "stack.json").read_text("utf-8"))
    except FileNotFoundError:
        return None


def forget(state: StateDirectory) -> None:
    """Remove the record."""
    (state.run / "stack.json").unlink(missing_ok=True)


def _who(record: StackRecord | None, state: StateDirectory) -> str:
    if record is None:
        return f"Another stack is starting or stopping on {state.root}."
    where = f" at {record.base_url}" if record.port else ""
    return f"A stack started by `adreel {record.command}` runs on {state.root} already{where} (process {record.pid})."
