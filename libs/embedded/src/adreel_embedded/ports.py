"""Free loopback ports.

Ports are taken from below the range that the kernel uses for outgoing connections, so that a restarted child finds its
own port free again. Between the moment a port is chosen and the moment its server listens, a lock file in the temporary
directory keeps other Adreel processes of this user from choosing the same one; the lock ends with the process.
"""

import contextlib
import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from adreel_embedded.errors import NoFreePortError

LOOPBACK = "127.0.0.1"

_FIRST_PORT, _LAST_PORT = 20_000, 32_000  # Linux hands out 32768 and above, macOS 49152 and above
_MOST_TRIES = 500


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


class PortReservations:
    """Ports kept for this process until `close`; a context manager."""

    def __init__(self) -> None:
        self._locks: dict[int, int] = {}
        self._directory = Path(tempfile.gettempdir()) / f"adreel-ports-{os.geteuid()}"

    def reserve(self, preferred: int | None = None) -> int:
        """A free port that no other Adreel process of this user has reserved: `preferred` if it can be had."""
        if preferred and self._take(preferred):
            return preferred
        for _ in range(_MOST_TRIES):
            port = _FIRST_PORT + secrets.randbelow(_LAST_PORT - _FIRST_PORT)
            if self._take(port):
                return port
        raise NoFreePortError(f"No free port was found between {_FIRST_PORT} and {_LAST_PORT} on {LOOPBACK}.")

    def reserve_exactly(self, port: int) -> int:
        """Reserve `port` itself, or say that it is taken."""
        if not self._take(port):
            raise NoFreePortError(f"Port {port} on {LOOPBACK} is in use; choose another one.")
        return port

    def _take(self, port: int) -> bool:
        if port in self._locks:
            return False
        self._directory.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(self._directory / str(port), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if not is_free(port):
            os.close(lock)
            return False
        self._locks[port] = lock
        return True

    def close(self) -> None:
        """Give all ports back."""
        while self._locks:
            port, lock = self._locks.popitem()
            # The file is removed under its lock; whoever opened it meanwhile holds a lock on a name that is gone,
            # which costs no more than the small chance of choosing a port that is about to be used.
            with contextlib.suppress(FileNotFoundError):
                (self._directory / str(port)).unlink()
            os.close(lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
