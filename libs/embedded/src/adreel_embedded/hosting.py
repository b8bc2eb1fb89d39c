"""A stack that owns its state directory: locked, recorded for other commands, stopped at the end."""

import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from adreel_embedded.ports import LOOPBACK, PortReservations
from adreel_embedded.running import StackPhase, StackRecord, hold, write_record
from adreel_embedded.services import StackOptions
from adreel_embedded.stack import Stack
from adreel_embedded.state import StateDirectory


@contextlib.asynccontextmanager
async def hosted_stack(
    state: StateDirectory, *, command: str, http_port: int = 0, environ: Mapping[str, str] | None = None
) -> AsyncIterator[StackRecord]:
    """Run a stack on `state`; the record of it once it is ready. `http_port` 0 takes any free port.

    Raises an EmbeddedError when it cannot be had; nothing is left running then.
    """
    with hold(state), PortReservations() as ports:
        photo_port = ports.reserve()
        record = StackRecord(os.getpid(), command, StackPhase.STARTING, http_port, photo_port, time.time())
        write_record(state, record)
        options = StackOptions(extra={"ASSET_ALLOWED_HOSTS": _allowed_hosts(photo_port, environ or os.environ)})
        async with Stack(state, http_port=http_port, options=options) as stack:
            record = replace(record, phase=StackPhase.READY, port=stack.http_port)
            write_record(state, record)
            yield record


def _allowed_hosts(photo_port: int, environ: Mapping[str, str]) -> str:
    """The caller's own list, and the demo's photographs, which are served from this machine and fetched like any."""
    given = environ.get("ASSET_ALLOWED_HOSTS", "").strip()
    ours = f"{LOOPBACK}:{photo_port}"
    return f"{given},{ours}" if given else ours
