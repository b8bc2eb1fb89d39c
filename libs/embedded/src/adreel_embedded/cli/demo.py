"""`adreel demo`: one ad from the examples, start to finish, on the stack that runs here or on one of its own."""

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from adreel_render.engine.spec import RESOLUTIONS

from adreel_embedded.cli.arguments import Subcommands
from adreel_embedded.cli.signals import run_until_signalled
from adreel_embedded.demo.api import Api
from adreel_embedded.demo.examples import Examples, find_examples
from adreel_embedded.demo.photo_server import serve_photographs
from adreel_embedded.demo.screen import Screen
from adreel_embedded.demo.walk import Walk, Wishes
from adreel_embedded.errors import StackStartError
from adreel_embedded.hosting import hosted_stack
from adreel_embedded.running import StackPhase, StackRecord, running
from adreel_embedded.state import find_checkout, find_state_directory

_START_SECONDS = 180.0


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("demo", help="make an ad from the examples: photographs in, MP4 out")
    parser.add_argument("--out", type=Path, help="where the film goes (out/ in the checkout)")
    parser.add_argument("--examples", type=Path, help="a folder with client.json, campaign.json, brief.json, pictures")
    parser.add_argument("--seconds", type=float, help="length of the film, instead of the brief's")
    parser.add_argument("--resolution", choices=RESOLUTIONS, help="instead of the brief's")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    examples = find_examples(arguments.examples)
    out = (arguments.out or (find_checkout() or Path.cwd()) / "out").absolute()
    run_until_signalled(_demo(examples, Wishes(out, arguments.seconds, arguments.resolution)))
    return 0


async def _demo(examples: Examples, wishes: Wishes) -> None:
    screen = Screen()
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as open_things:
        with screen.step("Services"):
            record = await open_things.enter_async_context(_stack(screen))
            screen.line(f"API {record.base_url}/api/v3, reference {record.base_url}/docs")
        address = open_things.enter_context(serve_photographs(examples.photographs(), record.photo_port))
        api = await open_things.enter_async_context(Api(record.base_url))
        await Walk(api, screen, examples, address, wishes).go()
    screen.console.print("\n[bold]Times[/bold]")
    for title, seconds in screen.timings.items():
        screen.line(f"{seconds:6.1f} s  {title}")
    screen.line(f"{time.monotonic() - began:6.1f} s  in all, the stop included")


@contextlib.asynccontextmanager
async def _stack(screen: Screen) -> AsyncIterator[StackRecord]:
    """The stack that `adreel up` runs here, else one for this demo alone."""
    state = find_state_directory()
    record = running(state)
    if record is not None and record.command == "up":
        record = await _until_ready(record)
        screen.line(f"the stack of process {record.pid} is used, and left running")
        yield record
        return
    async with hosted_stack(state, command="demo") as record:
        yield record


async def _until_ready(record: StackRecord) -> StackRecord:
    state = find_state_directory()
    deadline = time.monotonic() + _START_SECONDS
    found: StackRecord | None = record
    while found is not None and time.monotonic() < deadline:
        if found.phase is StackPhase.READY:
            return found
        await asyncio.sleep(0.2)
        found = running(state)
    raise StackStartError("The stack that was starting here did not become ready; look into `adreel logs`.")
