"""The engine process: reads tasks from standard input, answers on the pipe it was given, ends with its parent.

Started as `python -m adreel_render.adapters.engine_child REPLY_FD PARENT_PID MEMORY_BYTES`.
"""

import ctypes
import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import av
import cv2

from adreel_render.adapters.engine_tasks import ComposeFilm, DrawScene, Failure, Progress, Result, Task
from adreel_render.engine.cache import DirectorySegmentCache
from adreel_render.engine.composer import compose_film
from adreel_render.engine.errors import CompositionError, EngineError, MediaRejected, MediumUnreadable, UnusableClip
from adreel_render.engine.scene import render_scene

_LENGTH = struct.Struct(">I")
_PR_SET_PDEATHSIG = 1
# Progress is for people; four a second are plenty and cost nothing.
_PROGRESS_SECONDS = 0.25


def main(arguments: list[str]) -> None:
    """Serve tasks until standard input ends."""
    reply_fd, parent_pid, memory_bytes = (int(argument) for argument in arguments)
    _end_with(parent_pid)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # OpenCV's pool would take the cores that x264 needs (measured: 1.27 against 1.20 times the encoder's CPU).
    cv2.setNumThreads(1)
    os.nice(5)
    replies = os.fdopen(reply_fd, "wb", buffering=0)
    while (task := _read(sys.stdin.buffer)) is not None:
        _write(replies, _carry_out(task, _throttled(replies)))


def _carry_out(task: Task, report: Callable[[float], None]) -> Result | Failure:
    try:
        if isinstance(task, DrawScene):
            return _draw(task, report)
        if isinstance(task, ComposeFilm):
            return _compose(task, report)
        return task.carry_out(report)
    except MediumUnreadable as error:
        return Failure(str(error), is_final=True, details={"medium": error.key, "reason": error.reason})
    except MediaRejected as error:
        return Failure(str(error), is_final=True, details={"reason": error.reason})
    except UnusableClip as error:
        return Failure(str(error), is_final=False, details={"clip": error.clip})
    except (CompositionError, ValueError) as error:
        return Failure(str(error), is_final=True)
    except (EngineError, MemoryError, OSError, av.FFmpegError) as error:
        return Failure(f"{type(error).__name__}: {error}", is_final=False)


def _draw(task: DrawScene, report: Callable[[float], None]) -> Result:
    info = render_scene(
        task.spec,
        task.canvas,
        task.out_path,
        progress=lambda done, total: report(done / max(total, 1)),
        cancelled=lambda: False,  # cancelling ends this process
    )
    return Result(frame_count=info.frame_count, size_bytes=info.size_bytes)


def _compose(task: ComposeFilm, report: Callable[[float], None]) -> Result:
    info = compose_film(
        task.plan,
        task.out_path,
        work_dir=task.work_dir,
        cache=DirectorySegmentCache(task.cache_dir),
        progress=report,
    )
    return Result(frame_count=info.frame_count, size_bytes=info.size_bytes)


def _throttled(replies: BinaryIO) -> Callable[[float], None]:
    last = 0.0

    def report(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS:
            last = now
            _write(replies, Progress(min(max(share, 0.0), 1.0)))

    return report


def _end_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies (Linux); elsewhere the end of standard input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the call
            sys.exit(1)


def _read(source: BinaryIO) -> Task | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    # Only our own parent writes here.
    task: Task = pickle.loads(source.read(_LENGTH.unpack(head)[0]))
    return task


def _write(replies: BinaryIO, message: object) -> None:
    body = pickle.dumps(message)
    view = memoryview(_LENGTH.pack(len(body)) + body)
    while view:
        view = view[os.write(replies.fileno(), view) :]


if __name__ == "__main__":
    main(sys.argv[1:])
