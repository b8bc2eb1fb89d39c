"""The `adreel` command line: what it says and which code it ends with. The stack itself is started in one test."""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from adreel_embedded.running import is_held, running
from adreel_embedded.state import StateDirectory


@pytest.fixture
def home() -> Iterator[Path]:
    """A state directory that the account `nobody` can reach, gone afterwards with the database that belongs to it."""
    directory = Path(tempfile.mkdtemp(prefix="adreel-command-"))
    yield directory
    shutil.rmtree(directory)
    shutil.rmtree(StateDirectory(directory).postgres, ignore_errors=True)


def adreel(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adreel_embedded", *arguments],
        env={**os.environ, "ADREEL_HOME": str(home), **settings},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments", [(), ("dance",), ("up", "--port", "70000"), ("up", "--port", "x"), ("logs", "-n", "-1")]
)
def test_wrong_usage_ends_with_2_and_no_traceback(home: Path, arguments: tuple[str, ...]) -> None:
    done = adreel(home, *arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_stack_down_has_nothing_to_do_and_status_says_so(home: Path) -> None:
    assert adreel(home, "down").returncode == 0
    status = adreel(home, "status")
    assert status.returncode == 3
    assert status.stdout.startswith("Not running")


def test_expected_trouble_is_one_sentence(home: Path) -> None:
    for done in (
        adreel(home, "logs"),
        adreel(home, "demo", "--examples", str(home / "nowhere")),
        adreel(home, "up", ADREEL_HTTP_PORT="many"),
    ):
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.e2e
def test_a_stack_is_started_asked_and_stopped_and_nothing_is_left(home: Path) -> None:
    state = StateDirectory(home)
    started = adreel(home, "up", "--detach", "--port", "0")
    assert started.returncode == 0, started.stderr
    record = running(state)
    assert record is not None
    try:
        assert record.base_url in started.stdout
        with urllib.request.urlopen(f"{record.base_url}/healthz") as answer:
            assert answer.status == 200
        status = adreel(home, "status")
        assert status.returncode == 0
        assert record.base_url in status.stdout
        second = adreel(home, "up", "--port", "0")
        assert second.returncode == 1
        assert f"process {record.pid}" in second.stderr
        logs = adreel(home, "logs", "gateway")
        assert logs.returncode == 0
    finally:
        stopped = adreel(home, "down")
    assert stopped.returncode == 0, stopped.stderr
    assert not is_held(state)
    assert not (state.run / "stack.json").exists()
    assert not psutil.pid_exists(record.pid) or psutil.Process(record.pid).status() == psutil.STATUS_ZOMBIE
    assert adreel(home, "status").returncode == 3
