"""Brings a clip from outside into canonical form, once: the film's size, rate, colours and exact length.

Whatever comes (another size or shape, 24 to 60 or variable frames a second, odd time bases, rotation, no
sound), what goes out is a clip that `compose_film` copies without looking at its pictures again, and beside
it the clip's own sound, cut to the same length. Clips of paid providers go through here before anything
else: their streams are never copied as delivered.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from adreel_render.engine.cache import file_digest
from adreel_render.engine.clip_source import ClipShot
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.encoder import ClipEncoder, EncoderSettings
from adreel_render.engine.errors import MediaRejected, MediumUnreadable, RenderCancelled
from adreel_render.engine.layout import Box
from adreel_render.engine.listening import read_samples
from adreel_render.engine.probe import MediaLimits, decode_whole, probe
from adreel_render.engine.soundtrack import write_flac
from adreel_render.engine.spec import Canvas, Medium, MediumKind
from adreel_render.engine.transitions import ClipFrames


@dataclass(frozen=True)
class NormalizedClip:
    """A canonical clip. `held_frames` at its end repeat the last picture, because the source was shorter.

    `sound_path` is a FLAC file (48 kHz stereo) whose first sample belongs to the clip's first frame; None
    where the source has no sound. `is_damaged` says that the source broke off or held errors.
    """

    path: Path
    frame_count: int
    held_frames: int
    sound_path: Path | None
    is_damaged: bool


def normalize_clip(
    source: Path,
    canvas: Canvas,
    out_path: Path,
    *,
    frames: ClipFrames | None = None,
    settings: EncoderSettings | None = None,
    limits: MediaLimits | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NormalizedClip:
    """Write `source` as a canonical clip at `out_path`, its sound beside it as `.flac`; blocks.

    `frames` says how long the clip must be and where it will be cut (`transitions.clip_frames`): a longer
    source is trimmed at its end, a shorter one holds its last picture. Without it the clip is as long as
    the source. The picture fills the canvas by a crop where enough of it stays, else it stands on its own
    blurred copy. Raises MediaRejected for what cannot be decoded, RenderCancelled; then no file is left.
    """
    info = probe(source, limits)
    pictures = decode_whole(source, limits)
    available = max(1, math.floor((pictures.end_seconds - pictures.start_seconds) * canvas.fps + 0.5))
    count = frames.frame_count if frames else available
    shot = _shot(source, canvas, count)
    with ClipEncoder(
        out_path,
        canvas,
        frame_count=count,
        copy_start=frames.copy_start if frames else 0,
        copy_end=frames.copy_end if frames else None,
        settings=replace(settings or EncoderSettings(), finds_cuts=True),
    ) as encoder:
        for index in range(count):
            if cancelled is not None and cancelled():
                raise RenderCancelled("the clip was cancelled")
            encoder.write(*shot.read(min(index, available - 1)))
            if progress is not None:
                progress((index + 1) / count)
    sound_path = out_path.with_suffix(".flac") if info.has_audio else None
    if sound_path is not None:
        samples = read_samples(source, count * SAMPLE_RATE // canvas.fps, from_first_picture=True)
        write_flac(sound_path, samples)
    return NormalizedClip(out_path, count, max(0, count - available), sound_path, pictures.is_damaged)


def _shot(source: Path, canvas: Canvas, count: int) -> ClipShot:
    medium = Medium(key=file_digest(source), path=source, kind=MediumKind.VIDEO)
    whole = Box(0, 0, canvas.width_px, canvas.height_px)
    try:
        return ClipShot(medium, canvas, whole, start=0, end=count, starts_over=False)
    except MediumUnreadable as error:
        raise MediaRejected("unreadable", error.reason) from error
