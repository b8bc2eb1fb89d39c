"""One file served twice: by our answer and by a private nginx, whose answers are the measure."""

import asyncio
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.responses import serve_bytes

MODIFIED_AT = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
MAX_RANGES = 5


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class AppClient:
    """Speaks ASGI with a `serve_bytes` answer, and notes which bytes were asked of the source."""

    data: bytes
    representation: Representation
    max_ranges: int = MAX_RANGES
    opened: list[tuple[int, int]] = field(default_factory=list)

    async def source(self, start: int, length: int) -> AsyncIterator[bytes]:
        self.opened.append((start, length))
        for at in range(start, start + length, 7):
            yield self.data[at : min(at + 7, start + length)]

    async def request(self, method: str, headers: list[tuple[str, str]]) -> Answer:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        scope = {"type": "http", "method": method, "headers": raw}
        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False} if not sent else await forever()

        answer = serve_bytes(scope, self.representation, self.source, max_ranges=self.max_ranges)
        await answer(scope, receive, send)  # type: ignore[arg-type]
        start, *bodies = sent
        assert start["type"] == "http.response.start"
        assert not bodies[-1].get("more_body")
        names = [name.decode() for name, _ in start["headers"]]  # type: ignore[attr-defined]
        assert len(names) == len(set(names)), "no header comes twice"
        body = b"".join(message["body"] for message in bodies)  # type: ignore[misc]
        fields = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}  # type: ignore[attr-defined]
        return Answer(start["status"], fields, body)  # type: ignore[arg-type]


async def forever() -> dict[str, object]:
    await asyncio.Event().wait()
    raise AssertionError


class Nginx:
    """A private instance that serves one directory as nginx does by default."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(self, path: str, method: str, headers: list[tuple[str, str]]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders()
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()


CONFIGURATION = """
daemon off; master_process off; pid {base}/nginx.pid; error_log {base}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; etag on;
    if_modified_since before;  # as RFC 9110 has it; the default, exact, is nginx's own
    max_ranges {max_ranges};
    default_type video/mp4;
    client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
    uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
    server {{
        listen 127.0.0.1:{port};
        root {base}/root;
        add_header Cache-Control "public, max-age=31536000, immutable";
    }}
}}
"""


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]) -> Iterator[Nginx]:
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None:
        pytest.skip("nginx is not installed, so there is nothing to compare with")
    base: Path = tmp_path_factory.mktemp("nginx")
    (base / "root").mkdir()
    for name, data in contents.items():
        (base / "root" / name).write_bytes(data)
        os.utime(base / "root" / name, (MODIFIED_AT, MODIFIED_AT))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (base / "nginx.conf").write_text(CONFIGURATION.format(base=base, port=port, max_ranges=MAX_RANGES))
    process = subprocess.Popen([binary, "-p", str(base), "-c", str(base / "nginx.conf"), "-e", str(base / "error.log")])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (base / "error.log").read_text()
            time.sleep(0.05)
        yield Nginx(port)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def contents() -> dict[str, bytes]:
    """The files: one with bytes that tell where they come from, one with none."""
    return {"full": b"".join(f"{n:04d}".encode() for n in range(250)), "empty": b""}


@pytest.fixture
def client_of(contents: dict[str, bytes]) -> Callable[[str], AppClient]:
    """Our answer for a file, announced with nginx's tag, time and headers for the same file."""

    def make(name: str) -> AppClient:
        data = contents[name]
        representation = Representation(
            size_bytes=len(data),
            etag=f'"{MODIFIED_AT:x}-{len(data):x}"',
            content_type="video/mp4",
            last_modified=datetime.fromtimestamp(MODIFIED_AT + 0.75, UTC),
            cache_control="public, max-age=31536000, immutable",
        )
        return AppClient(data, representation)

    return make
