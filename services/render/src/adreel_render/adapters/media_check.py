"""Looks at bought files in an engine process: they come from outside like any other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.engine_tasks import Result
from adreel_render.adapters.voice_process import VoiceProcess
from adreel_render.domain.attempts import OutputUnusable
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.purchases import Medium
from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.pictures import load_picture
from adreel_render.engine.probe import decode_whole, probe

_VIDEO_TYPES = {"mov": "video/mp4", "matroska": "video/webm", "avi": "video/x-msvideo", "ogg": "video/ogg"}


@dataclass(frozen=True, slots=True)
class LookAtFilm:
    """Decode a clip from end to end: headers lie."""

    path: Path

    def carry_out(self, report: Callable[[float], None]) -> Result:
        info = probe(self.path)
        if not info.has_video:
            raise MediaRejected("no_video", "the file holds no picture")
        pictures = decode_whole(self.path)
        family = next((name for name in _VIDEO_TYPES if info.format_name.startswith(name)), "")
        return Result(pictures.count, 0, {"content_type": _VIDEO_TYPES.get(family, "video/mp4")})


@dataclass(frozen=True, slots=True)
class LookAtPicture:
    """Decode a picture, within the limits of any other."""

    path: Path

    def carry_out(self, report: Callable[[float], None]) -> Result:
        load_picture(self.path, "bought", cover_px=(1, 1))
        with Image.open(self.path) as image:
            return Result(1, 0, {"content_type": Image.MIME.get(image.format or "", "image/png")})


class EngineMediaCheck:
    """See `domain.attempts.MediaCheck`."""

    def __init__(self, pool: EnginePool, voices: VoiceProcess) -> None:
        self._pool = pool
        self._voices = voices

    async def content_type(self, path: Path, medium: Medium) -> str:
        if medium == "voice":
            # Not behind clips that are being drawn: a film waits for its voices.
            return await self._voices.content_type(path)
        task = LookAtFilm(path) if medium == "video" else LookAtPicture(path)
        try:
            async with self._pool.process() as process:
                result = await process.run(task, lambda share: None)
        except SceneUnrenderable as error:
            raise OutputUnusable(f"it cannot be played ({error.message})") from error
        return str(result.details["content_type"])
