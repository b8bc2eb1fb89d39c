"""Tasks of the engine process for `/api/mv`, and how it carries them out. Facts found on the way go into `details`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adreel_render.adapters.engine_tasks import Result
from adreel_render.engine.given_picture import write_clean_copy
from adreel_render.engine.normalize import normalize_clip
from adreel_render.engine.previsualisation import Previsualisation, draw_previsualisation
from adreel_render.engine.probe import decode_whole, probe
from adreel_render.engine.reference_image import draw_reference_image
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import ClipFrames

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class CleanCopy:
    """Decode a stranger's picture and write it again."""

    source: Path
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        clean = write_clean_copy(self.source, self.out_path)
        return Result(1, self.out_path.stat().st_size, {"content_type": clean.content_type})


@dataclass(frozen=True, slots=True)
class DrawCharacter:
    """Draw a character's card."""

    description: str
    aspect_ratio: str
    seed: int
    image_format: str
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        content = draw_reference_image(
            self.description, aspect_ratio=self.aspect_ratio, seed=self.seed, image_format=self.image_format
        )
        self.out_path.write_bytes(content)
        return Result(1, len(content))


@dataclass(frozen=True, slots=True)
class DrawPrevisualisation:
    """Draw a clip from a prompt, without sound."""

    wanted: Previsualisation
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        info = draw_previsualisation(self.wanted, self.out_path, progress=lambda done, total: report(done / total))
        return Result(info.frame_count, info.size_bytes)


@dataclass(frozen=True, slots=True)
class LookAtClip:
    """Read what a clip really holds."""

    source: Path

    def carry_out(self, report: Report) -> Result:
        info = probe(self.source)
        pictures = decode_whole(self.source)
        facts = {
            "width_px": info.width_px,
            "height_px": info.height_px,
            "rate": str(info.rate),
            "seconds": float(pictures.end_seconds - pictures.start_seconds),
            "has_audio": info.has_audio,
        }
        return Result(pictures.count, self.source.stat().st_size, facts)


@dataclass(frozen=True, slots=True)
class NormalizeClip:
    """Bring a clip into the film's form; its sound goes beside it as `.flac`."""

    source: Path
    canvas: Canvas
    frames: ClipFrames
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        clip = normalize_clip(self.source, self.canvas, self.out_path, frames=self.frames, progress=report)
        return Result(clip.frame_count, self.out_path.stat().st_size, {"has_sound": clip.sound_path is not None})


MvTask = CleanCopy | DrawCharacter | DrawPrevisualisation | LookAtClip | NormalizeClip
