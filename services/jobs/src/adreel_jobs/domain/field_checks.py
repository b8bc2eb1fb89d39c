"""Collects what is wrong with an input, field by field, under the public names of the fields.

Text is taken as UTF-8 without control characters: PostgreSQL cannot store NUL, and no renderer can draw the others.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from adreel_kit.ids import parse_id

from adreel_jobs.domain.errors import FieldProblem, FieldsInvalid

URL_CHARACTERS = 2048
METADATA_BYTES = 16 * 1024
METADATA_DEPTH = 8

# C0 and C1 control characters but for tab, newline and carriage return.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class FieldChecks:
    """One pass over one input; `finish` raises if anything was found."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    def add(self, field: str, message: str) -> None:
        self.problems.append(FieldProblem(field, message))

    def finish(self) -> None:
        """Raises FieldsInvalid with all problems found."""
        if self.problems:
            raise FieldsInvalid(self.problems)

    def text(self, field: str, value: str, *, most: int, required: bool = False) -> None:
        if required and not value.strip():
            self.add(field, "This is required.")
        elif len(value) > most:
            self.add(field, f"At most {most} characters are taken; these are {len(value)}.")
        elif has_control_characters(value):
            self.add(field, "Control characters are not taken.")

    def texts(self, field: str, values: Sequence[str], *, most: int, most_each: int) -> None:
        if len(values) > most:
            self.add(field, f"At most {most} are taken; these are {len(values)}.")
            return
        for index, value in enumerate(values):
            self.text(f"{field}.{index}", value, most=most_each, required=True)

    def choice(self, field: str, value: object, taken: Sequence[object]) -> None:
        if value not in taken:
            self.add(field, f"Taken are {', '.join(str(one) for one in taken)}.")

    def url(self, field: str, value: str) -> None:
        """The form of a web address; whether it may be fetched is decided by whoever fetches it."""
        if len(value) > URL_CHARACTERS:
            self.add(field, f"At most {URL_CHARACTERS} characters are taken.")
        elif not is_web_address(value):
            self.add(field, "This is not an http or https address.")

    def identifier(self, field: str, value: str) -> None:
        if parse_id(value) is None:
            self.add(field, "This is not a UUID.")

    def metadata(self, field: str, value: Mapping[str, Any]) -> None:
        if _depth(value) > METADATA_DEPTH:
            self.add(field, f"It is nested deeper than {METADATA_DEPTH} levels.")
            return
        try:
            packed = json.dumps(value, allow_nan=False, ensure_ascii=False)
        except ValueError:
            self.add(field, "It holds a number that JSON does not know.")
            return
        if len(packed.encode()) > METADATA_BYTES:
            self.add(field, f"At most {METADATA_BYTES // 1024} KiB of JSON are taken.")
        elif _holds_nul(value):
            self.add(field, "The character NUL is not taken.")


def has_control_characters(text: str) -> bool:
    return _CONTROL.search(text) is not None


def is_web_address(text: str) -> bool:
    """Whether `text` has the form `http(s)://host...` without spaces; never raises."""
    if any(character.isspace() for character in text) or has_control_characters(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(key) or _holds_nul(one) for key, one in value.items())
    return isinstance(value, Sequence) and any(_holds_nul(one) for one in value)


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(one) for one in value.values()), default=0)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return 1 + max((_depth(one) for one in value), default=0)
    return 0
