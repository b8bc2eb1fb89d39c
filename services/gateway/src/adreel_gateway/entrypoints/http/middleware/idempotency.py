"""`Idempotency-Key` on every POST: the first request runs, all others with its key get its answer.

The key's row, not this process, says who runs: requests on several gateways behave as one, and one whose gateway died
is taken over once its lease is over. An answer is kept before it is sent. What failed on our side, or was refused for
having come too often, is not kept: repeating it is the point of the key.
"""

import asyncio
import re
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import asyncpg
from adreel_kit.db import DatabaseUnavailable, Listener, wait_for
from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger
from adreel_kit.tasks import end_task
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adreel_gateway.adapters.postgres.idempotency_keys import (
    CHANNEL,
    LEASE,
    Answered,
    Claimed,
    IdempotencyKeys,
    Running,
)
from adreel_gateway.entrypoints.http.body_fingerprint import BodyFingerprint
from adreel_gateway.entrypoints.http.context import caller_of
from adreel_gateway.entrypoints.http.problem import send_error
from adreel_gateway.errors import IdempotencyKeyBusy, IdempotencyKeyReused, invalid_field

log = get_logger(__name__)

_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag", b"retry-after", b"preference-applied"})
_NOT_KEPT = frozenset({401, 403, 408, 425, 429})
# A notification may be lost, and an abandoned key makes none.
_LOOK_AGAIN_SECONDS = 1.0
_DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Idempotency:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, keys: IdempotencyKeys, listener: Listener, wait_seconds: float) -> None:
        self._app = app
        self._keys = keys
        self._listener = listener
        self._wait_seconds = wait_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key_of(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            if not _KEY.fullmatch(key):
                raise invalid_field("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
            fingerprint = BodyFingerprint.of(scope)
            outcome = await self._claim_or_wait(scope, key, fingerprint.known())
            if isinstance(outcome, Claimed):
                await self._run(outcome, fingerprint, scope, receive, send)
                return
            if await fingerprint.complete(receive) != outcome.fingerprint:
                raise IdempotencyKeyReused
            await _replay(outcome, scope, receive, send)
        except AppError as error:
            await send_error(error, scope, receive, send)

    async def _claim_or_wait(self, scope: Scope, key: str, fingerprint: bytes | None) -> Claimed | Answered:
        target = _target_of(scope)
        owner = caller_of(scope).identity
        deadline = asyncio.get_running_loop().time() + self._wait_seconds
        async with self._listener.subscription(CHANNEL) as changed:
            while True:
                try:
                    outcome = await self._keys.claim(owner, key, target=target, fingerprint=fingerprint)
                except _DATABASE_ERRORS as error:
                    raise DatabaseUnavailable("Requests cannot be taken right now.", retry_after_seconds=2) from error
                if not isinstance(outcome, Claimed) and _differs(outcome, target, fingerprint):
                    raise IdempotencyKeyReused
                if not isinstance(outcome, Running):
                    return outcome
                if asyncio.get_running_loop().time() > deadline:
                    raise IdempotencyKeyBusy
                await wait_for(changed, _LOOK_AGAIN_SECONDS)

    async def _run(
        self, claimed: Claimed, fingerprint: BodyFingerprint, scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope["state"]["request_key"] = str(claimed.id)
        answer = _Recorder()
        keeper = asyncio.create_task(self._keep(claimed))
        try:
            await self._app(scope, fingerprint.watch(receive), answer)
        except BaseException:
            if scope["state"].get("goes_on"):
                await self._leave(claimed)
            else:
                await self._finish(claimed, None, b"")
            raise
        finally:
            await end_task(keeper)
        # Not known where a refused upload was not read to its end: then a repeated one is looked at anew.
        known = fingerprint.known()
        if scope["state"].get("goes_on"):
            await self._leave(claimed)
        else:
            await self._finish(claimed, answer if known is not None else None, known or b"")
        await answer.send_to(send)

    async def _keep(self, claimed: Claimed) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with suppress(*_DATABASE_ERRORS):
                await self._keys.keep(claimed)

    async def _leave(self, claimed: Claimed) -> None:
        """The route stopped waiting for work that goes on: a repeated request goes on waiting for the same."""
        with suppress(*_DATABASE_ERRORS):
            await self._keys.leave(claimed)

    async def _finish(self, claimed: Claimed, answer: "_Recorder | None", fingerprint: bytes) -> None:
        try:
            if answer is None or answer.status >= 500 or answer.status in _NOT_KEPT:
                await self._keys.release(claimed)
            else:
                await self._keys.answer(
                    claimed,
                    fingerprint=fingerprint,
                    status=answer.status,
                    headers=answer.kept_headers(),
                    body=bytes(answer.body),
                )
        except _DATABASE_ERRORS as error:
            # The lease runs out, and a repeated request takes over under the same id.
            log.warning("idempotency.unrecorded", error=str(error) or type(error).__name__)


class _Recorder:
    """A `send` that keeps the answer until it is stored. Answers to POST are JSON of a few kilobytes."""

    def __init__(self) -> None:
        self.status = 500
        self.body = bytearray()
        self._start: MutableMapping[str, Any] = {}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def kept_headers(self) -> dict[str, str]:
        return {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._start["headers"]
            if name.lower() in _KEPT_HEADERS
        }

    async def send_to(self, send: Send) -> None:
        await send(self._start)
        await send({"type": "http.response.body", "body": bytes(self.body)})


async def _replay(answered: Answered, scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered.headers.items()]
    headers += [(b"idempotent-replayed", b"true"), (b"content-length", str(len(answered.body)).encode())]
    await send({"type": "http.response.start", "status": answered.status, "headers": headers})
    await send({"type": "http.response.body", "body": answered.body})


def _differs(outcome: Running | Answered, target: str, fingerprint: bytes | None) -> bool:
    if outcome.target != target:
        return True
    return fingerprint is not None and outcome.fingerprint is not None and outcome.fingerprint != fingerprint


def _key_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"idempotency-key":
            return str(value.decode("latin-1")).strip().strip('"')
    return None


def _target_of(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
