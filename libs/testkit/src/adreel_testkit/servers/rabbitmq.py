"""A private RabbitMQ node, and what any RabbitMQ offers to tests, private node or container.

The installed server's own script is run (not the distribution's wrapper, which changes to the account `rabbitmq`), with
a node name, ports, directories, cookie and configuration of its own. An Erlang node registers with a name daemon, epmd,
that would outlive it: each node here brings its own epmd as another direct child, on another port.
"""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aio_pika
from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.probes import port_listens
from aio_pika.exceptions import AMQPError

from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.process import ServerProcess

_START_SECONDS = 90.0  # 5 to 8 s on an idle machine with two cores
_STOP_SECONDS = 20.0

_SCRIPT_PLACES = (
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/rabbitmq/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)


def find_rabbitmq() -> Path:
    """The start script of the installed server; `ServerUnavailableError` when there is none."""
    for pattern in _SCRIPT_PLACES:
        for directory in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (directory / "rabbitmq-server").is_file():
                if shutil.which("erl") is None or shutil.which("epmd") is None:
                    raise ServerUnavailableError("RabbitMQ is installed, but Erlang (erl, epmd) is not on the PATH.")
                return directory / "rabbitmq-server"
    raise ServerUnavailableError("RabbitMQ is not installed (Debian's package is rabbitmq-server).")


class RabbitMQ:
    """A RabbitMQ that tests may use: an AMQP URL with rights to everything."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.url = ""

    async def answers(self) -> bool:
        """Whether somebody who knows the password can log in now."""
        address = urlsplit(self.url)
        try:
            # Asked first, since the client logs each refused connection as an error.
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.close()
            connection = await aio_pika.connect(self.url, timeout=5)
        except (OSError, AMQPError, TimeoutError):
            return False
        await connection.close()
        return True


class RabbitMQNode(RabbitMQ):
    """The private node. `kill` and `start` again keep its messages, as a crash of the machine's service would."""

    def __init__(self) -> None:
        self._script = find_rabbitmq()
        super().__init__(f"native {self._script.parent.parent.name}")
        self._ports = PortReservations()
        self._directory = Path(tempfile.mkdtemp(prefix="adreel-rabbitmq-"))
        self._password = secrets.token_hex(12)
        self._port, self._dist_port, self._epmd_port = (self._ports.reserve() for _ in range(3))
        self.url = f"amqp://adreel:{self._password}@{LOOPBACK}:{self._port}/"
        env = self._environment()
        log = self._directory / "server.log"
        epmd = [str(shutil.which("epmd")), "-address", LOOPBACK, "-port", str(self._epmd_port)]
        self._epmd = ServerProcess("epmd", epmd, env=env, log=log, cwd=self._directory)
        self._node = ServerProcess("RabbitMQ", [str(self._script)], env=env, log=log, cwd=self._directory)

    @property
    def pid(self) -> int:
        """The pid of the Erlang machine itself: the script replaces itself by it."""
        return self._node.pid

    def is_running(self) -> bool:
        return self._node.is_running()

    async def start(self) -> None:
        """Start the node on its ports and its data; returns when a login succeeds."""
        self._write_configuration()
        if not self._epmd.is_running():
            await self._epmd.start(port_listens(self._epmd_port), within_seconds=10)
        await self._node.start(self.answers, within_seconds=_START_SECONDS)

    async def shut_down(self) -> None:
        """Stop the node in order and keep its data for another `start`."""
        await self._node.stop(grace_seconds=_STOP_SECONDS)

    def kill(self) -> None:
        """End the node as kill -9 does."""
        self._node.kill()

    async def stop(self) -> None:
        """End everything and remove the data; in no particular order, since nothing of it is wanted any more."""
        self._node.kill()
        self._epmd.kill()
        self._ports.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _environment(self) -> Mapping[str, str]:
        own = {
            "HOME": self._directory,  # the cookie file is made here
            "RABBITMQ_CONF_ENV_FILE": self._directory / "none",  # else /etc/rabbitmq names the machine's own node
            "RABBITMQ_CONFIG_FILE": self._directory / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": self._directory / "none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self._directory / "plugins",
            "RABBITMQ_MNESIA_BASE": self._directory / "mnesia",
            "RABBITMQ_LOG_BASE": self._directory / "log",
            "RABBITMQ_PID_FILE": self._directory / "pid",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_NODENAME": f"adreel-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": self._dist_port,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then replaces itself by the Erlang machine
        }
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "LANG": "C.UTF-8", **{name: str(value) for name, value in own.items()}}

    def _write_configuration(self) -> None:
        lines = [
            f"listeners.tcp.1 = {LOOPBACK}:{self._port}",
            "default_user = adreel",
            f"default_pass = {self._password}",
            "disk_free_limit.absolute = 50MB",
            "vm_memory_high_watermark.absolute = 1GB",
            "log.console.level = warning",
        ]
        (self._directory / "rabbitmq.conf").write_text("\n".join(lines) + "\n", "utf-8")
        (self._directory / "plugins").write_text("[].\n", "utf-8")

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
