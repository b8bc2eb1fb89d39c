"""The whole service in this process over a real PostgreSQL: its worker, its gRPC server, and a web server to fetch
from. The bus is left out: facts are delivered by hand and read from the outbox."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from adreel.assets.v1 import assets_pb2 as pb
from adreel.assets.v1 import assets_pb2_grpc
from adreel_assets.bootstrap import BLOB_PREFIX, MIGRATIONS, build
from adreel_assets.settings import AssetsSettings
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.settings import BlobSettings, build_blob_store
from adreel_kit.bus import WireMessage
from adreel_kit.db import Database
from adreel_kit.envelope import Envelope
from adreel_kit.ids import new_id
from adreel_kit.migrations import migrate
from adreel_kit.rpc import RpcServer, call, open_channel
from adreel_testkit import pytest_plugin as testkit
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server, s3_server  # noqa: F401 - fixtures
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.s3 import S3
from PIL import Image

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run per kind of S3 server, also where the test kit is not installed as a plugin."""
    if not metafunc.config.pluginmanager.has_plugin("adreel_testkit.pytest_plugin"):
        testkit.pytest_generate_tests(metafunc)


def jpeg(colour: str = "red", size: tuple[int, int] = (64, 40)) -> bytes:
    """A small photograph."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def wave(size_bytes: int) -> bytes:
    """Silence of about that many bytes, as WAV."""
    data = size_bytes - 44
    head = b"RIFF" + (36 + data).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") * 2 + (48000).to_bytes(4, "little") + (96000).to_bytes(4, "little")
    return head + form + b"\x02\x00\x10\x00data" + data.to_bytes(4, "little") + bytes(data)


class Source:
    """A web server that answers as each test says, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._answers: dict[str, Answer] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def has(self, path: str, body: bytes, *, status: int = 200, headers: str = "", times: int | None = None) -> str:
        """Answer `path` so; with `times`, only so often, and then as was said before."""
        before = self._answers.get(path)
        left = times

        async def answer(writer: asyncio.StreamWriter) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0 and before is not None:
                    await before(writer)
                    return
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)
            await writer.drain()

        self._answers[path] = answer
        return self.url(path)

    def answers(self, path: str, answer: Answer) -> str:
        self._answers[path] = answer
        return self.url(path)

    async def __aenter__(self) -> "Source":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ")[1].decode()
            self.asked.append(path)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self._answers[path](writer)
            finally:
                self.at_once -= 1
        writer.close()


class Service:
    """The running service, and the hands that feed it and read what it says."""

    def __init__(self, runtime: Any, parts: Any, blobs: BlobStore, stub: Any, folder: Path) -> None:
        self.runtime = runtime
        self.parts = parts
        self.blobs = blobs
        self.stub = stub
        self.folder = folder
        self.database: Database = runtime.database

    async def call(self, method: str, request: Any, timeout_seconds: float = 60) -> Any:
        return await call(getattr(self.stub, method), request, service="assets", timeout_seconds=timeout_seconds)

    async def from_url(self, url: str, **fields: Any) -> pb.Asset:
        request = pb.CreateAssetFromUrlRequest(url=url, fields=pb.AssetFields(**fields))
        answer: pb.CreateAssetFromUrlResponse = await self.call("CreateAssetFromUrl", request)
        return answer.asset

    async def upload(self, content: bytes, *, footer_bytes: int | None = None, **fields: Any) -> pb.Asset:
        async def parts() -> AsyncIterator[pb.UploadAssetRequest]:
            header = pb.UploadHeader(fields=pb.AssetFields(**fields), file_name="given.bin")
            yield pb.UploadAssetRequest(header=header)
            for start in range(0, len(content), 65536):
                yield pb.UploadAssetRequest(content=content[start : start + 65536])
            size = len(content) if footer_bytes is None else footer_bytes
            yield pb.UploadAssetRequest(footer=pb.UploadFooter(size_bytes=size))

        answer: pb.UploadAssetResponse = await self.call("UploadAsset", parts())
        return answer.asset

    async def put(self, upload_id: str, content: bytes, scope: str = "") -> pb.PutUploadResponse:
        async def parts() -> AsyncIterator[pb.PutUploadRequest]:
            yield pb.PutUploadRequest(header=pb.PutUploadHeader(upload_id=upload_id, scope_client_id=scope))
            yield pb.PutUploadRequest(content=content)
            yield pb.PutUploadRequest(footer=pb.UploadFooter(size_bytes=len(content)))

        answer: pb.PutUploadResponse = await self.call("PutUpload", parts())
        return answer

    async def asset(self, asset_id: UUID | str, scope: str = "") -> pb.Asset:
        request = pb.GetAssetRequest(asset_id=str(asset_id), scope_client_id=scope)
        answer: pb.GetAssetResponse = await self.call("GetAsset", request)
        return answer.asset

    async def data(self, asset_id: str, start: int = 0, length: int = 0) -> bytes:
        request = pb.ReadAssetRequest(asset_id=asset_id, start=start, length=length)
        return b"".join([answer.chunk.content async for answer in self.stub.ReadAsset(request)])

    async def delete(self, asset_id: UUID | str, scope: str = "") -> None:
        await self.call("DeleteAsset", pb.DeleteAssetRequest(asset_id=str(asset_id), scope_client_id=scope))

    async def fact(self, type_: str, subject: UUID, *, message_id: UUID | None = None, **data: Any) -> None:
        """Deliver an event as its service would have sent it."""
        envelope = Envelope.model_validate(
            {
                "id": message_id or new_id(),
                "type": type_,
                "source": "test",
                "subject": str(subject),
                "time": "2026-01-02T03:04:05Z",
                "correlation_id": "story",
                "data": json.loads(json.dumps(data, default=str)),
            }
        )
        await self.runtime.bus.deliver(WireMessage(str(envelope.id), type_, envelope.to_json()))

    async def ingest(
        self, job_id: UUID, client_id: UUID, items: Sequence[Mapping[str, Any]], *, message_id: UUID | None = None
    ) -> None:
        await self.fact(
            "assets.ingest_requested.v1",
            job_id,
            message_id=message_id,
            job_id=job_id,
            client_id=client_id,
            items=list(items),
        )

    async def told(self, job_id: UUID | None, type_: str | None = None) -> list[dict[str, Any]]:
        """What the job was told, oldest first: the events' data and their type."""
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT dest, body FROM outbox ORDER BY id")
        events = [{"event": row["dest"], **json.loads(row["body"])["data"]} for row in rows]
        wanted = None if job_id is None else str(job_id)
        return [one for one in events if one["job_id"] == wanted and type_ in (None, one["event"])]

    async def told_of_all(self, job_id: UUID, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """As `told`, once there are that many."""
        async with asyncio.timeout(seconds):
            while len(events := await self.told(job_id)) < count:
                await asyncio.sleep(0.05)
        return events

    async def blob_names(self) -> set[str]:
        return {entry.ref.sha256 async for entry in self.blobs.list()}

    async def rows(self, query: str, *args: Any) -> list[Any]:
        async with self.database.connection() as conn:
            return list(await conn.fetch(query, *args))

    def scratch(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "scratch").iterdir())


MakeService = Callable[..., Any]


@pytest.fixture(scope="session")
def template_database(postgres_server: Postgres) -> str:  # noqa: F811 - the fixture imported above
    """A database with the service's tables, to be copied."""

    async def make() -> str:
        url = await postgres_server.create_database("assets_template")
        await migrate(url, MIGRATIONS)
        return url

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(make())
    finally:
        loop.close()


@pytest.fixture
async def database_url(postgres_server: Postgres, template_database: str) -> AsyncIterator[str]:  # noqa: F811
    """An empty database of the test's own."""
    url = await postgres_server.create_database("assets", template=template_database.rsplit("/", 1)[-1].split("?")[0])
    yield url
    await postgres_server.drop_database(url)


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    async with Source() as server:
        yield server


@pytest.fixture
def make_service(database_url: str, source: Source, tmp_path: Path) -> MakeService:
    """Run the service: `async with make_service(blob environment, setting=value, ...) as service`."""

    @asynccontextmanager
    async def make(blobs: Mapping[str, str] | None = None, **given: Any) -> AsyncIterator[Service]:
        settings = AssetsSettings(
            database_url=database_url,
            adreel_bus_database_url=database_url,
            adreel_grpc_port=1,
            adreel_assets_dir=tmp_path / "assets",
            **{"asset_allowed_hosts": f"127.0.0.1:{source.port}", "asset_download_timeout_seconds": 10, **given},
        )
        environment = blobs or {"BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": str(tmp_path / "blobs")}
        blob_settings = BlobSettings.from_environment(environment, key_prefix=BLOB_PREFIX)
        runtime, parts = build(settings, blob_settings)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(runtime.database.aclose)
            await runtime.database.start(wait_seconds=10)
            stack.push_async_callback(runtime.listener.aclose)
            await runtime.listener.start()
            for start, stop in parts.resources:
                if stop is not None:
                    stack.push_async_callback(stop)
                if start is not None:
                    await start()
            server = RpcServer("127.0.0.1:0")
            parts.rpc(server)
            tasks = [asyncio.create_task(server.run()), asyncio.create_task(parts.worker.run())]
            stack.push_async_callback(_end, tasks)
            channel = open_channel(f"127.0.0.1:{server.port}")
            stack.push_async_callback(channel.close)
            blobs_seen = build_blob_store(blob_settings, runtime.database)
            stub = assets_pb2_grpc.AssetsServiceStub(channel)
            yield Service(runtime, parts, blobs_seen, stub, settings.adreel_assets_dir)

    return make


@pytest.fixture
async def service(make_service: MakeService) -> AsyncIterator[Service]:
    """The service over files, with its usual settings."""
    async with make_service() as running:
        yield running


@pytest.fixture(params=["files", "postgres"])
def local_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of a blob store that needs no server of its own."""
    return {"BLOB_STORAGE_TYPE": request.param, "ADREEL_BLOB_DIR": str(tmp_path / "blobs")}


@pytest.fixture
def s3_blobs(s3_server: S3) -> dict[str, str]:  # noqa: F811 - the fixture imported above
    """The settings of a bucket of the test's own."""
    return s3_server.environment(f"assets-{new_id().hex[-12:]}")


@pytest.fixture
def photo() -> bytes:
    return jpeg()


@pytest.fixture
def jpeg_of() -> Callable[..., bytes]:
    return jpeg


@pytest.fixture
def wave_of() -> Callable[[int], bytes]:
    return wave


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
