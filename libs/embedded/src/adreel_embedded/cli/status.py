"""`adreel status`: whether a stack runs here, where, and how its services are."""

import argparse
import time

import httpx

from adreel_embedded.cli.arguments import Subcommands
from adreel_embedded.running import StackRecord, is_held, read_record
from adreel_embedded.state import find_state_directory

NOT_RUNNING = 3  # what `systemctl status` and its kin answer for a service that is not there


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("status", help="say whether it runs, where, and how its services are")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    state = find_state_directory()
    record = read_record(state) if is_held(state) else None
    if record is None:
        print(f"Not running (state directory {state.root}).")
        return NOT_RUNNING
    up_seconds = int(time.time() - record.started_at)
    print(f"{record.phase}, process {record.pid}, started by `adreel {record.command}` {up_seconds} s ago")
    print(f"API        {record.base_url}/api/v3")
    print(f"logs       {state.logs}")
    for name, outcome in _checks(record).items():
        print(f"{name:<10} {outcome}")
    return 0


def _checks(record: StackRecord) -> dict[str, str]:
    """What the gateway says of itself and its neighbours."""
    try:
        answer = httpx.get(f"{record.base_url}/readyz", timeout=5, trust_env=False)
        return {str(name): str(outcome) for name, outcome in answer.json()["checks"].items()}
    except (httpx.HTTPError, ValueError, KeyError, AttributeError):
        return {"gateway": "does not answer"}
