"""`adreel down`: stop the stack of this state directory and wait until it is gone."""

import argparse
import os
import signal
import time

import psutil

from adreel_embedded.cli.arguments import Subcommands
from adreel_embedded.errors import EmbeddedError
from adreel_embedded.running import forget, is_held, read_record
from adreel_embedded.state import StateDirectory, find_state_directory

_GRACE_SECONDS = 60.0  # six services at 10 s each, and the database
_KILL_SECONDS = 15.0
_RECORD_SECONDS = 5.0


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("down", help="stop what `adreel up` started; data and logs stay")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    state = find_state_directory()
    if not is_held(state):
        if state.run.is_dir():
            forget(state)
        print(f"Nothing runs on {state.root}.")
        return 0
    pid = _pid(state)
    print(f"Stopping process {pid} ...", flush=True)
    # SIGKILL is for a stack that hangs: its guard and the kernel then end its children.
    for sent, wait_seconds in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
        _send(pid, sent)
        if _is_gone(state, pid, wait_seconds):
            forget(state)
            print("Stopped.")
            return 0
    raise EmbeddedError(f"Process {pid} does not end.")


def _pid(state: StateDirectory) -> int:
    deadline = time.monotonic() + _RECORD_SECONDS
    while time.monotonic() < deadline:
        record = read_record(state)
        if record is not None:
            return record.pid
        time.sleep(0.1)
    raise EmbeddedError(f"A stack holds {state.root}, but there is no record of its process; try again.")


def _send(pid: int, sent: signal.Signals) -> None:
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return
    except PermissionError:
        raise EmbeddedError(f"Process {pid} belongs to another user, who has to stop it.") from None


def _is_gone(state: StateDirectory, pid: int, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        # The lock is given back a moment before the process ends.
        if not is_held(state) and not _is_alive(pid):
            return True
        time.sleep(0.1)
    return False


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
