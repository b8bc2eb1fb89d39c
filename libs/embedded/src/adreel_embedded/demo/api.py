"""The REST API as the demo calls it: the envelope opened, errors as sentences."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from adreel_embedded.demo.errors import CallRefusedError

# Answers are looked at, not modelled: the gateway's own models are the contract, and OpenAPI publishes it.
Answer = dict[str, Any]

_SILENCE_SECONDS = 45.0  # the stream says something every 15 s


@dataclass(frozen=True)
class Change:
    """One event of a job's stream."""

    name: str
    version: str
    data: Answer


class Api:
    """One connection to `/api/v3`; an async context manager. `api_key` is for an API that runs closed."""

    def __init__(self, base_url: str, api_key: str = "") -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{base_url}/api/v3",
            headers={"X-API-Key": api_key} if api_key else None,
            timeout=150,
            trust_env=False,
        )

    async def get(self, path: str, **parameters: str) -> Any:
        return await self._call("GET", path, params=parameters)

    async def post(self, path: str, body: Answer, *, prefer: str = "") -> Any:
        """`prefer="respond-async"` asks for the answer at once, before the work is done."""
        return await self._call("POST", path, json=body, headers={"Prefer": prefer} if prefer else None)

    async def download(self, path: str, to: Path) -> None:
        """Write the bytes at `path` to a file, which appears only when it is whole."""
        scratch = to.with_name(f".{to.name}.part")
        try:
            async with self._http.stream("GET", path) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    raise CallRefusedError(_sentence(response))
                with scratch.open("wb") as file:
                    async for piece in response.aiter_bytes():
                        file.write(piece)
            scratch.replace(to)
        except httpx.HTTPError as error:
            raise CallRefusedError(f"GET {path} broke off: {error or type(error).__name__}.") from error
        finally:
            scratch.unlink(missing_ok=True)

    async def changes(self, job_id: str) -> AsyncIterator[Change]:
        """The job's events until its `end`; a broken stream is taken up again where it stopped."""
        seen = ""
        while True:
            try:
                async for change in self._stream(job_id, seen):
                    seen = change.version or seen
                    yield change
                    if change.name == "end":
                        return
            except httpx.HTTPError:
                pass  # the gateway restarts, or the connection was cut
            await asyncio.sleep(0.5)

    async def _stream(self, job_id: str, seen: str) -> AsyncIterator[Change]:
        timeout = httpx.Timeout(10, read=_SILENCE_SECONDS)
        headers = {"Last-Event-ID": seen} if seen else {}
        async with self._http.stream("GET", f"/jobs/{job_id}/events", headers=headers, timeout=timeout) as response:
            if response.status_code == httpx.codes.NO_CONTENT:
                yield Change("end", seen, {})
                return
            if response.status_code != httpx.codes.OK:
                await response.aread()
                if response.is_client_error:
                    raise CallRefusedError(_sentence(response))
                return
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.strip()
                elif line == "" and "data" in fields:
                    yield Change(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
                    fields = {}

    async def _call(self, method: str, path: str, **details: Any) -> Any:
        try:
            response = await self._http.request(method, path, **details)
        except httpx.HTTPError as error:
            raise CallRefusedError(f"{method} {path} got no answer: {error or type(error).__name__}.") from error
        if response.is_error:
            raise CallRefusedError(_sentence(response))
        return response.json()["data"]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()


def _sentence(response: httpx.Response) -> str:
    """Which call failed and what the API says of it."""
    call = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
    try:
        problem = response.json()["error"]
        fields = "; ".join(f"{entry.get('field')}: {entry.get('message')}" for entry in _fields(problem))
        return f"{call}: {problem['code']}, {problem['message']}" + (f" ({fields})" if fields else "")
    except (ValueError, KeyError, TypeError):
        return f"{call}."


def _fields(problem: Answer) -> list[Answer]:
    found = (problem.get("details") or {}).get("fields")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
