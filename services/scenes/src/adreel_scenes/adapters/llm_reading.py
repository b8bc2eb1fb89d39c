"""Reading what an SDK gives back. SDKs build their objects without checking them: any server behind an address that a
deployment names can make a list of what should be text, or a word of what should be a number."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from adreel_scenes.adapters import llm_faults
from adreel_scenes.adapters.llm_faults import Vendor
from adreel_scenes.domain.usage import Usage

# Beyond it no model counts, and what is priced must fit the ledger.
_MOST_TOKENS = 100_000_000


@contextmanager
def read_answer(vendor: Vendor) -> Iterator[None]:
    """Turn what is raised by an answer of another form into the fault that it is; the call was made and counts."""
    try:
        yield
    except (AttributeError, TypeError, ValueError, LookupError, RecursionError) as error:
        told = f"an answer of another form ({type(error).__name__})"
        raise llm_faults.unreachable(vendor, told) from error


def tokens(value: object) -> int:
    """A count of tokens as a server gave it; 0 for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return int(value) if 0 <= value <= _MOST_TOKENS else 0


def counted(usage: Usage) -> Usage:
    """The usage of an answer; one that tells no tokens may have cost all the same."""
    return usage if usage.input_tokens or usage.output_tokens else replace(usage, unknown_calls=usage.calls)


def text_of(value: object) -> str:
    """A piece of text. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
