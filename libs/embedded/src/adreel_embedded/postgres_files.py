"""The files around one PostgreSQL data directory, and who may touch them.

<directory>/pg18/       the cluster, the server account's own (0700)
<directory>/run/        its unix socket, the server account's own (0700)
<directory>/password    the superuser's password, ours (0600)
<directory>/port        the TCP port of last time, so that it stays the same
<directory>/lock        held while a server is started or stopped
<directory>/owner       which process started the server, and is to stop it
"""

import contextlib
import json
import os
import secrets
import shutil
import stat
from pathlib import Path

import psutil

from adreel_embedded.account import ServerAccount
from adreel_embedded.errors import PostgresStartError, StateDirectoryError
from adreel_embedded.state import socket_directory

_CLOCK_SLACK_SECONDS = 1.0  # psutil's start times of one process may differ by a clock tick


class PostgresFiles:
    """Paths of one server, and the small records kept beside its data."""

    def __init__(self, directory: Path, major: int, account: ServerAccount) -> None:
        self._directory = directory
        self._account = account
        self.data = directory / f"pg{major}"
        self.lock = directory / "lock"
        self.owner = directory / "owner"
        self.sockets = socket_directory(directory / "run", account.uid)

    def prepare(self) -> None:
        """Make the directories; a server account that cannot reach them is told now, in words."""
        # nobody has to pass through; nothing in here but its own two directories is open to it.
        mode = 0o755 if self._account.is_switched else 0o700
        self._directory.mkdir(mode=mode, parents=True, exist_ok=True)
        if not self._account.can_reach(self._directory):
            raise StateDirectoryError(f"The account that runs PostgreSQL cannot reach {self._directory}.")
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._account.own(self.sockets)
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._account.uid:
            raise StateDirectoryError(f"{self.sockets} exists and is not ours; remove it.")

    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").is_file()

    def scratch_for_initdb(self, password: str) -> tuple[Path, Path]:
        """An empty directory for a new cluster, and a file with its superuser's password, both the server account's."""
        scratch = self._directory / f"{self.data.name}.new"
        shutil.rmtree(scratch, ignore_errors=True)  # of a start that was killed half way; we hold the lock
        scratch.mkdir(mode=0o700)
        self._account.own(scratch)
        password_file = self.sockets / "initdb-password"
        password_file.unlink(missing_ok=True)
        write_private(password_file, password)
        self._account.own(password_file)
        return scratch, password_file

    def password(self) -> str:
        """The superuser's password: made at the first start, kept as long as the data."""
        path = self._directory / "password"
        if not path.exists():
            if self.is_initialised():
                raise PostgresStartError(f"{path} is gone, and {self.data} cannot be opened without it.")
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text("utf-8").strip()

    def saved_port(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self._directory / "port").read_text("ascii"))
        return None

    def save_port(self, port: int) -> None:
        write_private(self._directory / "port", str(port))

    def port_in_pid_file(self) -> int | None:
        """The port that a running server wrote into its pid file; None while it has not come that far."""
        lines = _pid_file_lines(self.data)
        return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None

    def clear_false_locks(self) -> None:
        """Remove what a dead server left whose pid some other process has now, be it only its own unburied self.

        PostgreSQL refuses to start as long as *any* process of its account has the pid in its pid file or beside its
        socket. A pid file that is merely stale is left to PostgreSQL, which also looks whether backends of the dead
        server still hold its shared memory; the sockets are in a directory that no other server uses.
        """
        pid = _pid_in_file(self.data)
        if pid is not None and _serves(pid, self.data):
            return
        if pid is not None and psutil.pid_exists(pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def write_owner(self) -> None:
        """Record that this process is to stop the server."""
        ours = psutil.Process()
        write_private(self.owner, json.dumps({"pid": ours.pid, "started": ours.create_time()}))

    def has_living_owner(self) -> bool:
        """Whether a process other than this one that started or took over the server is still there."""
        try:
            record = json.loads(self.owner.read_text("utf-8"))
            process = psutil.Process(int(record["pid"]))
            is_same = abs(process.create_time() - float(record["started"])) < _CLOCK_SLACK_SECONDS
            return is_same and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.Error):
            return False


def running_postmaster(data: Path) -> psutil.Process | None:
    """The process that serves `data` now, or None; a stranger that has got its pid is not one."""
    pid = _pid_in_file(data)
    if pid is None or not _serves(pid, data):
        return None
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only its owner can read, whole or not at all."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _pid_in_file(data: Path) -> int | None:
    lines = _pid_file_lines(data)
    try:
        return abs(int(lines[0]))  # negative in a single-user server
    except (IndexError, ValueError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """Whether `pid` is a PostgreSQL server in `data`: every postmaster makes its data directory its own."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return "postgres" in process.name() and Path(process.cwd()).resolve() == data.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False
