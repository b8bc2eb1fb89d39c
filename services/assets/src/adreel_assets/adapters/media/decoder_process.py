"""The service's end of the decoder process: starts it, hands it files, hears how each ended, replaces it when lost.

It is started by `subprocess`, which forks without running anything of ours in the child. uvloop's own way runs the
interpreter's fork hooks there, and beside gRPC's threads such a child may die of a segmentation fault.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from adreel_assets.adapters.media.messages import BadReply, decode_line, encode_line

_MODULE = "adreel_assets.adapters.media.sandbox"
_START_SECONDS = 60.0
# The child's own timer ends it; only a process stuck in the kernel is still there after this.
_GRACE_SECONDS = 10.0
_MAX_ANSWER_BYTES = 65_536
# Nothing of ours: no setting, no key, no path but what Python needs to find its modules.
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class DecoderLost(Exception):
    """The process ended or hangs; nothing is known of the file."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one child ended: its exit status (negative: the signal that ended it) and what it wrote and used."""

    status: int
    answer: bytes
    peak_bytes: int = 0
    cpu_seconds: float = 0.0


class DecoderProcess:
    """One running decoder process. Not reusable: once lost, make another."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        replies: asyncio.StreamReader,
        pipe: asyncio.ReadTransport,
    ) -> None:
        self._process = process
        self._control = control
        self._replies = replies
        self._pipe = pipe
        self._takes_work = True
        self._next_job = 0
        self._waiting: dict[int, asyncio.Future[Mapping[str, object]]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> "DecoderProcess":
        """Start it and wait until its decoders are loaded. Raises `DecoderLost`."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = _spawn(theirs)
        except OSError as error:
            ours.close()
            raise DecoderLost("cannot be started") from error
        finally:
            theirs.close()
        assert process.stdout is not None, "opened as a pipe"
        replies = asyncio.StreamReader()
        pipe: asyncio.ReadTransport | None = None
        try:
            pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(replies), process.stdout
            )
            async with asyncio.timeout(_START_SECONDS):
                if not await replies.readline():
                    raise DecoderLost("ended while starting")
        except BaseException as error:
            ours.close()
            (pipe or process.stdout).close()
            await _end(process)
            if isinstance(error, TimeoutError):
                raise DecoderLost("did not get ready") from error
            raise
        return cls(process, ours, replies, pipe)

    @property
    def is_alive(self) -> bool:
        """Whether it can still be given work."""
        return self._takes_work and not self._listening.done()

    async def run(self, request: Mapping[str, object], file_in: int, picture_out: int, wall_seconds: float) -> Ended:
        """Have a child do one piece of work. Cancelling ends the child. Raises `DecoderLost`."""
        answer_in, answer_out = os.pipe()
        job, self._next_job = self._next_job, self._next_job + 1
        ended: asyncio.Future[Mapping[str, object]] = asyncio.get_running_loop().create_future()
        self._waiting[job] = ended
        try:
            try:
                line = encode_line({**request, "job": job})
                socket.send_fds(self._control, [line], [file_in, answer_out, picture_out])
            except OSError as error:
                # Its end may be noticed here before the listener hears of it; nobody is to ask it again.
                self._takes_work = False
                raise DecoderLost("does not take work") from error
            finally:
                os.close(answer_out)
            try:
                async with asyncio.timeout(wall_seconds + _GRACE_SECONDS):
                    end = await ended
            except TimeoutError as error:
                await self.close()
                raise DecoderLost("hangs") from error
            # An answer fits the pipe's buffer, so the child never waited and all of it is here.
            return _ended(end, os.read(answer_in, _MAX_ANSWER_BYTES))
        except asyncio.CancelledError:
            with suppress(OSError):
                self._control.send(encode_line({"kill": job}))
            raise
        finally:
            self._waiting.pop(job, None)
            os.close(answer_in)

    async def close(self) -> None:
        """End it and every child of it. Safe to repeat."""
        self._takes_work = False
        self._control.close()
        await _end(self._process)
        await asyncio.wait([self._listening])
        self._pipe.close()

    async def _listen(self) -> None:
        """Match the ends of children with those who wait for them, until the process ends."""
        try:
            while line := await self._replies.readline():
                with suppress(BadReply):
                    self._settle(decode_line(line))
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(DecoderLost("ended"))

    def _settle(self, message: Mapping[str, object]) -> None:
        job = message.get("job")
        waiting = self._waiting.get(job) if isinstance(job, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


def _spawn(control: socket.socket) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _MODULE, str(control.fileno())],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0, pass_fds=[control.fileno()],
        env=environment | {"HOME": "/nonexistent"}, cwd="/", start_new_session=True,
    )  # fmt: skip


async def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its children, and reap it, also while being cancelled."""
    if process.poll() is None:  # else its number may already be somebody else's
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    await asyncio.get_running_loop().run_in_executor(None, process.wait)


def _ended(message: Mapping[str, object], answer: bytes) -> Ended:
    """The end of a child as the decoder process tells it; that process has touched no file and is believed."""
    status, peak, cpu = (message.get(name) for name in ("status", "peak_bytes", "cpu_seconds"))
    return Ended(
        status=status if isinstance(status, int) else -signal.SIGABRT,
        answer=answer,
        peak_bytes=peak if isinstance(peak, int) else 0,
        cpu_seconds=cpu if isinstance(cpu, float) else 0.0,
    )
