"""The supervisor's shadow: a process that ends the supervisor's children when the supervisor is gone without a word.

It runs as a script with nothing but the standard library (`python -I -S guard.py <grace seconds>`). Its standard input
is a pipe whose other end only the supervisor holds, with lines `+<pid>` and `-<pid>` that name process groups; the end
of the pipe means that the supervisor has ended. What is still listed then gets SIGTERM and, after the grace time,
SIGKILL, and with it everything that it started (ffmpeg, for one). An orderly stop leaves nothing listed.
"""

import contextlib
import os
import signal
import sys
import time

_POLL_SECONDS = 0.05


def main() -> None:
    grace_seconds = float(sys.argv[1])
    # It must outlive what ends the supervisor: the end of the pipe is the only thing it listens to.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    end_groups(groups, grace_seconds)


def end_groups(groups: set[int], grace_seconds: float) -> None:
    """SIGTERM to each group, SIGKILL to those that are still there after the grace time."""
    _send(groups, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while groups and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        groups = {group for group in groups if _exists(group)}
    _send(groups, signal.SIGKILL)


def _send(groups: set[int], sent: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, sent)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
