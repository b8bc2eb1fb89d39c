"""Decodes the sound of a file to the samples that everything else works with."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE
from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.probe import open_guarded
from adreel_render.engine.soundtrack import Samples


def read_samples(path: Path, most_samples: int, *, from_first_picture: bool = False) -> Samples:
    """The first sound stream of a file as float32 (2, n) at 48 kHz, n at most `most_samples`.

    Sound that starts later than the file begins with silence, gaps in the time stamps become silence:
    sample i belongs to time `i / 48000` of the file, or, `from_first_picture`, of its pictures, which need not
    begin where the file does. What lies behind damage is left out.
    Raises MediaRejected for a file without sound or one that cannot be opened.
    """
    result = np.zeros((CHANNELS, most_samples), np.float32)
    filled = 0
    with open_guarded(path) as container:
        if not container.streams.audio:
            raise MediaRejected("no_audio", "the file holds no sound")
        stream = container.streams.audio[0]
        origin = _first_picture(container) if from_first_picture else 0
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
        for place, samples in _resampled(container, stream, resampler):
            at = place - origin
            if filled and abs(at - filled) < SAMPLE_RATE // 50:
                at = filled  # a jitter of some samples in coarse time bases is not a gap
            first, last = max(0, at), min(most_samples, at + samples.shape[1])
            if first < last:
                result[:, first:last] = samples[:, first - at : last - at]
                filled = last
            if at >= most_samples:
                break
    return np.nan_to_num(result[:, :filled], copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _resampled(
    container: "av.container.InputContainer", stream: "av.AudioStream", resampler: "av.AudioResampler"
) -> Iterator[tuple[int, Samples]]:
    """Pieces of sound, each with the sample at which it belongs."""
    place = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue  # one damaged packet is a gap, not the end
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                place = round(frame.pts * frame.time_base * SAMPLE_RATE)
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray().astype(np.float32, copy=False)
                yield place, samples
                place += samples.shape[1]
    for piece in resampler.resample(None):
        samples = piece.to_ndarray().astype(np.float32, copy=False)
        yield place, samples
        place += samples.shape[1]


def _first_picture(container: "av.container.InputContainer") -> int:
    """The sample that belongs to the start of the pictures; 0 without any."""
    if not container.streams.video:
        return 0
    stream = container.streams.video[0]
    return round((stream.start_time or 0) * (stream.time_base or 0) * SAMPLE_RATE)
