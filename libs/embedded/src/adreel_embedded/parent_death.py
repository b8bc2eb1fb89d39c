"""A child process that ends when its parent ends, however the parent ends.

Linux sends the chosen signal to a child when the *thread* that started it goes away, so start children from a thread
that lives as long as they should (the main thread, or the one that runs the event loop). Elsewhere this does nothing:
the supervisor's guard process covers services, and the PostgreSQL launcher takes over a server left behind.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Loaded here and not in the child: between fork and exec nothing may be imported or looked up.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send `sent` to the child once this process is gone; None where it cannot."""
    if _libc is None:
        return None
    prctl = _libc.prctl
    parent, number = os.getpid(), int(sent)

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        # The parent may have died before the call above: then nobody would ever send the signal.
        if os.getppid() != parent:
            os._exit(1)

    return in_child
