"""`MediaInspector` over the sandbox: the one entrance for bytes that strangers gave.

Invariant: whatever a file does to its child (crash, hang, eat memory, lie), the service gets a typed error and goes on.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from adreel_kit.logging import get_logger

from adreel_assets.adapters.media.decoder_process import DecoderLost, DecoderProcess, Ended
from adreel_assets.adapters.media.messages import (
    BadReply,
    decode_line,
    inspection_from_json,
    inspection_to_json,
    limits_to_json,
    reason_from_json,
)
from adreel_assets.adapters.media.verdict import Reason
from adreel_assets.domain.errors import (
    AssetCorrupt,
    AssetError,
    AssetTooLarge,
    AssetTypeMismatch,
    AssetTypeUnsupported,
    InspectionUnavailable,
)
from adreel_assets.domain.inspection import Inspection, InspectionLimits, ThumbnailInfo
from adreel_assets.domain.media_types import AssetType

_log = get_logger(__name__)

_OUT_OF_TIME = {-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL}
_TOO_LARGE = {
    Reason.TOO_MANY_PIXELS: "The picture has more pixels than the limit.",
    Reason.TOO_LONG: "The recording is longer than the limit.",
    Reason.TOO_COSTLY: "Reading the file takes more time or memory than the limit.",
    Reason.UNPACKS_TOO_LARGE: "The file unpacks to more than the limit.",
}
_CORRUPT = {
    Reason.EMPTY: "The file is empty.",
    Reason.DAMAGED: "The file is damaged and cannot be read.",
    Reason.TRUNCATED: "The file ends before its contents do; it was probably cut off on the way.",
    Reason.ENCRYPTED: "The file is protected by a password.",
    Reason.ENTITIES: "The file defines XML entities, which are not taken.",
}


class SandboxedInspector:
    """Looks into files in child processes, at most `max_parallel` at a time. Starts on first use; close it after."""

    def __init__(self, *, max_parallel: int = 2) -> None:
        self._places = asyncio.Semaphore(max_parallel)
        self._starting = asyncio.Lock()
        self._process: DecoderProcess | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Have the decoders loaded before the first file comes. Raises `InspectionUnavailable`."""
        try:
            await self._running()
        except DecoderLost as error:
            raise InspectionUnavailable("The decoders cannot be started.") from error

    async def close(self) -> None:
        """End the decoder process. Safe to repeat."""
        if self._process is not None:
            await self._process.close()
            self._process = None

    async def inspect(self, path: Path, *, asked_type: AssetType | None, limits: InspectionLimits) -> Inspection:
        """See `MediaInspector`."""
        reply = await self._ask({"do": "inspect"}, path, None, limits)
        if isinstance(reply, Reason):
            raise _error_of(reply, asked_type)
        try:
            inspection = inspection_from_json(reply.get("inspection"))
        except BadReply as error:
            raise _error_of(Reason.DAMAGED, asked_type) from error
        if asked_type is not None and inspection.type is not asked_type:
            raise AssetTypeMismatch(asked_type, inspection.type)
        return inspection

    async def thumbnail(
        self, path: Path, inspection: Inspection, out_path: Path, *, limits: InspectionLimits
    ) -> ThumbnailInfo | None:
        """See `MediaInspector`."""
        if inspection.type is AssetType.AUDIO:
            return None
        request = {"do": "thumbnail", "inspection": inspection_to_json(inspection)}
        reply = await self._ask(request, path, out_path, limits)
        try:
            if isinstance(reply, Reason):
                raise _error_of(reply, None)
            return _checked_thumbnail(reply, out_path, limits)
        except AssetError:
            out_path.unlink(missing_ok=True)  # noqa: ASYNC240  a file of some kilobytes
            raise

    async def _ask(
        self, request: Mapping[str, object], path: Path, out_path: Path | None, limits: InspectionLimits
    ) -> dict[str, object] | Reason:
        """The child's reply, or why there is none. A process lost to a neighbour's fault is replaced once."""
        async with self._places:
            for is_last_try in (False, True):
                try:
                    ended = await self._run(request, path, out_path, limits)
                except DecoderLost as error:
                    _log.warning("decoder.lost", why=str(error))
                    if is_last_try:
                        raise InspectionUnavailable("The file could not be looked into just now.") from error
                else:
                    _log.debug(
                        "decoder.child_ended",
                        status=ended.status,
                        peak_bytes=ended.peak_bytes,
                        cpu_seconds=ended.cpu_seconds,
                    )
                    return _read_answer(ended)
        raise AssertionError("unreachable")

    async def _run(
        self, request: Mapping[str, object], path: Path, out_path: Path | None, limits: InspectionLimits
    ) -> Ended:
        process = await self._running()
        file_in = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            picture_out = os.open(out_path or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                full_request = {**request, "limits": limits_to_json(limits)}
                return await process.run(full_request, file_in, picture_out, limits.wall_seconds)
            except BaseException:
                if out_path is not None:
                    with suppress(OSError):
                        out_path.unlink()  # noqa: ASYNC240  quick, and must happen even while being cancelled
                raise
            finally:
                os.close(picture_out)
        finally:
            os.close(file_in)

    async def _running(self) -> DecoderProcess:
        async with self._starting:
            if self._process is None or not self._process.is_alive:
                if self._process is not None:
                    await self._process.close()
                self._process = await DecoderProcess.start()
            return self._process


def _read_answer(ended: Ended) -> dict[str, object] | Reason:
    if ended.status in _OUT_OF_TIME:
        _log.info("decoder.child_stopped", status=ended.status)
        return Reason.TOO_COSTLY
    if ended.status != 0:
        _log.warning("decoder.child_crashed", status=ended.status)
        return Reason.DAMAGED
    try:
        reply = decode_line(ended.answer)
        if "refused" not in reply:
            return reply
        if "exception" in reply:
            _log.info("decoder.child_raised", exception=str(reply["exception"])[:60])
        return reason_from_json(reply["refused"])
    except BadReply:
        _log.warning("decoder.bad_reply")
        return Reason.DAMAGED


def _error_of(reason: Reason, asked_type: AssetType | None) -> AssetError:
    if reason in (Reason.UNKNOWN_FORMAT, Reason.UNKNOWN_CODEC):
        return AssetTypeUnsupported() if asked_type is None else AssetTypeMismatch(asked_type, None)
    if reason in _TOO_LARGE:
        return AssetTooLarge(_TOO_LARGE[reason], details={"reason": reason.value})
    return AssetCorrupt(_CORRUPT[reason], details={"reason": reason.value})


def _checked_thumbnail(reply: Mapping[str, object], out_path: Path, limits: InspectionLimits) -> ThumbnailInfo:
    size = reply.get("thumbnail")
    with out_path.open("rb") as file:
        head = file.read(12)
    if not isinstance(size, dict) or head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise _error_of(Reason.DAMAGED, None)
    width, height = size.get("width"), size.get("height")
    if not isinstance(width, int) or not isinstance(height, int):
        raise _error_of(Reason.DAMAGED, None)
    if not (0 < width <= limits.thumbnail_side_px and 0 < height <= limits.thumbnail_side_px):
        raise _error_of(Reason.DAMAGED, None)
    return ThumbnailInfo("image/webp", width, height, out_path.stat().st_size)
