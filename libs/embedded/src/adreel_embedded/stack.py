"""The whole suite on one machine: PostgreSQL, five services, one API port; started, watched and stopped together.

The bus and the blob store are the embedded ones unless the caller gives others (`StackOptions.bus`, `.blobs`): then the
very same services run over RabbitMQ and S3. Everything started here ends with the process that started it.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from adreel_embedded.databases import ensure_databases
from adreel_embedded.errors import StackStartError
from adreel_embedded.migrations import migrate_all
from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.postgres import EmbeddedPostgres
from adreel_embedded.services import BACKEND_SERVICES, SERVICES, Addresses, StackOptions, specs
from adreel_embedded.state import StateDirectory
from adreel_embedded.supervisor import Supervisor

DEFAULT_HTTP_PORT = 8080
BUS_DATABASE = "bus"


@dataclass
class Stack:
    """One running suite; an async context manager.

    `http_port` 0 takes any free port; a given one must be free. `database_urls` replaces the embedded PostgreSQL (one
    address per service), `bus` and `blobs` are environment variables that replace the embedded ones.
    """

    state: StateDirectory
    http_port: int = 0
    options: StackOptions = field(default_factory=StackOptions)
    database_urls: Mapping[str, str] | None = None
    bus: Mapping[str, str] | None = None
    blobs: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        self.supervisor = Supervisor()
        self._ports = PortReservations()
        self._postgres: EmbeddedPostgres | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"http://{LOOPBACK}:{self.http_port}"

    async def start(self) -> None:
        """Start everything and return when every service is ready. Raises an EmbeddedError; nothing is left then."""
        self.state.create()
        try:
            addresses = await self._addresses()
            await migrate_all({name: addresses.database_urls[name] for name in SERVICES})
            await self.supervisor.start(specs(addresses, self.state.files, self.state.logs, self.options))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything in reverse order. Safe to repeat."""
        await self.supervisor.stop()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        if self._postgres is not None:
            await self._postgres.stop()
            self._postgres = None
        self._ports.close()

    async def _addresses(self) -> Addresses:
        urls = dict(self.database_urls) if self.database_urls is not None else await self._embedded_databases()
        bus = dict(self.bus) if self.bus is not None else {"ADREEL_BUS_DATABASE_URL": urls[BUS_DATABASE]}
        blobs = dict(self.blobs) if self.blobs is not None else self._file_blobs()
        if self.http_port:
            self._ports.reserve_exactly(self.http_port)
        else:
            self.http_port = self._ports.reserve()
        return Addresses(
            database_urls=urls,
            grpc_ports={name: self._ports.reserve() for name in BACKEND_SERVICES},
            health_ports={name: self._ports.reserve() for name in BACKEND_SERVICES},
            http_port=self.http_port,
            bus=bus,
            blobs=blobs,
        )

    async def _embedded_databases(self) -> dict[str, str]:
        self._postgres = EmbeddedPostgres(self.state.postgres, log=self.state.logs / "postgres.log")
        await self._postgres.start()
        self._keeping = asyncio.create_task(self._postgres.keep_running())
        return await ensure_databases(self._postgres, [*SERVICES, BUS_DATABASE])

    def _file_blobs(self) -> dict[str, str]:
        return {"BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": str(self.state.files / "blobs")}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()


def default_http_port(environ: Mapping[str, str] | None = None) -> int:
    """`ADREEL_HTTP_PORT`, or 8080."""
    value = (os.environ if environ is None else environ).get("ADREEL_HTTP_PORT", "").strip()
    if not value:
        return DEFAULT_HTTP_PORT
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise StackStartError(f"ADREEL_HTTP_PORT is not a port: {value!r}")
    return int(value)
