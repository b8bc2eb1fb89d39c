"""A corner of the web for tests: real pictures, and the ways in which a URL disappoints.

`/photo/<name>` serves a picture, `/slow/<name>` the same over two seconds. `/missing.jpg` is a 404, `/page.jpg` an HTML
page, `/huge.jpg` announces 3 GB, `/endless.jpg` sends 3 GB without announcing them and begins like a JPEG.
"""

import contextlib
import http.server
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"
HUGE_BYTES = 3 * 1024**3

_PIECE = bytes(256 * 1024)
_SLOW_PIECES = 20
_SLOW_PAUSE_SECONDS = 0.1


@dataclass
class Web:
    """The server's address and what it has sent, in bytes by path."""

    port: int = 0
    sent_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """`host:port`, as ASSET_ALLOWED_HOSTS names it."""
        return f"{LOOPBACK}:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path.lstrip('/')}"


@contextlib.contextmanager
def serve_web(photographs: Mapping[str, Path]) -> Iterator[Web]:
    """Serve until the block ends."""
    web = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                self._answer()

        def _answer(self) -> None:
            kind, _, name = self.path.lstrip("/").partition("/")
            if kind in ("photo", "slow") and name in photographs:
                self._picture(photographs[name], is_slow=kind == "slow")
            elif self.path == "/page.jpg":
                self._begin("image/jpeg", len(_HTML))
                self.wfile.write(_HTML)
            elif self.path == "/huge.jpg":
                self._begin("image/jpeg", HUGE_BYTES)
                self._flood(next(iter(photographs.values())))
            elif self.path == "/endless.jpg":
                self._begin("image/jpeg", None)
                self._flood(next(iter(photographs.values())))
            else:
                self.send_error(404)

        def _picture(self, path: Path, *, is_slow: bool) -> None:
            size = path.stat().st_size
            self._begin("image/jpeg", size)
            with path.open("rb") as picture:
                if not is_slow:
                    shutil.copyfileobj(picture, self.wfile)
                    return
                while piece := picture.read(size // _SLOW_PIECES + 1):
                    self.wfile.write(piece)
                    time.sleep(_SLOW_PAUSE_SECONDS)

        def _begin(self, content_type: str, length: int | None) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def _flood(self, start: Path) -> None:
            web.sent_bytes[self.path] = 0
            head = start.read_bytes()
            self.wfile.write(head)
            web.sent_bytes[self.path] = len(head)
            while web.sent_bytes[self.path] < HUGE_BYTES:
                self.wfile.write(_PIECE)
                web.sent_bytes[self.path] += len(_PIECE)

        def log_message(self, format: str, *args: object) -> None:
            """Tests say what went wrong."""

    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    web.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_HTML = b"<!doctype html><html><head><title>Not a picture</title></head><body><p>Sorry.</p></body></html>\n"
