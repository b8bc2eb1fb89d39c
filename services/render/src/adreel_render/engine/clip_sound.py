"""The sound of a user's clip as it belongs to the pictures that are shown of it: same start, same rounds."""

from pathlib import Path

import numpy as np

from adreel_render.engine.clip_source import round_seconds
from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE, ClipSound
from adreel_render.engine.listening import read_samples
from adreel_render.engine.probe import open_guarded
from adreel_render.engine.soundtrack import Samples


def recorded_sound(sound: ClipSound, needed_seconds: float) -> Samples:
    """What was recorded from the first shown picture on: float32 (2, n) at 48 kHz, at most so many seconds.

    Where the pictures start over because they are far too short, the sound does with them. Sound that goes on after
    the last picture of a round is cut there, and a sound file without pictures is used as it is.
    Raises MediaRejected for a file without sound.
    """
    start, needed = round(sound.start_seconds * SAMPLE_RATE), round(needed_seconds * SAMPLE_RATE)
    samples = read_samples(sound.path, start + needed, from_first_picture=True)[:, start:]
    length = _round_samples(sound.path, sound.start_seconds, needed_seconds)
    if length is None:
        return samples
    once = np.zeros((CHANNELS, length), np.float32)
    once[:, : min(length, samples.shape[1])] = samples[:, :length]
    return np.tile(once, (1, -(-needed // length)))[:, :needed]


def _round_samples(path: Path, start_seconds: float, needed_seconds: float) -> int | None:
    """The length of one round of the clip's pictures; None where they are shown once, or there are none."""
    with open_guarded(path) as container:
        if not container.streams.video:
            return None
        stream = container.streams.video[0]
        origin = stream.start_time or 0
        stamps = (packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None)
        last = (max(stamps, default=origin) - origin) * float(stream.time_base or 0) - start_seconds
        length = round_seconds(max(0.0, last), 1 / float(stream.average_rate or 25), needed_seconds)
    return None if length is None else max(1, round(length * SAMPLE_RATE))
