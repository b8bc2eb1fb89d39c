"""The assets service behind the gateway, and nothing else: enough to give, read and delete assets over REST."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.probes import http_answers, port_listens

from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.process import ServerProcess

_START_SECONDS = 120.0  # ten processes on two cores import for a while
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class AssetsAlone:
    """Where it is, as whom it runs, and the database of the assets service."""

    base_url: str
    assets_pid: int
    gateway_pid: int
    assets_database_url: str


@asynccontextmanager
async def running_assets(
    directory: Path, postgres: Postgres, blobs: Mapping[str, str], *, extra: Mapping[str, str] | None = None
) -> AsyncIterator[AssetsAlone]:
    """Run both over the blob store that `blobs` names; `extra` settings win over all others."""
    async with AsyncExitStack() as stack:
        ports = stack.enter_context(PortReservations())
        grpc_port, http_port = ports.reserve(), ports.reserve()
        databases = {name: await postgres.create_database(name) for name in ("assets", "gateway")}
        common = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "ADREEL_BIND_HOST": LOOPBACK,
            "ADREEL_GRPC_PORT": str(grpc_port),
            "ADREEL_ASSETS_DIR": str(directory / "assets"),
            "ADREEL_HTTP_PORT": str(http_port),
            "ADREEL_AUTH": "open",
            # The jobs, scenes and render services are not there; what needs them says so.
            **{f"{name}_GRPC_TARGET": f"{LOOPBACK}:1" for name in ("JOBS", "SCENES", "RENDER")},
            "ASSETS_GRPC_TARGET": f"{LOOPBACK}:{grpc_port}",
            **blobs,
            **(extra or {}),
        }
        pids = {}
        for name, is_up in (
            ("assets", port_listens(grpc_port)),
            ("gateway", http_answers(f"http://{LOOPBACK}:{http_port}/healthz")),
        ):
            url = databases[name]
            env = {**common, "DATABASE_URL": url, "ADREEL_BUS_DATABASE_URL": databases["assets"]}
            await _migrate(name, env, directory)
            server = ServerProcess(
                name,
                [sys.executable, "-m", f"adreel_{name}", "all"],
                env=env,
                log=directory / f"{name}.log",
                cwd=directory,
            )
            stack.push_async_callback(server.stop, grace_seconds=_STOP_SECONDS)
            await server.start(is_up, within_seconds=_START_SECONDS)
            pids[name] = server.pid
        yield AssetsAlone(f"http://{LOOPBACK}:{http_port}", pids["assets"], pids["gateway"], databases["assets"])


async def _migrate(name: str, env: Mapping[str, str], directory: Path) -> None:
    server = ServerProcess(
        f"{name} migrate",
        [sys.executable, "-m", f"adreel_{name}", "migrate"],
        env=env,
        log=directory / f"{name}-migrate.log",
        cwd=directory,
    )

    async def has_ended() -> bool:
        return not server.is_running()

    await server.start(has_ended, within_seconds=_START_SECONDS)
    await server.stop(grace_seconds=0)
