"""Turns the event catalogue into the module that services import: event types, producers and consumers."""

import pathlib
import sys

import yaml


def main(catalogue: str, out: str) -> None:
    """Write `out` from `catalogue`, sorted, so that equal catalogues give equal files."""
    events = yaml.safe_load(pathlib.Path(catalogue).read_text())["events"]
    lines = [
        '"""The event catalogue as data. Generated from proto/events/catalogue.yaml; do not edit."""',
        "",
        "PRODUCERS: dict[str, str | None] = {",
        *(f"    {name!r}: {events[name]['producer']!r}," for name in sorted(events)),
        "}",
        "",
        "CONSUMERS: dict[str, tuple[str, ...]] = {",
        *(f"    {name!r}: {tuple(sorted(events[name]['consumers']))!r}," for name in sorted(events)),
        "}",
        "",
    ]
    pathlib.Path(out).write_text("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
