"""Brings a mix to its loudness, encodes it, listens to the result and corrects what the codec changed.

The promise is about what a player gives out, not about what went into the encoder: AAC drops some of
very dense noise and overshoots peaks. Most mixes need no correction; then one decode was all it cost.
"""

from pathlib import Path

from adreel_render.engine.cues import AudioPlan
from adreel_render.engine.listening import read_samples
from adreel_render.engine.loudness import NEAR_SILENCE_LUFS, integrated_lufs, normalised, true_peak_dbtp
from adreel_render.engine.soundtrack import Samples, write_soundtrack

PROMISED_PEAK_DBTP = -1.0
_TOLERATED_LU = 0.25
_MOST_ENCODES = 3


def write_master(path: Path, mix: Samples, audio: AudioPlan) -> None:
    """Write the mix as an M4A file at the plan's loudness, its decoded true peak under -1 dBTP.

    Blocks; the file appears when it is whole. A silent mix stays silent.
    """
    target, ceiling = audio.target_lufs, audio.ceiling_dbtp
    aim: float | None = None
    for _ in range(_MOST_ENCODES):
        wanted = normalised(mix, target, ceiling)
        write_soundtrack(path, wanted.samples)
        if aim is None:
            aim = wanted.lufs  # below the target where the mix cannot reach it
        if aim < NEAR_SILENCE_LUFS:
            return
        decoded = read_samples(path, mix.shape[1])
        lost = aim - integrated_lufs(decoded)
        overshoot = true_peak_dbtp(decoded) - PROMISED_PEAK_DBTP
        if abs(lost) <= _TOLERATED_LU and overshoot < 0.0:
            return
        target += lost
        ceiling -= max(0.0, overshoot + 0.2)
