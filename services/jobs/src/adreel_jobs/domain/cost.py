"""Costs in whole millionths: lines of an estimate, and lines of bills that the services' facts carry.

A bill is named by what it pays for, so a fact that is told twice is counted once. Render bills in two ways: clip by
clip while it works (`is_whole` false) and the whole render at its end; once a group has a whole bill, its parts are
not counted beside it, in whichever order they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line; `state` is "estimated", "actual" or "unknown"."""

    kind: str
    description: str
    provider: str
    quantity: float
    unit: str
    amount_micros: int
    state: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of one fact. `group` is the piece of work (a request, a render), `source` names this bill of it."""

    group: str
    source: str
    is_whole: bool
    lines: tuple[CostLine, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job costs; `estimated_micros` is None while nobody could say."""

    estimated_micros: int | None
    actual_micros: int
    lines: tuple[CostLine, ...]


def total_micros(lines: Sequence[CostLine], *, state: str) -> int:
    return sum(line.amount_micros for line in lines if line.state == state)
