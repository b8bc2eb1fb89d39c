"""The engine in a process of its own: warm, replaceable, ended when nobody wants its work.

Drawing and encoding hold the interpreter for minutes and decode bytes that users gave, so they run in a child that is
started once and serves one task after another. Cancelling a task kills the child; a child that reports nothing for
`stall_seconds` is killed too. Tasks and answers are pickles over pipes that only these two processes hold.

Children are started by `subprocess`, which forks without running anything of ours in the child. uvloop's own way runs
the interpreter's fork hooks there, and beside gRPC's threads one child in fifty died of a segmentation fault.
"""

import asyncio
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from adreel_kit.logging import get_logger

from adreel_render.adapters.engine_tasks import Failure, Progress, Result, Task
from adreel_render.domain.errors import EngineStopped, SceneUnrenderable

log = get_logger(__name__)

_LENGTH = struct.Struct(">I")
# Far above the measured worker peak of 260 MiB; a runaway decode ends here instead of taking the machine along.
MEMORY_BYTES = 4 * 1024**3


class EngineProcess:
    """One child. Not for use by two tasks at once: `EnginePool` sees to that."""

    def __init__(self, *, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._sending: asyncio.Future[None] | None = None
        self._replies: asyncio.StreamReader | None = None
        self._pipe: asyncio.ReadTransport | None = None

    async def run(self, task: Task, on_progress: Callable[[float], None]) -> Result:
        """Carry out `task` and return its result; `on_progress` hears shares from 0 to 1.

        Raises SceneUnrenderable for input that cannot be used, EngineStopped when the child died or stood still.
        Cancellation kills the child.
        """
        try:
            await self._ensure_started()
            await self._send(task)
            while True:
                reply = await self._receive()
                if isinstance(reply, Progress):
                    on_progress(reply.share)
                elif isinstance(reply, Failure):
                    if reply.is_final:
                        raise SceneUnrenderable(reply.message, details=reply.details)
                    raise EngineStopped(reply.message, details=reply.details)
                else:
                    result: Result = reply
                    return result
        except BaseException as error:
            if not isinstance(error, SceneUnrenderable):
                await self.kill()
            raise

    async def kill(self) -> None:
        """End the child at once; the next task starts another."""
        process, self._process = self._process, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if process is None:
            return
        process.kill()
        # Under way before anything is awaited, so that a cancelled caller leaves no zombie behind.
        reaped = asyncio.get_running_loop().run_in_executor(None, process.wait)
        sending, self._sending = self._sending, None
        if sending is not None:
            # Its thread has to be done with the pipe before the pipe's number may be somebody else's.
            await asyncio.gather(sending, return_exceptions=True)
        assert process.stdin is not None, "opened as a pipe"
        with suppress(OSError):
            process.stdin.close()
        await reaped

    async def _ensure_started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        await self.kill()
        read_end, write_end = os.pipe()
        try:
            # Not in a thread: the kernel ends the child when the thread that started it ends.
            self._process = _spawn(write_end)
        finally:
            os.close(write_end)
        self._replies = asyncio.StreamReader(limit=2**26)
        protocol = asyncio.StreamReaderProtocol(self._replies)
        self._pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, os.fdopen(read_end, "rb", buffering=0)
        )

    async def _send(self, task: Task) -> None:
        assert self._process is not None, "started before"
        assert self._process.stdin is not None, "opened as a pipe"
        body = pickle.dumps(task)
        loop = asyncio.get_running_loop()
        content = _LENGTH.pack(len(body)) + body
        self._sending = loop.run_in_executor(None, _write_whole, self._process.stdin.fileno(), content)
        try:
            await asyncio.shield(self._sending)
        except OSError as error:
            raise EngineStopped("The render engine stopped before it began.") from error

    async def _receive(self) -> Any:
        assert self._replies is not None, "started before"
        try:
            async with asyncio.timeout(self._stall_seconds):
                (length,) = _LENGTH.unpack(await self._replies.readexactly(_LENGTH.size))
                body = await self._replies.readexactly(length)
        except TimeoutError as error:
            raise EngineStopped("The render engine made no progress.") from error
        except asyncio.IncompleteReadError as error:
            raise EngineStopped("The render engine ended unexpectedly.") from error
        # Only our own child writes here.
        return pickle.loads(body)


def _spawn(reply_fd: int) -> subprocess.Popen[bytes]:
    module = "adreel_render.adapters.engine_child"
    arguments = [sys.executable, "-m", module, str(reply_fd), str(os.getpid()), str(MEMORY_BYTES)]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, bufsize=0, pass_fds=(reply_fd,))


def _write_whole(pipe: int, content: bytes) -> None:
    """Blocks while the child does not read, until it ends."""
    view = memoryview(content)
    while view:
        view = view[os.write(pipe, view) :]


class EnginePool:
    """As many engine processes as may run side by side, handed out one at a time."""

    def __init__(self, size: int, *, stall_seconds: float = 120.0) -> None:
        self._idle: asyncio.LifoQueue[EngineProcess] = asyncio.LifoQueue()
        self._all = [EngineProcess(stall_seconds=stall_seconds) for _ in range(size)]
        for process in self._all:
            self._idle.put_nowait(process)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[EngineProcess]:
        """Wait for a free process and hold it for the length of the block."""
        process = await self._idle.get()
        try:
            yield process
        finally:
            self._idle.put_nowait(process)

    async def aclose(self) -> None:
        """End all children."""
        for process in self._all:
            await process.kill()
