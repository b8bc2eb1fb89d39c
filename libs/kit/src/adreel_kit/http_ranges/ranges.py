"""The `Range` field (RFC 9110, 14): reading it, and cutting what it asks for out of what there is."""

import re
from dataclasses import dataclass
from enum import Enum

_UNIT = re.compile(r"bytes=(?P<set>.*)", re.IGNORECASE)
# No two neighbouring parts can take the same characters: hostile blanks are read once, not squared.
_SPEC = re.compile(r"(?P<first>[0-9]+)[ \t]*-(?:[ \t]*(?P<last>[0-9]+))?|-(?P<suffix>[0-9]+)")

# What nginx takes as one header line at most; a longer list of ranges is nobody's honest wish.
_LONGEST_VALUE = 8192

# More digits than any size has; longer numbers are cut to it, so that nobody makes us work with a megabyte of digits.
_HUGE = 10**18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes `[start, stop)`, never empty."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def content_range(self, size_bytes: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size_bytes}"


class NoRange(Enum):
    IGNORED = "ignored"  # send everything, as if there were no Range
    UNSATISFIABLE = "unsatisfiable"  # nothing of what was asked for is there: 416


@dataclass(frozen=True, slots=True)
class _Spec:
    """One element as it was written: from `first` to `last`, or to the end; or the last `suffix` bytes."""

    first: int | None
    last: int | None
    suffix: int | None

    def within(self, size_bytes: int) -> ByteRange | None:
        if self.suffix is not None:
            start, stop = max(size_bytes - self.suffix, 0), size_bytes
        else:
            start = self.first or 0
            stop = size_bytes if self.last is None else min(self.last + 1, size_bytes)
        return ByteRange(start, stop) if start < stop else None


def select_ranges(value: str, size_bytes: int, *, max_ranges: int) -> list[ByteRange] | NoRange:
    """The ranges to send, in the order they were asked for.

    As in nginx: ranges that lie behind the end are left out, and where the rest are more than `max_ranges`, or
    together longer than the whole, the whole is sent.
    """
    specs = _parse(value) if len(value) <= _LONGEST_VALUE else None
    if specs is None:
        return NoRange.IGNORED
    found: list[ByteRange] = []
    for spec in specs:
        part = spec.within(size_bytes)
        if part is not None:
            found.append(part)
        elif size_bytes == 0 and not spec.first:
            return NoRange.IGNORED  # all of nothing is no part of it
        if len(found) > max_ranges:
            return NoRange.IGNORED
    if not found:
        return NoRange.UNSATISFIABLE
    if sum(part.length for part in found) > size_bytes:
        return NoRange.IGNORED
    return found


def _parse(value: str) -> list[_Spec] | None:
    """The elements of the field; None when it has another unit or breaks the grammar."""
    unit = _UNIT.fullmatch(value)
    if unit is None:
        return None
    specs = []
    for element in (part.strip(" \t") for part in unit["set"].split(",")):
        if not element:
            continue
        spec = _SPEC.fullmatch(element)
        if spec is None:
            return None
        first, last = _number(spec["first"]), _number(spec["last"])
        if first is not None and last is not None and last < first:
            return None
        specs.append(_Spec(first, last, _number(spec["suffix"])))
    return specs or None


def _number(digits: str | None) -> int | None:
    if not digits:
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 18 else _HUGE
