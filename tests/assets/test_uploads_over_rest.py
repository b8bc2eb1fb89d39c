"""Uploads in three steps over REST, through the gateway and straight to S3, and where the bytes are served from."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from adreel_testkit import pytest_plugin as testkit
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server, s3_server  # noqa: F401 - fixtures
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.s3 import S3
from adreel_testkit.suite.assets_alone import running_assets
from PIL import Image

pytestmark = [pytest.mark.connected, pytest.mark.slow]

_DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run per kind of S3 server, also where the test kit is not installed as a plugin."""
    if not metafunc.config.pluginmanager.has_plugin("adreel_testkit.pytest_plugin"):
        testkit.pytest_generate_tests(metafunc)


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((300, 200), 80).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
async def proxied(postgres_server: Postgres, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    blobs = {"BLOB_STORAGE_TYPE": "postgres"}
    async with (
        running_assets(tmp_path, postgres_server, blobs, extra={"MAX_ASSET_DOWNLOAD_SIZE_MB": "2"}) as suite,
        httpx.AsyncClient(base_url=suite.base_url, trust_env=False, timeout=60) as api,
    ):
        yield api


@pytest.fixture
async def redirected(
    postgres_server: Postgres,  # noqa: F811
    s3_server: S3,  # noqa: F811
    tmp_path: Path,
) -> AsyncIterator[httpx.AsyncClient]:
    blobs = s3_server.environment("assets-over-rest")
    async with (
        running_assets(tmp_path, postgres_server, blobs, extra={"BLOB_DELIVERY": "redirect"}) as suite,
        httpx.AsyncClient(base_url=suite.base_url, trust_env=False, timeout=60) as api,
    ):
        yield api


async def give(api: httpx.AsyncClient, name: str, content: bytes, **more: str) -> httpx.Response:
    """All three steps; the answer of the last, or of the first that failed."""
    begun = await api.post("/api/v3/assets/uploads", json={"name": name, "size": len(content), **more})
    if begun.status_code != 201:
        return begun
    where = begun.json()["data"]
    assert (where["method"], where["expiresAt"] > "2026") == ("PUT", True)
    put = await api.put(where["url"], content=content, headers=where["headers"])
    if put.status_code != 200:
        return put
    return await api.post(f"/api/v3/assets/uploads/{where['uploadId']}/complete")


async def test_three_steps_through_the_gateway(proxied: httpx.AsyncClient) -> None:
    content = photo()
    done = await give(proxied, "Film", content, type="image", sha256=hashlib.sha256(content).hexdigest())
    assert done.status_code == 201, done.text
    asset = done.json()["data"]
    assert (asset["name"], asset["size"], asset["status"], asset["width"]) == ("Film", len(content), "ready", 300)
    served = await proxied.get(asset["url"])
    assert served.content == content
    assert served.headers["etag"] == f'"{asset["sha256"]}"'


async def test_what_is_wrong_with_an_upload_is_said(proxied: httpx.AsyncClient) -> None:
    content = photo()
    for attempt, status, code in (
        (await give(proxied, "x", content, sha256="0" * 64), 422, "UPLOAD_MISMATCH"),
        (await give(proxied, "x", content, sha256="nonsense"), 422, "VALIDATION_ERROR"),
        (await give(proxied, "x", content, type="video"), 415, "ASSET_TYPE_MISMATCH"),
        (await give(proxied, "x", b"<html>"), 415, "ASSET_TYPE_UNSUPPORTED"),
        (await proxied.post("/api/v3/assets/uploads", json={"name": "x", "size": 3_000_000}), 413, "ASSET_TOO_LARGE"),
        (await proxied.post("/api/v3/assets/uploads", json={"name": "x"}), 422, "VALIDATION_ERROR"),
        (await proxied.put("/api/v3/assets/uploads/none", content=b"x"), 404, "NOT_FOUND"),
        (await proxied.post("/api/v3/assets/uploads/none/complete"), 404, "NOT_FOUND"),
    ):
        assert (attempt.status_code, attempt.json()["error"]["code"]) == (status, code), attempt.text
    begun = (await proxied.post("/api/v3/assets/uploads", json={"name": "x", "size": 9})).json()["data"]
    early = await proxied.post(f"/api/v3/assets/uploads/{begun['uploadId']}/complete")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "UPLOAD_INCOMPLETE")


async def test_clients_put_and_get_large_bytes_at_the_store(redirected: httpx.AsyncClient) -> None:
    content = photo()
    done = await give(redirected, "Lion", content, sha256=hashlib.sha256(content).hexdigest())
    assert done.status_code == 201, done.text
    asset = done.json()["data"]
    sent = await redirected.get(asset["url"])
    assert sent.status_code == 307
    assert sent.headers["cache-control"] == "no-store"
    assert not sent.headers["location"].startswith(str(redirected.base_url))
    assert (await redirected.get(sent.headers["location"])).content == content
    about = await redirected.head(asset["url"])
    assert (about.status_code, about.headers["content-length"]) == (200, str(len(content)))


async def test_the_store_serves_what_could_run_as_an_attachment_only(redirected: httpx.AsyncClient) -> None:
    asset = (await give(redirected, "drawing", _DRAWING)).json()["data"]
    sent = await redirected.get(asset["url"])
    assert "response-content-disposition=attachment" in sent.headers["location"]
