"""`adreel up`: the whole suite on one port until it is told to stop."""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from adreel_embedded.cli.arguments import Subcommands, port_number
from adreel_embedded.cli.signals import Terminated, run_until_signalled
from adreel_embedded.errors import StackStartError
from adreel_embedded.hosting import hosted_stack
from adreel_embedded.log_files import log_tail, open_log
from adreel_embedded.running import StackPhase, StackRecord, hold, running
from adreel_embedded.stack import default_http_port
from adreel_embedded.state import StateDirectory, find_state_directory

_DETACHED_START_SECONDS = 180.0
_LOG_NAME = "stack.log"


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("up", help="start everything and keep it running, the API on one port")
    parser.add_argument("--port", type=port_number, help="port of the API (8080, or ADREEL_HTTP_PORT; 0 for any)")
    parser.add_argument("--detach", action="store_true", help="return when it is ready; `adreel down` stops it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    state = find_state_directory()
    port = default_http_port() if arguments.port is None else arguments.port
    if arguments.detach:
        return _detach(state, port)
    try:
        run_until_signalled(_serve(state, port))
    except (KeyboardInterrupt, Terminated):
        # How a stack in the foreground is meant to end.
        print("Stopped.", flush=True)
    return 0


async def _serve(state: StateDirectory, port: int) -> None:
    print("Starting ...", flush=True)
    async with hosted_stack(state, command="up", http_port=port) as record:
        print(_where(record, state), flush=True)
        print("Ctrl-C or `adreel down` stops it.", flush=True)
        await asyncio.Event().wait()


def _where(record: StackRecord, state: StateDirectory) -> str:
    lines = {
        "API": f"{record.base_url}/api/v3",
        "studio": f"{record.base_url}/",
        "reference": f"{record.base_url}/docs",
        "logs": str(state.logs),
    }
    return "\n".join(f"{name:<10} {value}" for name, value in lines.items())


def _detach(state: StateDirectory, port: int) -> int:
    with hold(state):
        pass  # a clear refusal here, before a process is started
    log = state.logs / _LOG_NAME
    with open_log(log) as output:
        start_byte = os.fstat(output.fileno()).st_size
        process = subprocess.Popen(
            [sys.executable, "-m", "adreel_embedded", "up", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        record = _Starting(process, state).until_ready()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if record is None:
        raise StackStartError(f"it did not start; its log {log} ends:\n{log_tail(log, from_byte=start_byte)}")
    print(_where(record, state))
    print(f"Running as process {record.pid}; `adreel down` stops it.")
    return 0


@dataclass(frozen=True)
class _Starting:
    process: subprocess.Popen[bytes]
    state: StateDirectory

    def until_ready(self) -> StackRecord | None:
        """Its record once it is ready; None when it ended or took too long."""
        deadline = time.monotonic() + _DETACHED_START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            record = running(self.state)
            if record is not None and record.pid == self.process.pid and record.phase is StackPhase.READY:
                return record
            time.sleep(0.1)
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        return None
