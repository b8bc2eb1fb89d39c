"""The catalogue, the schemas and the event classes of every service."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from adreel_kit.envelope import Event

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "proto" / "events"
SERVICES = ("jobs", "assets", "scenes", "render", "gateway")


@pytest.fixture(scope="session")
def catalogue() -> dict[str, dict]:
    return yaml.safe_load((EVENTS / "catalogue.yaml").read_text())["events"]


@pytest.fixture(scope="session")
def schemas(catalogue) -> dict[str, dict]:
    return {name: json.loads((EVENTS / f"{name}.schema.json").read_text()) for name in catalogue}


@pytest.fixture(scope="session")
def examples(catalogue) -> dict[str, dict[str, dict]]:
    """Envelopes by event type and by file name without its ending."""
    return {
        name: {path.stem: json.loads(path.read_text()) for path in sorted((EVENTS / "examples" / name).glob("*.json"))}
        for name in catalogue
    }


@pytest.fixture(scope="session")
def event_classes() -> dict[str, list[type[Event]]]:
    """Every event class that a service defines, producers' and consumers' alike, by service."""
    for service in SERVICES:
        importlib.import_module(f"adreel_{service}.bootstrap")
    found: dict[str, list[type[Event]]] = {service: [] for service in SERVICES}
    for cls in _below(Event):
        service = cls.__module__.split(".")[0].removeprefix("adreel_")
        if service in found and hasattr(cls, "TYPE"):
            found[service].append(cls)
    return found


def _below(cls: type) -> Iterator[type]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
