"""What the subcommands' parsers share: the type of the set of subcommands, and of a port given by a person."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse gives this type no public name
else:
    Subcommands = object


def port_number(text: str) -> int:
    """A TCP port; 0 leaves the choice to the program."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 (any free one) to 65535")
    return int(text)
