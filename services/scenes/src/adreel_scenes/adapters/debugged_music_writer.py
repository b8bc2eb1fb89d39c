"""`MV_DEBUG_MODE` around a music-scene writer: the full prompt before the call, its outcome and timing after it."""

import time
from collections.abc import Mapping

from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger

from adreel_scenes.adapters.prompting import music_prompt
from adreel_scenes.domain.music import MusicSceneRequest, MusicSceneResult
from adreel_scenes.domain.ports import MusicSceneWriter

log = get_logger(__name__)


class DebuggedMusicWriter:
    """A `MusicSceneWriter` that logs. Prompts and outcomes hold no key; `prompts` is None for a writer without one."""

    def __init__(self, backend: str, writer: MusicSceneWriter, prompts: Mapping[str, str] | None) -> None:
        self._backend = backend
        self._writer = writer
        self._prompts = prompts

    async def write_music_scenes(self, request: MusicSceneRequest) -> MusicSceneResult:
        if self._prompts is not None:
            prompt = music_prompt(request.cleaned(), self._prompts)
            log.info("mv.debug.prompt", backend=self._backend, system=prompt.system, user=prompt.user)
        started = time.perf_counter()
        outcome: dict[str, object] = {"outcome": "interrupted"}
        try:
            result = await self._writer.write_music_scenes(request)
            outcome = {
                "outcome": "written",
                "model": result.model,
                "scenes": len(result.scenes),
                "calls": result.usage.calls,
                "input_tokens": result.usage.input_tokens,
                "output_tokens": result.usage.output_tokens,
            }
            return result
        except AppError as error:
            outcome = {"outcome": error.code, "detail": error.message}
            raise
        finally:
            seconds = round(time.perf_counter() - started, 3)
            log.info("mv.debug.outcome", backend=self._backend, seconds=seconds, **outcome)
