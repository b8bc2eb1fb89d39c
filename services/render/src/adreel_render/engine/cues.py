"""What is to be heard in a film, as plain values: no samples here, only where they come from and when.

Every source carries a `key` that names its bytes, so a mix whose keys and places are unchanged need not
be made again.
"""

from dataclasses import dataclass
from pathlib import Path

SAMPLE_RATE = 48_000
CHANNELS = 2


@dataclass(frozen=True)
class MusicTrack:
    """The user's own music: from its start, repeated if it is shorter than the film."""

    path: Path
    key: str
    gain_db: float = 0.0
    fade_in_seconds: float = 0.3
    fade_out_seconds: float = 1.5


@dataclass(frozen=True)
class MusicBed:
    """Music that the engine makes itself. `tone` is free text ("calm, modern"); the same tone, seed and
    length give the same samples."""

    tone: str = ""
    seed: int = 0
    gain_db: float = 0.0


@dataclass(frozen=True)
class VoiceCue:
    """Speech that starts at a frame of the film; music and clip sound step back while it lasts.

    It is heard `tempo` times as fast as it was spoken, at the same pitch. `most_seconds`, if any, is the time it may
    take in the film; it then ends at the last pause before.
    """

    path: Path
    key: str
    start_frame: int
    gain_db: float = 0.0
    tempo: float = 1.0
    most_seconds: float | None = None


@dataclass(frozen=True)
class ClipSound:
    """The sound recorded with clip `clip` (counted from 0). Its first sample belongs to the first frame of
    the clip's file, handles included; transitions crossfade it with the picture. `start_seconds` is where the
    used range of `path` begins, as `Medium.start_seconds` says of its pictures; where those start over, so does it."""

    clip: int
    path: Path
    key: str
    gain_db: float = 0.0
    start_seconds: float = 0.0


@dataclass(frozen=True)
class AudioPlan:
    """All sound of a film. With nothing in it the film has a silent track, not a missing one.

    The mix is brought to `target_lufs` (ITU-R BS.1770 integrated) and kept under `ceiling_dbtp`. The
    ceiling is half a decibel lower than what is promised of the film (-1 dBTP), because AAC may
    overshoot the samples it was given.
    """

    music: MusicTrack | MusicBed | None = None
    voices: tuple[VoiceCue, ...] = ()
    clip_sounds: tuple[ClipSound, ...] = ()
    target_lufs: float = -16.0
    ceiling_dbtp: float = -1.5

    @property
    def is_silent(self) -> bool:
        return self.music is None and not self.voices and not self.clip_sounds
