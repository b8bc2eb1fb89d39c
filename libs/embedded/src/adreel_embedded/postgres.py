"""An embedded PostgreSQL server: one data directory, one server, however many processes want it.

`start` adopts the server that already serves the directory, or starts one as a direct child; a file lock makes starts
and stops of several processes follow each other. The invariant: two servers never run on one data directory, and a
process that has nothing to do with us is never taken for one, even when it has got the pid of a server that died.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg
import psutil

from adreel_embedded.account import ServerAccount, server_account
from adreel_embedded.errors import PostgresStartError
from adreel_embedded.log_files import log_tail, open_log
from adreel_embedded.parent_death import die_with_parent
from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.postgres_binaries import PostgresBinaries, runnable_by, wheel_binaries
from adreel_embedded.postgres_files import PostgresFiles, running_postmaster
from adreel_embedded.state import SHARED_ROOT_DIRECTORY

SUPERUSER = "adreel"

_START_SECONDS = 60.0  # crash recovery after kill -9 took 3 s; a slow disk takes longer
_STOP_SECONDS = {signal.SIGINT: 15.0, signal.SIGQUIT: 5.0, signal.SIGKILL: 5.0}  # fast, immediate, the last resort
_POLL_SECONDS = 0.02

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "lc_messages": "C",  # the launcher reads some of them
}

# What a server says when it cannot start yet, but will: backends of one that was killed are still going away, or
# somebody took the port between our look and its start.
_PASSING_TROUBLE = ("shared memory block", "lock file", "could not bind")


class EmbeddedPostgres:
    """The server of one directory. An async context manager; `start` and `stop` may be repeated.

    Must be started from a thread that lives as long as the server should (see `parent_death`).
    """

    def __init__(
        self,
        directory: Path,
        *,
        binaries: PostgresBinaries | None = None,
        log: Path | None = None,
        settings: Mapping[str, str] | None = None,
        copies: Path = SHARED_ROOT_DIRECTORY,
    ) -> None:
        self._account: ServerAccount = server_account()
        self._binaries = runnable_by(self._account, binaries or wheel_binaries(), copies)
        self._files = PostgresFiles(directory, self._binaries.major, self._account)
        self._log = log or directory / "postgres.log"
        self._settings = {**_SETTINGS, **(settings or {})}
        self._ports = PortReservations()
        self._port = 0
        self._password = ""
        self._child: subprocess.Popen[bytes] | None = None
        self._postmaster: psutil.Process | None = None
        self.is_owner = False

    @property
    def port(self) -> int:
        """The loopback TCP port; the same after a restart unless somebody took it."""
        return self._port

    @property
    def pid(self) -> int:
        """The pid of the postmaster."""
        if self._postmaster is None:
            raise PostgresStartError("The database server has not been started.")
        return self._postmaster.pid

    @property
    def password(self) -> str:
        return self._password

    def dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A URL for `database` over loopback TCP."""
        secret = quote(self._password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@{LOOPBACK}:{self._port}/{database}"

    def socket_dsn(self, database: str = "postgres") -> str:
        """The same over the unix socket, for whoever may open it."""
        host = quote(str(self._files.sockets), safe="")
        return f"postgresql://{SUPERUSER}:{quote(self._password, safe='')}@/{database}?host={host}&port={self._port}"

    def is_running(self) -> bool:
        """Whether the server that was started or adopted is still there."""
        if self._child is not None:
            return self._child.poll() is None
        return self._postmaster is not None and _is_alive(self._postmaster)

    async def start(self) -> None:
        """Adopt the server of this directory or start it; returns when it answers."""
        self._files.prepare()
        async with self._lock():
            self._password = self._files.password()
            if await self._adopt():
                return
            self._files.clear_false_locks()
            if not self._files.is_initialised():
                await self._initialise()
            await self._launch()

    async def stop(self) -> None:
        """Stop the server if it is ours to stop; one that another living process started is left alone."""
        if self.is_owner and self._postmaster is not None:
            async with self._lock():
                await self._end()
                self._files.owner.unlink(missing_ok=True)
        self._child = self._postmaster = None
        self.is_owner = False
        self._ports.close()

    async def keep_running(self, *, check_every_seconds: float = 0.2) -> None:
        """Start the server again whenever it is gone; runs until it is cancelled."""
        while True:
            await asyncio.sleep(check_every_seconds)
            if not self.is_running():
                await self.start()

    @contextlib.asynccontextmanager
    async def _lock(self) -> AsyncIterator[None]:
        descriptor = os.open(self._files.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    async def _adopt(self) -> bool:
        found = running_postmaster(self._files.data)
        if found is None:
            return False
        port = await self._port_of(found)
        if port is None:
            return False
        self._port = port
        await self._until_it_answers(lambda: _is_alive(found))
        self._postmaster = found
        if self._child is None or self._child.pid != found.pid:
            self._child = None
            # A server whose starter is gone would otherwise be nobody's to stop.
            self.is_owner = not self._files.has_living_owner()
        if self.is_owner:
            self._files.write_owner()
        return True

    async def _port_of(self, postmaster: psutil.Process) -> int | None:
        """The port of a server that is running, which a starting one writes down a moment after its pid."""
        deadline = time.monotonic() + _START_SECONDS
        while postmaster.is_running() and time.monotonic() < deadline:
            port = self._files.port_in_pid_file()
            if port is not None:
                return port
            await asyncio.sleep(_POLL_SECONDS)
        return None

    async def _initialise(self) -> None:
        """Make the cluster beside its place and rename it: a directory of that name is always a whole one."""
        scratch, password_file = self._files.scratch_for_initdb(self._password)
        command = [
            str(self._binaries.initdb),
            f"--pgdata={scratch}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        start = self._log.stat().st_size if self._log.exists() else 0
        with open_log(self._log) as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd=scratch,
                preexec_fn=die_with_parent(signal.SIGKILL),
                **self._account.popen_arguments(),
            )
            try:
                code = await process.wait()
            except BaseException:
                process.kill()
                raise
        password_file.unlink()
        if code != 0:
            tail = log_tail(self._log, from_byte=start)
            raise PostgresStartError(f"initdb failed with code {code}; its log {self._log} ends:\n{tail}")
        scratch.rename(self._files.data)

    async def _launch(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            start = self._log.stat().st_size if self._log.exists() else 0
            self._choose_port()
            child = self._spawn()
            try:
                await self._until_it_answers(_lives(child))
            except PostgresStartError as error:
                await _discard(child)
                tail = log_tail(self._log, from_byte=start)
                if time.monotonic() > deadline or not any(words in tail for words in _PASSING_TROUBLE):
                    raise PostgresStartError(f"{error} Its log {self._log} ends:\n{tail}") from error
                await asyncio.sleep(0.2)
                continue
            except BaseException:  # cancelled: nothing may be left running that nobody knows of
                await _discard(child)
                raise
            self._child, self._postmaster = child, psutil.Process(child.pid)
            self.is_owner = True
            self._files.write_owner()
            return

    def _choose_port(self) -> None:
        """Keep the port that is known where it can be had, since DSNs with it have been given out."""
        wanted = self._port or self._files.saved_port()
        self._ports.close()
        self._port = self._ports.reserve(wanted)
        self._files.save_port(self._port)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {**self._settings, "port": str(self._port), "unix_socket_directories": str(self._files.sockets)}
        command = [str(self._binaries.postgres), "-D", str(self._files.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open_log(self._log) as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd=self._files.data,
                start_new_session=True,  # Ctrl-C at a terminal is for whoever started us, who then stops us in order
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - it makes two system calls, no more
                **self._account.popen_arguments(),
            )

    async def _until_it_answers(self, is_alive: Callable[[], bool]) -> None:
        """Wait until the server that answers on our port is the one with our data directory."""
        deadline = time.monotonic() + _START_SECONDS
        while is_alive() and time.monotonic() < deadline:
            try:
                directory = await self._ask_for_data_directory()
            except asyncpg.InvalidPasswordError as error:
                raise PostgresStartError(f"The PostgreSQL on port {self._port} does not know our password.") from error
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # not listening yet, or still recovering
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if directory.resolve() == self._files.data.resolve():
                return
            raise PostgresStartError(f"Another PostgreSQL answers on port {self._port}: that of {directory}.")
        raise PostgresStartError(f"PostgreSQL does not answer on port {self._port}.")

    async def _ask_for_data_directory(self) -> Path:
        connection = await asyncpg.connect(self.dsn(), timeout=5)
        try:
            return Path(await connection.fetchval("SHOW data_directory"))
        finally:
            await connection.close()

    async def _end(self) -> None:
        for sent, wait_seconds in _STOP_SECONDS.items():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if self.is_running() and self._postmaster is not None:
                    self._postmaster.send_signal(sent)
            deadline = time.monotonic() + wait_seconds
            while self.is_running() and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(_POLL_SECONDS)
            if not self.is_running():
                return

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _lives(child: subprocess.Popen[bytes]) -> Callable[[], bool]:
    return lambda: child.poll() is None


def _is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def _discard(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    await asyncio.to_thread(child.wait)


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables of the user would change what the server does."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
