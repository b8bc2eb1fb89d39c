"""The walls around one decoding child, put up by itself before it sees a byte of the file.

The strongest is the plainest: with the limit on open files at zero, no file, socket or pipe can be opened any more,
only those already open can be used. So nothing of this machine can be read and nothing sent, whatever the decoder is
talked into. The rest bounds time, memory and processes, and drops root. All of it is undone by the process's end.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys

from adreel_assets.domain.inspection import InspectionLimits

_NOBODY = 65_534
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_MAX_WRITTEN_BYTES = 4_000_000
_IS_LINUX = sys.platform == "linux"


def leave_the_network() -> bool:
    """Move this process into a network namespace of its own, with no interface; False where that is not permitted."""
    if not _IS_LINUX:
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def wall_in(limits: InspectionLimits, parent_pid: int) -> None:
    """Put up every wall. Imports that come later fail, so all that is needed must be loaded already."""
    _die_with(parent_pid)
    memory_bytes = _address_space_in_use() + limits.memory_bytes
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, _MAX_WRITTEN_BYTES, _MAX_WRITTEN_BYTES),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 2),
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_NOFILE, 0, 0),
    ):
        _limit(kind, soft, hard)
    # The default action of SIGALRM ends the process even inside a decoder that never comes back.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    _drop_root()
    # Last: it counts per user, and root is not counted at all.
    _limit(resource.RLIMIT_NPROC, 0, 0)


def _limit(kind: int, soft: int, hard: int) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    # macOS knows some of the limits by name only.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (soft, hard))


def _address_space_in_use() -> int:
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1_000_000_000


def _die_with(parent_pid: int) -> None:
    if _IS_LINUX:
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent_pid:  # it ended before the wish was heard
        os._exit(1)


def _drop_root() -> None:
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # a namespace without that user
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
