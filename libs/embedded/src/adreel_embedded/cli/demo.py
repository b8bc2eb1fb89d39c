"""`adreel demo`: one ad from the examples, start to finish, on the stack that runs here, on one of its own, or on one
that is deployed elsewhere and named by `--api`.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
_KEY_VARIABLE = "ADREEL_API_KEY"


@dataclass(frozen=True)
class Target:
    """The API that the demo calls, and the address at which its services find the photographs."""

    base_url: str
    photo_address: str
    api_key: str = ""


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("demo", help="make an ad from the examples: photographs in, MP4 out")
    parser.add_argument("--out", type=Path, help="where the film goes (out/ in the checkout)")
    parser.add_argument("--examples", type=Path, help="a folder with client.json, campaign.json, brief.json, pictures")
    parser.add_argument("--seconds", type=float, help="length of the film, instead of the brief's")
    parser.add_argument("--resolution", choices=RESOLUTIONS, help="instead of the brief's")
    parser.add_argument("--api", metavar="URL", help="use the stack deployed there instead of one on this machine")
    parser.add_argument("--api-key", metavar="KEY", help=f"the key it asks for; {_KEY_VARIABLE} keeps it out of sight")
    parser.add_argument("--photos-url", metavar="URL", help="where the stack of --api finds the photographs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    examples = find_examples(arguments.examples)
    out = (arguments.out or (find_checkout() or Path.cwd()) / "out").absolute()
    elsewhere = _elsewhere(arguments.api, arguments.photos_url, arguments.api_key)
    run_until_signalled(_demo(examples, Wishes(out, arguments.seconds, arguments.resolution), elsewhere))
    return 0


def _elsewhere(api: str | None, photos_url: str | None, api_key: str | None) -> Target | None:
    """The deployed stack that the options name, if any; SystemExit when they do not fit together."""
    if api and photos_url:
        key = api_key or os.environ.get(_KEY_VARIABLE, "")
        return Target(api.rstrip("/"), photos_url.rstrip("/"), key)
    if api or photos_url or api_key:
        print("adreel demo: --api, --photos-url and --api-key belong together.", file=sys.stderr)
        raise SystemExit(2)
    return None


async def _demo(examples: Examples, wishes: Wishes, elsewhere: Target | None) -> None:
    screen = Screen()
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as open_things:
        with screen.step("Services"):
            target = elsewhere or await _here(open_things, screen, examples)
            screen.line(f"API {target.base_url}/api/v3, reference {target.base_url}/docs")
        api = await open_things.enter_async_context(Api(target.base_url, target.api_key))
        await Walk(api, screen, examples, target.photo_address, wishes).go()
    screen.console.print("\n[bold]Times[/bold]")
    for title, seconds in screen.timings.items():
        screen.line(f"{seconds:6.1f} s  {title}")
    screen.line(f"{time.monotonic() - began:6.1f} s  in all, the stop included")


async def _here(open_things: contextlib.AsyncExitStack, screen: Screen, examples: Examples) -> Target:
    """A stack on this machine and a server for the photographs, both closed with `open_things`."""
    record = await open_things.enter_async_context(_stack(screen))
    address = open_things.enter_context(serve_photographs(examples.photographs(), record.photo_port))
    return Target(record.base_url, address)


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
