"""The scratch voice, and the finishing of bought recordings, in a process of their own.

One process is plenty: the voice speaks a hundred times faster than it is heard. Texts and recordings are a stranger's;
one that brings the process down, or to a standstill, costs that one speech and nothing else.
"""

from importlib.metadata import version
from pathlib import Path

from adreel_render.adapters import espeak
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.engine_tasks import OtherTask
from adreel_render.adapters.voice_tasks import FinishSpeech, LookAtSpeech, SpeakText
from adreel_render.domain.attempts import OutputUnusable
from adreel_render.domain.errors import SceneUnrenderable, ScriptUnspeakable
from adreel_render.domain.voice import LOCAL_VOICE, Voice
from adreel_render.domain.voice_language import DEFAULT, language_of

STALL_SECONDS = 30.0


class VoiceProcess:
    """See `domain.voice.ScratchVoice`, `domain.voice.SpeechFinish`, and `domain.attempts.MediaCheck` for voices."""

    def __init__(self, *, variant: str | None = None, language: str | None = None) -> None:
        """`variant` is one of the library's own; `language` is taken for every text in place of what it looks like."""
        self._pool = EnginePool(1, stall_seconds=STALL_SECONDS)
        self._variant = variant or espeak.DEFAULT_VARIANT
        self._language = language
        # The wheel's version stands for how its voices sound.
        self._model = f"espeak-ng-{version('espeakng-loader')}"

    async def aclose(self) -> None:
        await self._pool.aclose()

    def voice_for(self, text: str) -> Voice:
        language = self._language or language_of(text)
        if not espeak.has_language(language):
            language = DEFAULT
        return Voice(LOCAL_VOICE, self._model, self._variant, language)

    async def speak(self, text: str, voice: Voice, out_path: Path) -> float:
        try:
            return await self._run(SpeakText(text, voice.language, voice.name, out_path))
        except SceneUnrenderable as error:
            raise ScriptUnspeakable(f"The voice cannot say this script: {error.message}") from error

    async def finish(self, source: Path, out_path: Path) -> float:
        try:
            return await self._run(FinishSpeech(source, out_path))
        except SceneUnrenderable as error:
            raise OutputUnusable(f"it cannot be played ({error.message})") from error

    async def content_type(self, path: Path) -> str:
        """The type of a bought recording. Raises OutputUnusable where it holds nothing that is heard."""
        try:
            async with self._pool.process() as process:
                result = await process.run(LookAtSpeech(path), lambda share: None)
        except SceneUnrenderable as error:
            raise OutputUnusable(f"it cannot be played ({error.message})") from error
        return str(result.details["content_type"])

    async def _run(self, task: OtherTask) -> float:
        async with self._pool.process() as process:
            result = await process.run(task, lambda share: None)
        return float(str(result.details["seconds"]))
