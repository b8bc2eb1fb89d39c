"""Guarded GET: `guarded_stream` for chunks, `fetch` for a sink, `fetch_to_file` for a path.

Invariants: every hop of a redirect is checked as if it were the first; nothing is carried from hop to hop (no cookie,
no referrer, no credential); at most `max_bytes` are ever taken, counted as received; the whole takes at most
`total_seconds`; memory is one chunk, however large the body.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpcore

from adreel_kit.guarded_http.errors import (
    HttpStatusRefused,
    ResponseTooLarge,
    Unreachable,
    UrlForbidden,
)
from adreel_kit.guarded_http.exchange import deadline, open_response
from adreel_kit.guarded_http.filenames import file_name
from adreel_kit.guarded_http.policy import GuardPolicy
from adreel_kit.guarded_http.targets import Target, check_url
from adreel_kit.guarded_http.transport import Network, system_network

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SUCCESS = frozenset({200, 203})
# Told of each host that a redirect leads to, before anything is sent there; what it raises ends the download.
OnRedirect = Callable[[str], Awaitable[None]]

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a finished download was. `content_type` and `filename` are the server's claims, cleaned, not facts."""

    final_url: str
    status: int
    headers: Mapping[str, str]
    content_type: str | None
    filename: str | None
    size: int
    sha256: str


class GuardedResponse:
    """An open answer: its head at once, its body chunk by chunk, once."""

    def __init__(self, target: Target, response: httpcore.Response, policy: GuardPolicy) -> None:
        self.final_url = target.url
        self.status = response.status
        self.headers = _text_headers(response)
        self.content_type = _media_type(self.headers.get("content-type"))
        self.filename = file_name(self.headers.get("content-disposition"), target.url)
        self.content_length = _declared_length(self.headers)
        self.size = 0
        self._response = response
        self._policy = policy
        self._digest = hashlib.sha256()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as received. Raises when it is too large, too slow, or shorter than it said."""
        limit = self._policy.max_bytes
        async for chunk in self._response.aiter_stream():
            self.size += len(chunk)
            if self.size > limit:
                raise ResponseTooLarge(limit, f"more than {limit} bytes arrived")
            self._digest.update(chunk)
            yield chunk

    def result(self) -> FetchResult:
        """The facts of the body; call it when the chunks are through."""
        return FetchResult(
            final_url=self.final_url,
            status=self.status,
            headers=self.headers,
            content_type=self.content_type,
            filename=self.filename,
            size=self.size,
            sha256=self._digest.hexdigest(),
        )


@asynccontextmanager
async def guarded_stream(
    url: str, policy: GuardPolicy, *, network: Network | None = None, on_redirect: OnRedirect | None = None
) -> AsyncIterator[GuardedResponse]:
    """GET `url`, following checked redirects, and hold the answer open. Raises the errors of this package.

    The deadline covers the body of the `async with` too: a consumer that dawdles is cut off as a server would be.
    """
    network = network or system_network()
    async with deadline(policy):
        target = check_url(url, policy)
        for _ in range(policy.max_redirects + 1):
            async with open_response("GET", target, network, policy, {"Accept": "*/*"}) as response:
                location = _redirect(response)
                if location is None:
                    _check_head(response, policy)
                    yield GuardedResponse(target, response, policy)
                    return
            target = check_url(location, policy, came_from=target)
            if on_redirect is not None:
                await on_redirect(target.host)
        raise Unreachable("too many redirects")


async def fetch(
    url: str,
    write: Callable[[bytes], Awaitable[object]],
    policy: GuardPolicy,
    *,
    network: Network | None = None,
    on_redirect: OnRedirect | None = None,
) -> FetchResult:
    """Download into `write`, chunk by chunk. What was written before an error is the caller's to discard."""
    async with guarded_stream(url, policy, network=network, on_redirect=on_redirect) as response:
        async for chunk in response.chunks():
            await write(chunk)
        return response.result()


async def fetch_to_file(
    url: str,
    path: Path,
    policy: GuardPolicy,
    *,
    network: Network | None = None,
    on_redirect: OnRedirect | None = None,
) -> FetchResult:
    """Download into a new file; on any error, and on cancellation, the file is gone again."""
    try:
        with await asyncio.to_thread(path.open, "xb") as file:
            return await fetch(
                url,
                lambda chunk: asyncio.to_thread(file.write, chunk),
                policy,
                network=network,
                on_redirect=on_redirect,
            )
    except FileExistsError:
        raise
    except BaseException:
        path.unlink(missing_ok=True)  # noqa: ASYNC240  quick, and must happen even while being cancelled
        raise


def _redirect(response: httpcore.Response) -> str | None:
    if response.status not in _REDIRECTS:
        return None
    locations = [value for name, value in response.headers if name.lower() == b"location"]
    if len(locations) != 1:
        raise Unreachable("a redirect without one Location")
    try:
        return locations[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise UrlForbidden("Location is not text") from error


def _check_head(response: httpcore.Response, policy: GuardPolicy) -> None:
    if response.status not in _SUCCESS:
        raise HttpStatusRefused(response.status)
    headers = _text_headers(response)
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        # Asked for identity: an answer packed all the same could unpack to any size.
        raise Unreachable("the body has a content encoding that was not asked for")
    length = _declared_length(headers)
    if length is not None and length > policy.max_bytes:
        raise ResponseTooLarge(policy.max_bytes, f"Content-Length {length}")


def _text_headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def _declared_length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _media_type(header: str | None) -> str | None:
    bare = (header or "").partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else None
