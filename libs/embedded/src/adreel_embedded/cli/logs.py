"""`adreel logs [service]`: the last lines of the services' logs, and what is added to them."""

import argparse
import time
from pathlib import Path

from adreel_embedded.cli.arguments import Subcommands
from adreel_embedded.errors import EmbeddedError
from adreel_embedded.log_files import log_tail
from adreel_embedded.state import find_state_directory

_LOOK_EVERY_SECONDS = 0.3


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("logs", help="show the logs of all services, or of one")
    parser.add_argument("service", nargs="?", help="jobs, assets, scenes, render, gateway, postgres or stack")
    parser.add_argument("-n", "--lines", type=_line_count, default=20, help="how many lines of each (20)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is added")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    logs = _chosen(find_state_directory().logs, arguments.service)
    offsets = {}
    for log in logs:
        # Before it is read: a line that comes in between is shown twice rather than not at all.
        offsets[log] = log.stat().st_size
        tail = log_tail(log, most_lines=arguments.lines) if arguments.lines else ""
        if len(logs) > 1 and tail:
            print(f"==> {log.stem} <==")
        if tail:
            print(tail, flush=True)
    while arguments.follow:
        time.sleep(_LOOK_EVERY_SECONDS)
        for log in logs:
            offsets[log] = _print_added(log, offsets[log], name=log.stem if len(logs) > 1 else "")
    return 0


def _chosen(directory: Path, service: str | None) -> list[Path]:
    found = {log.stem: log for log in sorted(directory.glob("*.log"))} if directory.is_dir() else {}
    if not found:
        raise EmbeddedError(f"There are no logs in {directory} yet; `adreel up` makes them.")
    if service is None:
        return list(found.values())
    if service not in found:
        raise EmbeddedError(f"There is no log of {service!r}; there are {', '.join(found)}.")
    return [found[service]]


def _print_added(log: Path, offset: int, *, name: str) -> int:
    size = log.stat().st_size if log.exists() else 0
    if size < offset:
        offset = 0  # it was turned over
    if size == offset:
        return offset
    with log.open("rb") as file:
        file.seek(offset)
        added = file.read(size - offset)
    whole = added[: added.rfind(b"\n") + 1]
    for line in whole.decode("utf-8", "replace").splitlines():
        print(f"{name}: {line}" if name else line, flush=True)
    return offset + len(whole)


def _line_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines from 0 to 10000")
    return int(text)
