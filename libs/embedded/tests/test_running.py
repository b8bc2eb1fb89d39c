"""One stack per state directory: the lock, the record, and what a killed stack leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from adreel_embedded.errors import AlreadyRunningError
from adreel_embedded.running import StackPhase, StackRecord, hold, is_held, read_record, running, write_record
from adreel_embedded.state import StateDirectory

HOLDER = """
import sys, time
from pathlib import Path
from adreel_embedded.running import StackPhase, StackRecord, hold, write_record
from adreel_embedded.state import StateDirectory
state = StateDirectory(Path(sys.argv[1]))
with hold(state):
    write_record(state, StackRecord(__import__("os").getpid(), "up", StackPhase.READY, 8080, 0, time.time()))
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "home")


def record(pid: int = 1) -> StackRecord:
    return StackRecord(pid, "up", StackPhase.READY, 8080, 20_000, 0.0)


def test_a_second_stack_is_refused_with_the_address_of_the_first(state: StateDirectory) -> None:
    with hold(state):
        write_record(state, record(4711))
        with pytest.raises(AlreadyRunningError, match=r"http://127.0.0.1:8080 \(process 4711\)"), hold(state):
            pass
    with hold(state):
        assert read_record(state) is None


def test_nothing_runs_where_nothing_was_ever_started(state: StateDirectory) -> None:
    assert not is_held(state)
    assert running(state) is None


def test_a_record_that_a_killed_stack_left_does_not_count(state: StateDirectory) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(state.root)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    found = running(state)
    assert found is not None
    assert found.pid == holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert read_record(state) == found
    assert running(state) is None
    with hold(state):
        assert read_record(state) is None


def test_whoever_asks_is_not_taken_for_a_stack(state: StateDirectory) -> None:
    asker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\nfrom adreel_embedded.running import is_held\n"
            "from adreel_embedded.state import StateDirectory\nstate = StateDirectory(Path(sys.argv[1]))\n"
            "print('asking', flush=True)\nwhile True: is_held(state)",
            str(state.root),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert asker.stdout is not None
        asker.stdout.readline()
        for _ in range(20):
            with hold(state):
                time.sleep(0.001)
    finally:
        asker.kill()
        asker.communicate()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1, "phase": "odd"}', "null"])
def test_a_damaged_record_is_no_record(text: str) -> None:
    assert StackRecord.parse(text) is None
