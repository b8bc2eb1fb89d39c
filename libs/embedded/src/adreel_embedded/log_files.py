"""Log files of child processes: opened for appending, turned over when they have grown, quoted in errors."""

import os
from pathlib import Path
from typing import BinaryIO

_TURN_OVER_BYTES = 10 * 1024 * 1024
_TAIL_BYTES_PER_LINE = 1_024


def open_log(path: Path) -> BinaryIO:
    """Open `path` for appending, readable by its owner alone; a file past 10 MiB is kept as `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _TURN_OVER_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def log_tail(path: Path, *, from_byte: int = 0, most_lines: int = 15) -> str:
    """The last lines written to `path` after `from_byte`, for an error message; empty when there are none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(from_byte, size - _TAIL_BYTES_PER_LINE * most_lines))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-most_lines:])
