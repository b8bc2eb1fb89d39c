"""The decoder process: `python -m adreel_assets.adapters.media.sandbox FD`. It loads the decoders once and forks a
walled-in child for each file, so that a file costs a fork (milliseconds) and not a start (tenths of a second).

Requests come over the socket FD as lines, each `run` with three descriptors: the file, the pipe for the answer, the
output. The end of each child is told on standard output. The process itself never reads a byte of any file, and ends
when the service does. Invariant: one thread only, because it forks.
"""

import codecs
import gc
import importlib
import os
import pkgutil
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import cast

import av
import av.logging
import pypdfium2
from PIL import Image, ImageFont

from adreel_assets.adapters.media.jail import leave_the_network, wall_in
from adreel_assets.adapters.media.looking import draw_thumbnail, look_into
from adreel_assets.adapters.media.messages import (
    decode_line,
    encode_line,
    inspection_from_json,
    inspection_to_json,
    limits_from_json,
)
from adreel_assets.adapters.media.verdict import Reason, Refusal

_DESCRIPTORS_PER_RUN = 3
_STATUS_OUT = 1
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
# Decoding text looks for codecs by name, which opens files: too late inside the walls.
_TEXT_CODECS = (
    "ascii", "cp437", "cp1250", "cp1251", "cp1252", "idna", "iso8859-1", "iso8859-2", "iso8859-15", "koi8-r", "latin-1",
    "shift_jis", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32",
)  # fmt: skip
# A command line and a downloader of samples; all others are parts that PyAV loads when a file has such a track.
_UNWANTED_MODULES = frozenset({"av.__main__", "av.datasets"})


class DecoderServer:
    """The loop: take a request, fork, reap."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._buffer = b""
        self._descriptors: list[int] = []
        self._jobs: dict[int, int] = {}  # pid: job
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)

    def serve(self) -> None:
        """Work until the service closes its end, then end every child."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_out)
        self._tell({"ready": True})
        try:
            while True:
                readable, _, _ = select.select([self._control.fileno(), self._wake_in], [], [])
                if self._wake_in in readable:
                    with suppress(BlockingIOError):
                        os.read(self._wake_in, 4096)
                    self._reap()
                if self._control.fileno() in readable and not self._receive():
                    return
        finally:
            for pid in self._jobs:
                os.kill(pid, signal.SIGKILL)

    def _receive(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 65_536, 64)
        if not data:
            return False
        self._descriptors += descriptors
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            request = decode_line(line)
            if "kill" in request:
                self._kill(cast("int", request["kill"]))
            else:
                self._start(request)
        return True

    def _start(self, request: dict[str, object]) -> None:
        mine, self._descriptors = (
            self._descriptors[:_DESCRIPTORS_PER_RUN],
            self._descriptors[_DESCRIPTORS_PER_RUN:],
        )
        parent_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_the_child(request, mine, parent_pid)
        self._jobs[pid] = cast("int", request["job"])
        for descriptor in mine:
            os.close(descriptor)

    def _kill(self, job: int) -> None:
        """End a job's child if it has not ended; pids cannot be mixed up, since only this thread reaps."""
        for pid, its_job in self._jobs.items():
            if its_job == job:
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._jobs:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            self._tell(
                {
                    "job": self._jobs.pop(pid),
                    "status": os.waitstatus_to_exitcode(status),
                    "peak_bytes": used.ru_maxrss * _RSS_UNIT_BYTES,
                    "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
                }
            )

    def _tell(self, message: dict[str, object]) -> None:
        os.write(_STATUS_OUT, encode_line(message))


def _be_the_child(request: dict[str, object], descriptors: list[int], parent_pid: int) -> None:
    """Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        file_in, answer_out, picture_out = _keep_only(descriptors)
        limits = limits_from_json(request["limits"])
        wall_in(limits, parent_pid)
        os.write(answer_out, _answer(request, file_in, picture_out))
    finally:
        os._exit(0)


def _keep_only(descriptors: list[int]) -> list[int]:
    """Move the three descriptors to 3, 4, 5 and close all others; 0, 1 and 2 lead nowhere."""
    high = [os.dup2(descriptor, 100 + place) for place, descriptor in enumerate(descriptors)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = [os.dup2(descriptor, 3 + place) for place, descriptor in enumerate(high)]
    os.closerange(3 + len(kept), 4096)
    return kept


def _answer(request: dict[str, object], file_in: int, picture_out: int) -> bytes:
    try:
        return encode_line(_work(request, file_in, picture_out))
    except Refusal as refusal:
        return encode_line({"refused": refusal.reason.value})
    except MemoryError:
        return encode_line({"refused": Reason.TOO_COSTLY.value})
    except Exception as error:  # decoders raise almost anything over damaged data
        return encode_line({"refused": Reason.DAMAGED.value, "exception": type(error).__name__})


def _work(request: dict[str, object], file_in: int, picture_out: int) -> dict[str, object]:
    limits = limits_from_json(request["limits"])
    with os.fdopen(file_in, "rb") as file:
        if request["do"] == "inspect":
            return {"inspection": inspection_to_json(look_into(file, limits))}
        picture, width, height = draw_thumbnail(file, inspection_from_json(request["inspection"]), limits)
        os.write(picture_out, picture)
        return {"thumbnail": {"width": width, "height": height}}


def _load_everything() -> None:
    """What would be loaded on first use, loaded now: the children cannot open a file."""
    Image.init()
    ImageFont.load_default(20)
    pypdfium2.PdfDocument.new().close()
    for name in _TEXT_CODECS:
        codecs.lookup(name)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _UNWANTED_MODULES:
            importlib.import_module(module.name)
    av.logging.set_level(None)


def main() -> None:
    """Serve the socket whose descriptor is the first argument."""
    leave_the_network()
    _load_everything()
    gc.collect()
    gc.freeze()
    DecoderServer(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
