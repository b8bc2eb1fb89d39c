"""The real images, through testcontainers, where a container engine answers.

Which images: `postgres:17`, `rabbitmq:4` and an S3 server that takes MinIO's command line and variables; each can be
replaced by `ADREEL_TEST_POSTGRES_IMAGE`, `ADREEL_TEST_RABBITMQ_IMAGE` and `ADREEL_TEST_S3_IMAGE`.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

import httpx
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from adreel_testkit.servers.engine import engine_has
from adreel_testkit.servers.errors import ServerStartError
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.rabbitmq import RabbitMQ
from adreel_testkit.servers.s3 import S3, S3Kind

_ANSWER_SECONDS = 120.0
_POLL_SECONDS = 0.25
_POSTGRES_PORT, _RABBITMQ_PORT, _S3_PORT = 5432, 5672, 9000


def server_images(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The image of each server."""
    values = os.environ if environ is None else environ
    return {
        "PostgreSQL": values.get("ADREEL_TEST_POSTGRES_IMAGE", "postgres:17"),
        "RabbitMQ": values.get("ADREEL_TEST_RABBITMQ_IMAGE", "rabbitmq:4"),
        "S3": values.get("ADREEL_TEST_S3_IMAGE", "minio/minio:latest"),
    }


def do_without_a_reaper_that_cannot_be_had(environ: Mapping[str, str] | None = None) -> None:
    """testcontainers' reaper removes what a killed run left; the tests remove their containers themselves."""
    if not testcontainers_config.ryuk_disabled and not engine_has(testcontainers_config.ryuk_image, environ):
        testcontainers_config.ryuk_disabled = True


class _Running:
    """One container: started, waited for, removed. testcontainers' calls block, so they run in threads."""

    def __init__(self, container: DockerContainer, port: int) -> None:
        self._container = container.with_exposed_ports(port)
        self._port = port

    async def start(self, prepare: Callable[[str, int], None], answers: Callable[[], Awaitable[bool]]) -> None:
        """Start it, give its host and port to `prepare`, and wait until `answers` says yes."""
        await asyncio.to_thread(self._container.start)
        try:
            host = await asyncio.to_thread(self._container.get_container_host_ip)
            prepare(host, int(await asyncio.to_thread(self._container.get_exposed_port, self._port)))
            deadline = time.monotonic() + _ANSWER_SECONDS
            while not await answers():
                if time.monotonic() > deadline:
                    raise ServerStartError(f"The container of {self._container.image} does not answer.")
                await asyncio.sleep(_POLL_SECONDS)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await asyncio.to_thread(self._container.stop)


class PostgresContainer(Postgres):
    """PostgreSQL in a container."""

    def __init__(self) -> None:
        image = server_images()["PostgreSQL"]
        super().__init__(f"container {image}")
        self._password = secrets.token_hex(12)
        self._address = ""
        container = DockerContainer(image).with_env("POSTGRES_USER", "adreel")
        self._running = _Running(container.with_env("POSTGRES_PASSWORD", self._password), _POSTGRES_PORT)

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://adreel:{self._password}@{self._address}/{database}"

    def _prepare(self, host: str, port: int) -> None:
        self._address = f"{host}:{port}"

    async def __aenter__(self) -> Self:
        await self._running.start(self._prepare, self.answers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.stop()


class RabbitMQContainer(RabbitMQ):
    """RabbitMQ in a container."""

    def __init__(self) -> None:
        image = server_images()["RabbitMQ"]
        super().__init__(f"container {image}")
        self._password = secrets.token_hex(12)
        container = DockerContainer(image).with_env("RABBITMQ_DEFAULT_USER", "adreel")
        self._running = _Running(container.with_env("RABBITMQ_DEFAULT_PASS", self._password), _RABBITMQ_PORT)

    def _prepare(self, host: str, port: int) -> None:
        self.url = f"amqp://adreel:{self._password}@{host}:{port}/"

    async def __aenter__(self) -> Self:
        await self._running.start(self._prepare, self.answers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.stop()


class S3Container(S3):
    """An S3 server in a container."""

    def __init__(self) -> None:
        image = server_images()["S3"]
        super().__init__(f"container {image}", S3Kind.CONTAINER)
        container = DockerContainer(image).with_command("server /data").with_env("MINIO_ROOT_USER", self.access_key)
        self._running = _Running(container.with_env("MINIO_ROOT_PASSWORD", self.secret_key), _S3_PORT)

    def _prepare(self, host: str, port: int) -> None:
        self.endpoint = f"http://{host}:{port}"

    async def answers(self) -> bool:
        """Whether it speaks HTTP yet; a request without a signature is refused, which is an answer."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            try:
                await client.get(self.endpoint)
            except httpx.HTTPError:
                return False
        return True

    async def __aenter__(self) -> Self:
        await self._running.start(self._prepare, self.answers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.stop()
