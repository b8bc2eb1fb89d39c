"""100 MB by URL, by upload and served again, on each blob store: memory of the services, and speed against curl.

Run it from the repository's root, with the workspace's own Python: `tools/bench/assets_bench.py [--size-mb 100]`. It
starts PostgreSQL, an S3 server, the assets service and the gateway on loopback, and stops them again.

Memory is the rise of the resident set of the assets service's process (and, beside it, of the gateway's) over what it
was before the request, the highest of samples every 20 ms. Decoding runs in a child of its own with its own limit and
is stated apart.

Speed is a ratio: the time curl takes for the same hops, done one after another in the same run, divided by ours. The
hops are, by URL: source to disk, disk to store; by upload: client to disk, disk to store; served: store to disk, disk
to client. Where the store is PostgreSQL, a plain HTTP server that writes to disk stands in for it. Ours does more than
curl: it hashes, looks into the whole file, draws a thumbnail where there is one, and stores durably.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import filecmp
import http.server
import json
import os
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from adreel_kit.blobs.s3_client import S3Calls, S3Location
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.s3 import S3, S3Kind
from adreel_testkit.servers.stack import available_stack
from adreel_testkit.suite.assets_alone import AssetsAlone, running_assets

LIMIT_MIB = 32.0
_SAMPLE_SECONDS = 0.02
_BUCKET = "assets-bench"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of moving the file."""

    store: str
    way: str
    seconds: float
    curl_seconds: float
    assets_mib: float
    gateway_mib: float
    decoder_mib: float


class Plain(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, to be read and to be written."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        with Path(self.translate_path(self.path)).open("wb") as file:
            while left > 0:
                piece = self.rfile.read(min(left, 262_144))
                file.write(piece)
                left -= len(piece)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Plain(*a, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class MemoryRise:
    """How far resident sets rise while the block runs."""

    def __init__(self, suite: AssetsAlone) -> None:
        self._assets, self._gateway = psutil.Process(suite.assets_pid), psutil.Process(suite.gateway_pid)
        self.assets = self.gateway = self.decoder = 0.0

    async def __aenter__(self) -> "MemoryRise":
        self._before = self._assets.memory_info().rss, self._gateway.memory_info().rss
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sample()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self._sample()
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _sample(self) -> None:
        mib = 1024 * 1024
        self.assets = max(self.assets, (self._assets.memory_info().rss - self._before[0]) / mib)
        self.gateway = max(self.gateway, (self._gateway.memory_info().rss - self._before[1]) / mib)
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in self._assets.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.decoder = max(self.decoder, child.memory_info().rss / mib)


async def curl(*arguments: str) -> float:
    """Seconds that one call of curl took."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec("curl", "-sf", "--noproxy", "*", *arguments)
    if await process.wait() != 0:
        raise RuntimeError(f"curl {arguments[-1]} ended with {process.returncode}")
    return time.perf_counter() - began


class Store:
    """A blob store by its settings, and an address where curl may put and get the same bytes."""

    def __init__(self, name: str, environment: dict[str, str], plain_host: str) -> None:
        self.name = name
        self.environment = environment
        self._plain_host = plain_host

    def addresses(self) -> tuple[str, str]:
        """Where to PUT, where to GET."""
        if self.environment["BLOB_STORAGE_TYPE"] != "s3":
            return (f"http://{self._plain_host}/stored.bin",) * 2
        location = S3Location(
            endpoint=self.environment["S3_ENDPOINT"],
            bucket=_BUCKET,
            region=self.environment["S3_REGION"],
            access_key=self.environment["S3_ACCESS_KEY"],
            secret_key=self.environment["S3_SECRET_KEY"],
        )
        client = S3Calls(location, width=1).client
        return client.presigned_put_object(_BUCKET, "plain.bin"), client.presigned_get_object(_BUCKET, "plain.bin")


async def measure(store: Store, postgres: Postgres, folder: Path, plain_host: str, size: int) -> list[Measured]:
    extra = {
        "ASSET_ALLOWED_HOSTS": plain_host,
        "MAX_ASSET_DOWNLOAD_SIZE_MB": str(size // 1_000_000 + 10),
        "ASSET_DOWNLOAD_TIMEOUT_SECONDS": "300",
        "ADREEL_RATE_LIMIT_PER_MINUTE": "0",
    }
    work = folder / store.name
    work.mkdir(mode=0o755)
    async with (
        running_assets(work, postgres, store.environment, extra=extra) as suite,
        httpx.AsyncClient(base_url=f"{suite.base_url}/api/v3", timeout=600, trust_env=False) as api,
    ):
        for warm in range(2):  # code and pools are loaded, allocators have their arenas
            write_wave(folder / "warm.wav", 300_000 + warm)
            await by_url(api, f"http://{plain_host}/warm.wav")
            await api.get(f"/assets/{await by_upload(api, folder / 'warm.wav')}/data")
        put_url, get_url = store.addresses()
        source = folder / "source.wav"
        local = str(folder / "local.bin")

        write_wave(source, size)
        async with MemoryRise(suite) as memory:
            seconds = await timed(by_url(api, f"http://{plain_host}/source.wav"))
        base = await curl("-o", local, f"http://{plain_host}/source.wav") + await curl("-T", local, put_url)
        results = [_row(store, "by URL", seconds, base, memory)]

        write_wave(source, size)
        began = time.perf_counter()
        async with MemoryRise(suite) as memory:
            asset_id = await by_upload(api, source)
        seconds = time.perf_counter() - began
        base = await curl("-T", str(source), f"http://{plain_host}/local.bin") + await curl("-T", local, put_url)
        results.append(_row(store, "by upload", seconds, base, memory))

        async with MemoryRise(suite) as memory:
            seconds = await curl("-o", str(folder / "served.bin"), f"{suite.base_url}/api/v3/assets/{asset_id}/data")
        base = await curl("-o", local, get_url) + await curl("-o", local, f"http://{plain_host}/source.wav")
        results.append(_row(store, "served", seconds, base, memory))
        if not await asyncio.to_thread(filecmp.cmp, folder / "served.bin", source, shallow=False):
            raise RuntimeError("other bytes were served than were given")
        return results


async def by_url(api: httpx.AsyncClient, url: str) -> str:
    answer = await api.post("/assets/from-url", json={"url": url, "name": "bench", "type": "audio"})
    return _id(answer)


async def by_upload(api: httpx.AsyncClient, path: Path) -> str:
    boundary = "bench0boundary"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\nbench\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    )
    tail = f"\r\n--{boundary}--\r\n"
    size = len(head) + await asyncio.to_thread(os.path.getsize, path) + len(tail)

    async def body() -> AsyncIterator[bytes]:
        yield head.encode()
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, 262_144):
                yield piece
        yield tail.encode()

    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(size),
    }
    return _id(await api.post("/assets", content=body(), headers=headers))


async def timed(work: object) -> float:
    began = time.perf_counter()
    await work  # type: ignore[misc]  # any awaitable
    return time.perf_counter() - began


def write_wave(path: Path, size: int) -> None:
    """Noise of that many bytes as WAV, other noise each time, so that nothing is stored already."""
    data = (size - 44) // 4 * 4
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + data, b"WAVE", b"fmt ", 16, 1, 2, 48000, 192000, 4, 16, b"data", data
    )
    with path.open("wb") as file:
        file.write(head)
        while data > 0:
            file.write(os.urandom(min(data, 4_000_000)))
            data -= min(data, 4_000_000)


def _id(answer: httpx.Response) -> str:
    if answer.status_code != 201:
        raise RuntimeError(f"{answer.status_code}: {answer.text}")
    return str(answer.json()["data"]["id"])


def _row(store: Store, way: str, seconds: float, curl_seconds: float, memory: MemoryRise) -> Measured:
    return Measured(store.name, way, seconds, curl_seconds, memory.assets, memory.gateway, memory.decoder)


def report(results: list[Measured], size: int) -> bool:
    """Print the table; whether the memory kept within its limit."""
    print(f"{size / 1e6:.0f} MB; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("store           way          ours MB/s  curl MB/s   ratio  assets rise  gateway rise  decoder's size")
    for one in results:
        print(
            f"{one.store:<15} {one.way:<11} {size / one.seconds / 1e6:>10.1f} {size / one.curl_seconds / 1e6:>10.1f} "
            f"{one.curl_seconds / one.seconds:>7.2f} {one.assets_mib:>8.1f} MiB {one.gateway_mib:>9.1f} MiB "
            f"{one.decoder_mib:>11.1f} MiB"
        )
    is_within = max(one.assets_mib for one in results) < LIMIT_MIB
    print(f"The assets service's memory rose by less than {LIMIT_MIB:.0f} MiB: {'yes' if is_within else 'NO'}")
    return is_within


async def run(size: int, only: str) -> list[Measured]:
    servers = available_stack()
    results: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="adreel-assets-bench-") as name, plain_server(Path(name)) as plain_host:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            postgres: Postgres = await stack.enter_async_context(servers.open_postgres())
            stores = [Store("postgres", {"BLOB_STORAGE_TYPE": "postgres"}, plain_host)]
            if S3Kind.RCLONE in servers.s3_kinds:
                s3: S3 = await stack.enter_async_context(servers.open_s3(S3Kind.RCLONE))
                stores.append(Store("s3 (rclone)", s3.environment(_BUCKET), plain_host))
            for store in [one for one in stores if one.name.startswith(only)]:
                results += await measure(store, postgres, folder, plain_host, size)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description="Assets of 100 MB: memory, and speed against curl.")
    parser.add_argument("--size-mb", type=int, default=100)
    parser.add_argument("--store", choices=("", "postgres", "s3"), default="", help="on this store only")
    parser.add_argument("--json", type=Path, help="also write the measures there")
    options = parser.parse_args()
    if shutil.which("curl") is None:
        print("curl is needed for the comparison.", file=sys.stderr)
        return 2
    size = options.size_mb * 1_000_000
    results = asyncio.run(run(size, options.store))
    if options.json is not None:
        options.json.write_text(json.dumps([dataclasses.asdict(one) for one in results]))
    return 0 if report(results, size) else 1


if __name__ == "__main__":
    sys.exit(main())
