"""Parses the command line, runs the subcommand, and turns what goes wrong into one sentence and an exit code.

Exit codes: 0 done, 1 it could not be done (a sentence on stderr says why), 2 wrong usage, 3 `status` found no stack,
130 Ctrl-C, 143 SIGTERM. An error that nobody expected keeps its traceback: it is a bug to report.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from adreel_embedded.cli import blobs, demo, down, logs, status, up
from adreel_embedded.cli.signals import Terminated
from adreel_embedded.errors import EmbeddedError

_SUBCOMMANDS = (up, down, status, logs, demo, blobs)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="adreel",
        description="Adreel on this machine: from a product brief to a finished video ad.",
        epilog="Data, logs and settings live in ADREEL_HOME, else in .adreel/ of the checkout, else in the user's "
        "data directory.",
    )
    parser.add_argument("--version", action="version", version=f"adreel {version('adreel-embedded')}")
    subcommands = parser.add_subparsers(dest="subcommand", metavar="command", required=True)
    for module in _SUBCOMMANDS:
        module.add_to(subcommands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except EmbeddedError as error:
        print(f"adreel {options.subcommand}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) has seen enough; closing stderr keeps Python from complaining at exit.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    except Terminated:
        return 143
    return code
