"""A web server for a handful of pictures, so that the demo's assets are really downloaded from URLs."""

import contextlib
import http.server
import mimetypes
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from adreel_embedded.demo.errors import ExamplesMissingError
from adreel_embedded.ports import LOOPBACK


@contextlib.contextmanager
def serve_photographs(photographs: Mapping[str, Path], port: int) -> Iterator[str]:
    """Serve exactly `photographs` on the loopback address; their base address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = photographs.get(urlsplit(self.path).path.removeprefix("/"))
            if path is None:
                self.send_error(404)
                return
            with path.open("rb") as picture:
                self.send_response(200)
                self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
                self.send_header("Content-Length", str(path.stat().st_size))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    shutil.copyfileobj(picture, self.wfile)

        def log_message(self, format: str, *args: object) -> None:
            """The terminal belongs to the demo."""

    try:
        server = http.server.ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError as error:
        raise ExamplesMissingError(
            f"The photographs cannot be served on port {port} ({error.strerror}); is another demo running?"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
