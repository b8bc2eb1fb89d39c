"""Rules for the values of request fields, and settling a request with its defaults for one model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adreel_render.domain.errors import ParameterRefused

# Some clients know the other name of the same format.
_SAME = {"jpeg": "jpg"}


class Rule(Protocol):
    """What a field may hold."""

    @property
    def taken(self) -> str:
        """What is taken, in words that end a sentence."""

    def allows(self, value: Any) -> bool:
        """Whether this value is taken."""


class Words:
    """One of some words."""

    def __init__(self, *words: str) -> None:
        self._words = words

    @property
    def taken(self) -> str:
        return f"one of {', '.join(self._words)}" if len(self._words) > 1 else self._words[0]

    def allows(self, value: Any) -> bool:
        return isinstance(value, str) and value in self._words


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in a range; with `steps`, one of those alone."""

    least: int
    most: int
    steps: tuple[int, ...] = ()
    unit: str = ""

    @property
    def taken(self) -> str:
        if self.steps:
            return f"one of {', '.join(map(str, self.steps))}{self.unit}"
        return f"a whole number from {self.least} to {self.most}{self.unit}"

    def allows(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return value in self.steps if self.steps else self.least <= value <= self.most


class Flag:
    """True or false."""

    @property
    def taken(self) -> str:
        return "true or false"

    def allows(self, value: Any) -> bool:
        return isinstance(value, bool)


class Text:
    """Any text."""

    @property
    def taken(self) -> str:
        return "text"

    def allows(self, value: Any) -> bool:
        return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Settled:
    """The values in force for a model, and the names of request fields that it does not take."""

    parameters: dict[str, Any]
    not_applied: tuple[str, ...]


def settle(
    given: Mapping[str, Any], defaults: Mapping[str, Any], *, fields: Mapping[str, Rule], takes: Mapping[str, Rule]
) -> Settled:
    """A request's values with defaults for what it leaves out, held to the contract and to the model.

    Raises ParameterRefused. Empty texts count as left out. A field that the model does not take must still make sense.
    """
    said = {name: _SAME.get(value, value) if name == "output_format" else value for name, value in given.items()}
    said = {name: value for name, value in said.items() if value is not None and value != ""}
    for name, value in said.items():
        require(name, value, fields[name])
    parameters = {}
    for name, rule in takes.items():
        value = said.get(name, defaults.get(name))
        if value is None or value == "":
            continue
        require(name, value, rule)
        parameters[name] = value
    return Settled(parameters, tuple(sorted(name for name in said if name not in takes)))


def require(name: str, value: Any, rule: Rule) -> None:
    """Raise ParameterRefused unless the rule allows the value."""
    if not rule.allows(value):
        raise ParameterRefused(f"{name} must be {rule.taken}, not {repr(value)[:42]}.", details={"field": name})
