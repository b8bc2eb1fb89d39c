"""Directories that the server account can reach, and small programs to supervise."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from adreel_embedded.child import ChildSpec
from adreel_embedded.ports import PortReservations
from adreel_embedded.probes import port_listens

# Listens, writes its pid and that of a process it starts, and ends at SIGTERM unless it was told to be stubborn.
LISTENER = """
import os, signal, socket, subprocess, sys, time
port, notes, mood = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def note(text):
    with open(notes, "a") as file:
        file.write(text + "\\n")
if mood == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    def end(*_):
        note(f"{sys.argv[4]} ends")
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
note(f"{sys.argv[4]} pids {os.getpid()} {helper.pid}")
server = socket.create_server(("127.0.0.1", port))
print("listening", flush=True)
while True:
    server.accept()[0].close()
"""


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that any account may pass through, as `/var/lib/adreel` is (pytest's own is 0700)."""
    directory = Path(tempfile.mkdtemp(prefix="adreel-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def ports() -> Iterator[PortReservations]:
    with PortReservations() as reservations:
        yield reservations


@pytest.fixture
def listener(tmp_path: Path, ports: PortReservations) -> Callable[..., ChildSpec]:
    """Builds the spec of a child that listens; what it notes goes to `tmp_path / "notes"`."""

    def build(name: str, *, mood: str = "willing", stop_grace_seconds: float = 10.0) -> ChildSpec:
        port = ports.reserve()
        return ChildSpec(
            name,
            (sys.executable, "-c", LISTENER, str(port), str(tmp_path / "notes"), mood, name),
            env={"PATH": "/usr/bin:/bin"},
            log=tmp_path / f"{name}.log",
            is_ready=port_listens(port),
            stop_grace_seconds=stop_grace_seconds,
        )

    return build
