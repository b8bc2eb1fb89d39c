"""Thirty scripts hidden in files, each opened from the data route by a real browser: none runs.

Each script would call a beacon of its own. To show that the beacons would be seen, the same files are opened first from
a server that sends them as their sender would like; most of them call then.
"""

import asyncio
import contextlib
import hashlib
import io
import shutil
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from adreel_embedded.ports import PortReservations
from adreel_embedded.probes import http_answers
from adreel_kit.blobs.files import FileBlobStore
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server  # noqa: F401 - fixtures
from adreel_testkit.servers.postgres import Postgres
from adreel_testkit.servers.process import ServerProcess
from adreel_testkit.suite.assets_alone import AssetsAlone, running_assets
from PIL import Image

pytestmark = [pytest.mark.connected, pytest.mark.slow]

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'
)
_XHTML = 'xmlns:h="http://www.w3.org/1999/xhtml"'
_CALL = "new Image().src='{beacon}'"


def _svgs(call: str) -> list[str]:
    inner = [
        f"<script>{call}</script>",
        f"<script type='text/javascript'><![CDATA[{call}]]></script>",
        f"<script>fetch(document.documentURI+'#');{call}</script><rect width='9' height='9'/>",
        f"<g><g><defs><script>{call}</script></defs></g></g>",
        f'<rect width="9" height="9" onload="{call}"/>',
        f'<image href="data:," onerror="{call}"/>',
        f'<image xlink:href="x:y" onerror="{call}" width="9" height="9"/>',
        f'<animate onbegin="{call}" attributeName="x" dur="1s"/>',
        f'<set onbegin="{call}" attributeName="x" to="1"/>',
        f"<foreignObject {_XHTML}><h:script>{call}</h:script></foreignObject>",
        f'<foreignObject {_XHTML}><h:img src="x:y" onerror="{call}"/></foreignObject>',
        f'<foreignObject {_XHTML}><h:iframe srcdoc="&lt;script>parent.eval(&quot;{call}&quot;)&lt;/script>"/>'
        "</foreignObject>",
        f'<foreignObject {_XHTML}><h:svg onload="{call}"/><h:body onload="{call}"/></foreignObject>',
        f'<script href="data:text/javascript,{call}"/>',
        f'<script xlink:href="data:text/javascript,{call}"/>',
    ]
    whole = [_SVG.format(part) for part in inner]
    whole.append(_SVG.format("<rect/>").replace("<svg ", f'<svg onload="{call}" ', 1))
    whole.append('<?xml version="1.0"?>\n<!-- a comment first -->\n' + _SVG.format(f"<script>{call}</script>"))
    style = f"data:text/xsl,&lt;x xmlns='{call}'/>"
    whole.append(f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{style}"?>' + whole[0])
    return whole


def _pages(call: str) -> list[str]:
    return [
        f"<!doctype html><script>{call}</script>",
        f'<!doctype html><img src="x:y" onerror="{call}">',
        f'<html><body onload="{call}">',
        f'<html><meta http-equiv=refresh content="0;url=javascript:{call}"><script>{call}</script>',
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>{call}</script></html>',
        f'<?xml version="1.0"?><x {_XHTML}><h:script>{call}</h:script></x>',
    ]


def _polyglots(call: str) -> list[bytes]:
    script = f"<script>{call}</script>".encode()
    gif, png, jpeg = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("P", (9, 9)).save(gif, "GIF", comment=script)
    Image.new("RGB", (9, 9)).save(png, "PNG")
    Image.new("RGB", (9, 9)).save(jpeg, "JPEG", comment=b"<html>" + script)
    pdf = (
        b"%PDF-1.4\n"
        + script
        + (
            b"\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(" + call.encode() + b")>>>>endobj\n"
            b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
        )
    )
    return [
        gif.getvalue(),
        png.getvalue() + b"<html>" + script,
        jpeg.getvalue(),
        b"GIF89a/*" + b"\0" * 20 + b"*/=1;" + call.encode() + b"<html>" + script,
        pdf,
        b"RIFF\x24\0\0\0WAVE<html>" + script,
    ]


class Beacons:
    """A server that each script would call, and that serves the files with nothing in a browser's way."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.files: dict[str, tuple[bytes, str]] = {}
        self.port = 0

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode().strip("/")
            body, content_type = self.files.get(path, (b"", "text/plain"))
            if path not in self.files:
                self.called.add(path)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()


@pytest.fixture
async def beacons() -> AsyncIterator[Beacons]:
    served = Beacons()
    server = await asyncio.start_server(served.answer, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    yield served
    server.close()


class Browser:
    """A headless Chromium; pages are opened in tabs of their own."""

    def __init__(self, port: int) -> None:
        self._tabs = f"http://127.0.0.1:{port}/json"

    async def open_all(self, urls: list[str], beacons: Beacons, settled: str) -> None:
        """Open all, then a page that calls the beacon `settled`; scripts of the others get two seconds more."""
        beacons.files[f"page-{settled}"] = (
            f"<script>new Image().src='{beacons.url(settled)}'</script>".encode(),
            "text/html",
        )
        async with httpx.AsyncClient(trust_env=False, timeout=30) as web:
            for url in [*urls, beacons.url(f"page-{settled}")]:
                (await web.put(f"{self._tabs}/new?{url}")).raise_for_status()
            async with asyncio.timeout(60):
                while settled not in beacons.called:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            for tab in (await web.get(f"{self._tabs}/list")).json():
                if tab["type"] == "page":
                    await web.get(f"{self._tabs}/close/{tab['id']}")


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (Debian's package is chromium).")
    with PortReservations() as ports:
        port = ports.reserve()
        arguments = [
            "--headless=new",
            "--no-sandbox",  # the tests may run as root
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            f"--remote-debugging-port={port}",
            f"--user-data-dir={tmp_path / 'browser'}",
            "about:blank",
        ]
        server = ServerProcess(
            "chromium",
            [program, *arguments],
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            log=tmp_path / "chromium.log",
            cwd=tmp_path,
        )
        await server.start(http_answers(f"http://127.0.0.1:{port}/json/version"), within_seconds=60)
        try:
            yield Browser(port)
        finally:
            await server.stop(grace_seconds=5)


@pytest.fixture
async def suite(postgres_server: Postgres, tmp_path: Path) -> AsyncIterator[AssetsAlone]:  # noqa: F811
    blobs = {"BLOB_STORAGE_TYPE": "files", "ADREEL_BLOB_DIR": str(tmp_path / "blobs")}
    async with running_assets(tmp_path, postgres_server, blobs) as running:
        yield running


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def force_in(suite: AssetsAlone, folder: Path, content: bytes, content_type: str) -> str:
    """An asset as if inspection had let it through, of the very type its sender would like."""
    store = FileBlobStore(folder, prefix="assets")
    await store.start()
    await store.put(_once(content))
    await store.aclose()
    asset_id = str(uuid.uuid4())
    connection = await asyncpg.connect(suite.assets_database_url)
    await connection.execute(
        "INSERT INTO assets (id, name, status, type, format, content_type, size_bytes, sha256, is_inline_safe) "
        "VALUES ($1::text::uuid, 'x', 'ready', 'document', 'svg', $2, $3, $4, true)",
        asset_id,
        content_type,
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    await connection.close()
    return asset_id


async def test_no_script_in_any_file_runs(
    suite: AssetsAlone, browser: Browser, beacons: Beacons, tmp_path: Path
) -> None:
    makers = [
        *[(index, "image/svg+xml", _svgs) for index in range(len(_svgs("")))],
        *[(index, ("text/html", "application/xml")[index // 4], _pages) for index in range(len(_pages("")))],
        *[(index, "text/html", _polyglots) for index in range(len(_polyglots("")))],
    ]
    assert len(makers) >= 30
    bare, served = [], []
    taken = 0
    async with httpx.AsyncClient(trust_env=False, timeout=60, base_url=suite.base_url) as api:
        for number, (index, content_type, make) in enumerate(makers):
            files = []
            for kind in ("bare", "served"):
                made = make(_CALL.format(beacon=beacons.url(f"{kind}-{number}")))[index]
                files.append(made if isinstance(made, bytes) else made.encode())
            beacons.files[f"file-{number}"] = (files[0], content_type)
            bare.append(beacons.url(f"file-{number}"))
            answer = await api.post("/api/v3/assets", files={"file": (f"f{number}.svg", files[1])})
            assert answer.status_code in (201, 413, 415, 422), answer.text
            if answer.status_code == 201:
                taken += 1
                served.append(f"{suite.base_url}/api/v3/assets/{answer.json()['data']['id']}/data")
            forced = await force_in(suite, tmp_path / "blobs", files[1], content_type)
            served.append(f"{suite.base_url}/api/v3/assets/{forced}/data")
        for url in served:
            head = await api.head(url)
            assert head.headers["x-content-type-options"] == "nosniff"
            policy = head.headers["content-security-policy"]
            assert "sandbox" in policy
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "allow-" not in policy
    await browser.open_all(bare, beacons, "bare-settled")
    ran = {name for name in beacons.called if name.startswith("bare-")}
    assert len(ran) >= 15, "the beacons must be able to tell"
    print(f"{len(ran) - 1} of {len(makers)} scripts ran when served plainly; {taken} files were taken", file=sys.stderr)
    await browser.open_all(served, beacons, "settled")
    assert {name for name in beacons.called if name.startswith("served-")} == set()
