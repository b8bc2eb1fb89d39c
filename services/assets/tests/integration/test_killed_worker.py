"""A worker that is killed in the middle of a download loses nothing: another one goes on."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from adreel_assets.adapters.postgres import assets
from adreel_assets.domain.asset import AssetFields
from adreel_assets.usecases.ingest import order_download
from adreel_kit.db import Database
from adreel_kit.ids import new_id

pytestmark = [pytest.mark.connected, pytest.mark.slow]


@asynccontextmanager
async def worker(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adreel_assets", "worker", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_workers_download_is_done_by_another(
    database_url: str, source: Any, jpeg_of: Callable[..., bytes], tmp_path: Path
) -> None:
    body, hangs = jpeg_of(), 1

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal hangs
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:50])
        await writer.drain()
        if hangs:
            hangs -= 1
            await asyncio.Event().wait()
        writer.write(body[50:])
        await writer.drain()

    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "ADREEL_BUS_DATABASE_URL": database_url,
        "ADREEL_GRPC_PORT": "1",
        "ADREEL_ASSETS_DIR": str(tmp_path / "assets"),
        "ADREEL_BLOB_DIR": str(tmp_path / "blobs"),
        "ASSET_ALLOWED_HOSTS": f"127.0.0.1:{source.port}",
    }
    asset_id, job_id = new_id(), new_id()
    database = Database(database_url)
    await database.start(wait_seconds=10)
    try:
        async with database.transaction() as conn:
            url = source.answers("/a.jpg", answer)
            await assets.insert_pending(conn, asset_id, AssetFields(), url)
            await order_download(conn, asset_id, url, subject=str(job_id), round_id="first")
        async with worker(environment) as first, asyncio.timeout(60):
            while not source.asked:
                await asyncio.sleep(0.05)
            first.kill()
            await first.wait()
        async with worker(environment), asyncio.timeout(90):
            while True:
                async with database.connection() as conn:
                    asset = await assets.find(conn, asset_id)
                assert asset is not None
                if asset.status == "ready":
                    break
                await asyncio.sleep(0.2)
        assert len(source.asked) == 2
        assert asset.size_bytes == len(body)
    finally:
        await database.aclose()
