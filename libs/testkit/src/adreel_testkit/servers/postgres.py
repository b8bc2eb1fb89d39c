"""A private PostgreSQL server, and what any PostgreSQL offers to tests, private server or container."""

import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import asyncpg
from adreel_embedded.errors import PostgresUnavailableError
from adreel_embedded.postgres import EmbeddedPostgres
from adreel_embedded.postgres_binaries import PostgresBinaries, system_binaries, wheel_binaries

from adreel_testkit.servers.errors import ServerUnavailableError

# Test data need not survive a power cut. kill -9 loses nothing: the pages are in the kernel by then.
_TEST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def find_postgres() -> PostgresBinaries:
    """The machine's own PostgreSQL, else the one in the wheel of the embedded suite."""
    try:
        return system_binaries() or wheel_binaries()
    except PostgresUnavailableError as error:
        raise ServerUnavailableError(str(error)) from error


class Postgres:
    """A PostgreSQL that tests may use: superuser DSNs and databases of their own."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def dsn(self, database: str = "postgres") -> str:
        """A superuser's DSN for `database`."""
        raise NotImplementedError

    async def create_database(self, hint: str = "test", *, template: str | None = None) -> str:
        """Make a new database, empty or a copy of `template` (nobody may be connected to it); its DSN."""
        name = f"{hint}_{secrets.token_hex(6)}"
        source = f' TEMPLATE "{template}"' if template else ""
        await self._as_superuser(f'CREATE DATABASE "{name}"{source}')
        return self.dsn(name)

    async def drop_database(self, dsn: str) -> None:
        """Remove the database that `dsn` names, whoever is connected to it."""
        await self._as_superuser(f'DROP DATABASE IF EXISTS "{database_name(dsn)}" WITH (FORCE)')

    async def answers(self) -> bool:
        """Whether a superuser can log in now."""
        try:
            await self._as_superuser("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _as_superuser(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn(), timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def database_name(dsn: str) -> str:
    """The database that a DSN names."""
    return urlsplit(dsn).path.lstrip("/")


class PrivatePostgres(Postgres):
    """The private server. After `kill`, `start` brings it back on the same address with its data."""

    def __init__(self, binaries: PostgresBinaries | None = None) -> None:
        chosen = binaries or find_postgres()
        carrier = "native" if chosen.origin == "system" else "native (the embedded suite's wheel)"
        super().__init__(f"{carrier} PostgreSQL {chosen.major}")
        self._directory = Path(tempfile.mkdtemp(prefix="adreel-postgres-"))
        self._directory.chmod(0o755)  # as root the server runs as nobody, who has to pass through
        self._server = EmbeddedPostgres(self._directory / "server", binaries=chosen, settings=_TEST_SETTINGS)

    @property
    def pid(self) -> int:
        return self._server.pid

    def dsn(self, database: str = "postgres") -> str:
        return self._server.dsn(database)

    def is_running(self) -> bool:
        return self._server.is_running()

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        """Stop the server and remove its data."""
        await self._server.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
