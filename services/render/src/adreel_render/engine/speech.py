"""Speech as samples: trimmed, given a little warmth where it was synthesised, said faster, ended at a pause.

A finished speech is a 16-bit mono WAV file at 48 kHz without silence around it, so that its length is the time it
takes to say. Nothing here knows what is said.
"""

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.encoder import publish_file
from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.listening import read_samples
from adreel_render.engine.soundtrack import Samples

Mono = npt.NDArray[np.float32]
"""Shape (samples,), float32, full scale is 1, 48 kHz."""

# The longest film, 120 s, in the greatest hurry, and a little.
LONGEST_SECONDS = 200.0

_BLOCK = SAMPLE_RATE // 100
# Speech is what comes within this of its loudest 10 ms; breath and room noise lie below.
_SPEECH_DB = -42.0
# Nothing louder than this anywhere is no speech at all, but hiss or digital silence.
_SILENCE_DBFS = -60.0
_KEPT_BEFORE_SECONDS = 0.02
_KEPT_AFTER_SECONDS = 0.08
_FADE_SECONDS = 0.01
_PEAK = 10.0 ** (-3.0 / 20.0)
_PAUSE_DB = -32.0
_SHORTEST_PAUSE_BLOCKS = 6

# Gains of the scratch voice's equaliser in dB at these frequencies in Hz, interpolated over their logarithm: formant
# synthesis buzzes between 2 and 5 kHz and has nothing but aliases near its half rate of 11 kHz; a little is added where
# a chest would sound.
_WARMTH_HZ = (20.0, 70.0, 110.0, 200.0, 400.0, 1500.0, 2600.0, 4500.0, 7000.0, 9500.0, 11000.0, 24000.0)
_WARMTH_DB = (-40.0, -12.0, 1.5, 2.5, 0.5, 0.0, -2.5, -4.0, -6.0, -18.0, -60.0, -60.0)


def read_speech(source: Path, *, warm: bool) -> Mono:
    """A recording of any form as trimmed mono samples; empty where nothing is heard.

    Raises MediaRejected for what cannot be decoded, or is longer than a scene could ever be.
    """
    most = int(LONGEST_SECONDS * SAMPLE_RATE)
    stereo = read_samples(source, most + 1)
    if stereo.shape[1] > most:
        raise MediaRejected("too_long", "the recording is longer than any scene")
    mono: Mono = stereo.mean(axis=0, dtype=np.float32)
    return finished(mono, warm=warm)


def finished(samples: Mono, *, warm: bool) -> Mono:
    """Speech without the silence around it, its largest sample at -3 dBFS; empty where nothing is heard."""
    shaped = _warmed(samples) if warm else samples
    spoken = trimmed(shaped)
    peak = float(np.abs(spoken).max(initial=0.0))
    return spoken if peak == 0.0 else (spoken * np.float32(_PEAK / peak)).astype(np.float32)


def trimmed(samples: Mono) -> Mono:
    """The samples from the first word to the last, with soft edges."""
    level = _levels_db(samples)
    if not level.size or level.max() < _SILENCE_DBFS:
        return np.zeros(0, np.float32)
    loud = np.flatnonzero(level > max(level.max() + _SPEECH_DB, _SILENCE_DBFS))
    first = max(0, loud[0] * _BLOCK - round(_KEPT_BEFORE_SECONDS * SAMPLE_RATE))
    last = min(samples.size, (loud[-1] + 1) * _BLOCK + round(_KEPT_AFTER_SECONDS * SAMPLE_RATE))
    spoken = samples[first:last].copy()
    fade = min(round(_FADE_SECONDS * SAMPLE_RATE), spoken.size // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        spoken[:fade] *= ramp
        spoken[-fade:] *= ramp[::-1]
    return spoken


def write_speech(path: Path, samples: Mono) -> float:
    """Write a finished speech and return its seconds; the file appears only when it is whole."""
    whole = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2")
    partial = path.with_name(f".{path.name}.partial")
    try:
        with wave.open(str(partial), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(whole.tobytes())
        publish_file(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return samples.size / SAMPLE_RATE


def resampled(samples: Mono, rate: int) -> Mono:
    """Mono samples of another rate at 48 kHz."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), format="fltp", layout="mono")
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = 0
    pieces = [piece.to_ndarray()[0] for given in (frame, None) for piece in resampler.resample(given)]
    return np.concatenate(pieces).astype(np.float32, copy=False) if pieces else np.zeros(0, np.float32)


def said_faster(samples: Samples, tempo: float) -> Samples:
    """Samples (channels, n) heard `tempo` times as fast at the same pitch (libavfilter's `atempo`, WSOLA).

    The result is n / tempo long, to the sample. Raises ValueError beyond 0.5 to 2.
    """
    if not 0.5 <= tempo <= 2.0:
        raise ValueError(f"a tempo of {tempo} is beyond what sounds like speech")
    wanted = round(samples.shape[1] / tempo)
    if tempo == 1.0 or not samples.shape[1]:
        return samples
    heard = _through_atempo(samples, tempo)[:, :wanted]
    return np.pad(heard, ((0, 0), (0, wanted - heard.shape[1])))


def ended_at_pause(samples: Samples, most_samples: int) -> Samples:
    """Samples (channels, n) of at most this length, ended in the last pause before it, with a fade.

    Speech without a pause in its second half ends where it has to.
    """
    if samples.shape[1] <= most_samples:
        return samples
    level = _levels_db(np.abs(samples[:, :most_samples]).max(axis=0, initial=0.0).astype(np.float32))
    quiet = level < level.max(initial=-120.0) + _PAUSE_DB
    end = most_samples
    for block in range(quiet.size - _SHORTEST_PAUSE_BLOCKS, quiet.size // 2, -1):
        if quiet[block : block + _SHORTEST_PAUSE_BLOCKS].all():
            end = block * _BLOCK + 2 * _BLOCK
            break
    kept = samples[:, :end].copy()
    fade = min(2 * _BLOCK, end)
    if fade:
        kept[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return kept


def _levels_db(samples: Mono) -> npt.NDArray[np.float64]:
    """RMS of each whole 10 ms in dB relative to full scale."""
    blocks = -(-samples.size // _BLOCK)
    padded = np.zeros(blocks * _BLOCK, np.float64)
    padded[: samples.size] = samples
    power = np.square(padded.reshape(blocks, _BLOCK)).mean(axis=1)
    levels: npt.NDArray[np.float64] = 10.0 * np.log10(power + 1e-12)
    return levels


def _warmed(samples: Mono) -> Mono:
    if not samples.size:
        return samples
    # Padded, so that what the filter rings out at the end does not come round to the beginning; whole seconds of 48 kHz
    # have small factors, which the transform is fast with.
    size = (samples.size // SAMPLE_RATE + 2) * SAMPLE_RATE
    spectrum = np.fft.rfft(samples, size)
    frequencies = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), _WARMTH_HZ[0])
    gains = np.interp(np.log(frequencies), np.log(_WARMTH_HZ), _WARMTH_DB)
    shaped: Mono = np.fft.irfft(spectrum * 10.0 ** (gains / 20.0), size)[: samples.size].astype(np.float32)
    return shaped


def _through_atempo(samples: Samples, tempo: float) -> Samples:
    layout = "stereo" if samples.shape[0] == 2 else "mono"
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=SAMPLE_RATE, format="fltp", layout=layout, time_base=Fraction(1, SAMPLE_RATE)
    )
    stretch = graph.add("atempo", f"{tempo:.6f}")
    planar = graph.add("aformat", "sample_fmts=fltp")  # the filter itself works on interleaved samples
    sink = graph.add("abuffersink")
    source.link_to(stretch)
    stretch.link_to(planar)
    planar.link_to(sink)
    graph.configure()
    pieces: list[Samples] = []
    step = SAMPLE_RATE // 4
    for start in range(0, samples.shape[1], step):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, start : start + step], np.float32), format="fltp", layout=layout
        )
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = start
        source.push(frame)
        _drain(sink, pieces)
    source.push(None)
    _drain(sink, pieces)
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((samples.shape[0], 0), np.float32)


def _drain(sink: "av.filter.context.FilterContext", pieces: list[Samples]) -> None:
    while True:
        try:
            frame = sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.AudioFrame), "sound goes in, sound comes out"
        pieces.append(frame.to_ndarray().astype(np.float32, copy=False))
