"""The frame of a service: the resources all services open, and the processes they can be run as.

`python -m adreel_x COMMAND`, with COMMAND one of `grpc`, `worker`, `relay`, `consumers`, `migrate`, or `all`
(everything but `migrate` in one process). A service that serves the web has `http` in place of `grpc`.
A service's `bootstrap` builds its parts from a `Runtime` and hands them to `run_service`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adreel_kit.bus import Bus, Manifest, Transport
from adreel_kit.bus.postgres import PostgresTransport
from adreel_kit.bus.relay import Relay
from adreel_kit.db import Database, Listener
from adreel_kit.health import Health, serve_health
from adreel_kit.logging import configure_logging
from adreel_kit.outbox import CHANNEL, Outbox
from adreel_kit.process import Part, Process, run_process
from adreel_kit.rpc import RpcServer
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Worker

COMMANDS = ("all", "grpc", "worker", "relay", "consumers", "migrate")
HTTP_COMMANDS = ("all", "http", "worker", "relay", "consumers", "migrate")


class CommonSettings(Protocol):
    """What a runtime needs of a service's settings; `adreel_kit.settings` has the classes."""

    @property
    def database_url(self) -> str: ...
    @property
    def adreel_database_pool_size(self) -> int: ...
    @property
    def rabbitmq_url(self) -> str | None: ...
    @property
    def adreel_bus_database_url(self) -> str | None: ...
    @property
    def adreel_bind_host(self) -> str: ...
    @property
    def adreel_health_port(self) -> int: ...
    @property
    def adreel_grpc_port(self) -> int: ...
    @property
    def adreel_log_level(self) -> str: ...


@dataclass(slots=True)
class Runtime:
    """One process's resources, opened and closed by `run_service`, not by their users."""

    service: str
    database: Database
    listener: Listener
    transport: Transport
    outbox: Outbox
    bus: Bus
    relay: Relay
    health: Health

    @classmethod
    def build(
        cls, service: str, settings: CommonSettings, manifest: Manifest, *, channels: Sequence[str] = ()
    ) -> "Runtime":
        """Make, without opening, what `service` needs; `channels` are NOTIFY channels of its own."""
        database = Database(settings.database_url, max_size=settings.adreel_database_pool_size)
        listener = Listener(settings.database_url, [CHANNEL, QUEUED_CHANNEL, CANCELLED_CHANNEL, *channels])
        transport = build_transport(settings, manifest, name=service)
        health = Health(service, checks={"database": database.ping, "bus": transport.ping})
        return cls(
            service=service,
            database=database,
            listener=listener,
            transport=transport,
            outbox=Outbox(source=service),
            bus=Bus(service=service, database=database, transport=transport),
            relay=Relay(database=database, transport=transport, listener=listener),
            health=health,
        )


def build_transport(settings: CommonSettings, manifest: Manifest, *, name: str) -> Transport:
    """The transport that the settings name."""
    if settings.rabbitmq_url:
        # Imported here, as the migrations are below: each costs a process a good part of a second that it need not pay.
        from adreel_kit.bus.rabbitmq import RabbitTransport

        return RabbitTransport(settings.rabbitmq_url, manifest, name=name)
    if settings.adreel_bus_database_url:
        return PostgresTransport(settings.adreel_bus_database_url, manifest)
    raise ValueError("neither RABBITMQ_URL nor ADREEL_BUS_DATABASE_URL is set")


@dataclass(slots=True)
class ServiceParts:
    """What a service runs beside its relay and consumers. `resources` are (start, stop) pairs of its own.

    `rpc` registers the servicers of the `grpc` command; `http` is all of the `http` command.
    """

    rpc: Callable[[RpcServer], None] | None = None
    http: Part | None = None
    worker: Worker | None = None
    loops: Sequence[tuple[str, Part]] = ()
    resources: Sequence[tuple[Callable[[], Awaitable[None]] | None, Callable[[], Awaitable[None]] | None]] = ()


def run_service(
    command: str, settings: CommonSettings, runtime: Runtime, parts: ServiceParts, *, migrations: Path
) -> int:
    """Run one process of a service to its end; returns the exit code.

    Migrations are a command of their own; `all` in the embedded stack is preceded by `migrate` too. `loops` run with
    the worker.
    """
    if command == "migrate":
        from adreel_kit.migrations import run_migrations

        run_migrations(settings.database_url, migrations)
        return 0
    broker = _Broker(runtime.transport)
    process = Process(f"{runtime.service} {command}")
    process.resource(start=runtime.database.start, stop=runtime.database.aclose)
    process.resource(start=runtime.listener.start, stop=runtime.listener.aclose)
    for start, stop in parts.resources:
        process.resource(start=start, stop=stop)
    if settings.adreel_health_port:
        process.part(
            "health",
            lambda: serve_health(runtime.health, host=settings.adreel_bind_host, port=settings.adreel_health_port),
        )
    if command in ("all", "grpc") and (rpc := parts.rpc) is not None:
        process.part("grpc", lambda: _serve_rpc(settings, rpc))
    if command in ("all", "http") and parts.http is not None:
        process.part("http", parts.http)
    if command in ("all", "relay"):
        process.part("relay", lambda: broker.then(runtime.relay.run))
    if command in ("all", "consumers"):
        process.part("consumers", lambda: broker.then(runtime.bus.run))
    if command in ("all", "worker"):
        if parts.worker is not None:
            process.part("worker", parts.worker.run)
        for name, loop in parts.loops:
            process.part(name, loop)
    process.resource(stop=runtime.transport.aclose)
    return run_process(process)


async def _serve_rpc(settings: CommonSettings, register: Callable[[RpcServer], None]) -> None:
    # The server is made inside the running loop, where grpc.aio binds to it.
    server = RpcServer(f"{settings.adreel_bind_host}:{settings.adreel_grpc_port}")
    register(server)
    await server.run()


class _Broker:
    """Opens the transport once for the parts that share it.

    Only what needs the broker waits for it, so that look-ups are answered while it is away.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = asyncio.Lock()
        self._is_started = False

    async def then(self, run: Part) -> None:
        async with self._lock:
            if not self._is_started:
                await self._transport.start()
                self._is_started = True
        await run()


def parse_command(arguments: Sequence[str], commands: Sequence[str] = COMMANDS) -> str:
    """The command of `python -m adreel_x COMMAND`; a wrong one ends the process with a sentence."""
    if len(arguments) == 1 and arguments[0] in commands:
        return arguments[0]
    print(f"Say what to run: one of {', '.join(commands)}.", file=sys.stderr)
    raise SystemExit(2)


def begin(service: str, command: str, settings: CommonSettings) -> None:
    """What each `__main__` does first once it has its settings."""
    configure_logging(service=service, process=command, level=settings.adreel_log_level)
