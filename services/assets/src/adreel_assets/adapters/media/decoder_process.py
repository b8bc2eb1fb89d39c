"""The service's end of the decoder process: starts it, hands it files, hears how each ended, replaces it when lost."""

import asyncio
import os
import signal
import socket
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

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._next_job = 0
        self._waiting: dict[int, asyncio.Future[Mapping[str, object]]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> "DecoderProcess":
        """Start it and wait until its decoders are loaded. Raises `DecoderLost`."""
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", _MODULE, str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, pass_fds=[theirs.fileno()],
                env=environment | {"HOME": "/nonexistent"}, cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise DecoderLost("cannot be started") from error
        finally:
            theirs.close()
        ours.setblocking(False)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(_START_SECONDS):
                if not await process.stdout.readline():
                    raise DecoderLost("ended while starting")
        except BaseException as error:
            ours.close()
            with suppress(ProcessLookupError):
                process.kill()
            if isinstance(error, TimeoutError):
                raise DecoderLost("did not get ready") from error
            raise
        return cls(process, ours)

    @property
    def is_alive(self) -> bool:
        """Whether it can still be given work."""
        return not self._listening.done()

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
        self._control.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await asyncio.wait([self._listening])

    async def _listen(self) -> None:
        """Match the ends of children with those who wait for them, until the process ends."""
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
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


def _ended(message: Mapping[str, object], answer: bytes) -> Ended:
    """The end of a child as the decoder process tells it; that process has touched no file and is believed."""
    status, peak, cpu = (message.get(name) for name in ("status", "peak_bytes", "cpu_seconds"))
    return Ended(
        status=status if isinstance(status, int) else -signal.SIGABRT,
        answer=answer,
        peak_bytes=peak if isinstance(peak, int) else 0,
        cpu_seconds=cpu if isinstance(cpu, float) else 0.0,
    )
