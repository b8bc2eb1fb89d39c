"""Composes and plays a quiet bed of music for films that were given none.

Not a model and not a loop library: a chord progression, a tempo and a small band (pad, plucked notes,
bass, soft drums and claps, one room) chosen by the tone of the film and a seed, played by `instruments`. The bars are
stretched so that a whole number of them fills the film and the last one rests on the tonic, so the music
ends with the film instead of being cut off. The same tone, seed and length give the same samples.
"""

from dataclasses import dataclass

import numpy as np

from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE
from adreel_render.engine.instruments import Instruments
from adreel_render.engine.soundtrack import Samples

# Chords as semitones over the key's tonic, voiced close around middle C, with a leading bass note.
_MAJOR = {
    "I": (0, 4, 7, 14), "ii": (2, 5, 9, 12), "iii": (4, 7, 11, 14), "IV": (5, 9, 12, 16),
    "V": (7, 11, 14, 17), "vi": (9, 12, 16, 19), "V/7": (-1, 7, 11, 14),
}  # fmt: skip
_MINOR = {
    "i": (0, 3, 7, 14), "III": (3, 7, 10, 14), "iv": (5, 8, 12, 15), "v": (7, 10, 14, 17),
    "VI": (8, 12, 15, 19), "VII": (10, 14, 17, 21),
}  # fmt: skip


@dataclass(frozen=True)
class Mood:
    """How a tone sounds. `brightness` 0..1 opens the pad, `busy` is the share of plucked eighths that sound."""

    words: tuple[str, ...]
    beats_per_minute: int
    minor: bool
    progressions: tuple[tuple[str, ...], ...]
    brightness: float
    busy: float
    drums: float
    bell: bool = False


MOODS = (
    Mood(("energetic", "bold", "dynamic", "sport", "fast", "exciting", "powerful", "upbeat", "vibrant"), 120, False,
         (("I", "V", "vi", "IV"), ("vi", "IV", "I", "V")), 0.7, 0.85, 1.0),
    Mood(("playful", "fun", "happy", "cheerful", "joyful", "friendly", "family", "kids", "humorous"), 112, False,
         (("I", "IV", "ii", "V"), ("I", "vi", "ii", "V")), 0.6, 0.7, 0.6, bell=True),
    Mood(("luxury", "luxurious", "elegant", "premium", "sophisticated", "exclusive", "refined"), 76, True,
         (("i", "VI", "III", "VII"), ("i", "iv", "VI", "v")), 0.35, 0.35, 0.0, bell=True),
    Mood(("dramatic", "dark", "cinematic", "mysterious", "intense", "epic", "serious"), 84, True,
         (("i", "VI", "VII", "iv"), ("i", "III", "VII", "VI")), 0.45, 0.45, 0.35),
    Mood(("calm", "relaxed", "peaceful", "natural", "gentle", "soothing", "organic", "minimal", "soft"), 72, False,
         (("I", "iii", "IV", "I"), ("I", "vi", "IV", "ii")), 0.3, 0.35, 0.0),
    Mood(("modern", "tech", "innovative", "professional", "clean", "sleek", "confident", "futuristic"), 100, False,
         (("vi", "IV", "I", "V/7"), ("IV", "I", "vi", "V")), 0.55, 0.6, 0.6),
    # What nothing else describes: warm and unobtrusive.
    Mood((), 92, False, (("I", "vi", "IV", "V"), ("I", "iii", "IV", "V")), 0.45, 0.5, 0.3),
)  # fmt: skip

_TONICS = (48, 50, 51, 53, 55, 57)  # MIDI notes C3 to A3: the pad then lies in a comfortable middle
_BEATS_PER_BAR = 4
_EIGHTHS_PER_BAR = 8
# Where eighths fall when not all are played; earlier ones are kept first.
_EIGHTH_ORDER = (0, 3, 6, 4, 2, 7, 5, 1)
_FINAL_FADE_SECONDS = 1.6
_CLAPS_FROM = 0.6
"""Drums of this level and more are answered by claps."""


def mood_of(tone: str) -> Mood:
    """The mood whose words the tone names first; the last mood if it names none."""
    said = tone.lower().replace("-", " ").replace(",", " ").split()
    for word in said:
        for mood in MOODS:
            if word in mood.words:
                return mood
    return MOODS[-1]


def music_bed(tone: str, seed: int, length: int) -> Samples:
    """Music of exactly `length` samples at 48 kHz: float32 (2, length), peaks below full scale."""
    if length < 1:
        return np.zeros((CHANNELS, 0), np.float32)
    mood = mood_of(tone)
    random = np.random.default_rng((seed & 0xFFFFFFFF, 0xAD))
    score = _Score(mood, length, random)
    band = Instruments(length, random, mood.brightness, bell=mood.bell)
    for bar in range(score.bars):
        _play_bar(band, score, bar)
    return _faded(band.mixed())


class _Score:
    """Key, bars and pattern of one piece."""

    def __init__(self, mood: Mood, length: int, random: np.random.Generator) -> None:
        nominal = _BEATS_PER_BAR * 60.0 / mood.beats_per_minute * SAMPLE_RATE
        self.mood = mood
        self.bars = max(1, round(length / nominal))
        self.bar_samples = length / self.bars
        self.tonic = int(random.choice(_TONICS))
        self.progression = mood.progressions[int(random.integers(len(mood.progressions)))]
        self.steps = random.permutation(4)
        sounding = max(2, round(_EIGHTHS_PER_BAR * mood.busy))
        self.eighths = sorted(_EIGHTH_ORDER[:sounding])
        self.accents = random.uniform(0.75, 1.0, size=(self.bars, _EIGHTHS_PER_BAR))

    def chord(self, bar: int) -> tuple[int, ...]:
        """MIDI notes of a bar; the last bar rests on the tonic."""
        chords = _MINOR if self.mood.minor else _MAJOR
        name = self.progression[bar % len(self.progression)]
        if bar == self.bars - 1:
            name = "i" if self.mood.minor else "I"
        return tuple(self.tonic + step for step in chords[name])

    def at(self, bar: int, eighth: float = 0.0) -> int:
        return round((bar + eighth / _EIGHTHS_PER_BAR) * self.bar_samples)


def _play_bar(band: Instruments, score: _Score, bar: int) -> None:
    chord = score.chord(bar)
    start, end = score.at(bar), score.at(bar + 1)
    is_last = bar == score.bars - 1
    band.pad(chord, start, end)
    band.bass(_low(chord[0]), start, end)
    if is_last:
        band.pluck(chord[0] + 12, start, 0.9)
        return
    # The band comes in one after another, so the opening seconds leave room for the first words.
    for number, eighth in enumerate(score.eighths):
        if bar == 0 and eighth % 2:
            continue
        note = chord[score.steps[(number + bar) % 4]] + 12
        band.pluck(note, score.at(bar, eighth), 0.6 * float(score.accents[bar, eighth]))
    if score.mood.drums and bar:
        _play_drums(band, score, bar)


def _play_drums(band: Instruments, score: _Score, bar: int) -> None:
    level = score.mood.drums
    for beat in range(_BEATS_PER_BAR):
        if level >= 1.0 or beat % 2 == 0:
            band.kick(score.at(bar, 2 * beat), 0.9 * level)
        if beat % 2 and level >= _CLAPS_FROM and bar > 1:
            band.clap(score.at(bar, 2 * beat), 0.5 * level)
        if bar > 1:
            band.hat(score.at(bar, 2 * beat + 1), 0.5 * level)


def _low(note: int) -> int:
    """The note moved into the bass octave, E1 to D#2."""
    return 28 + (note - 28) % 12


def _faded(samples: Samples) -> Samples:
    rise = min(SAMPLE_RATE // 20, samples.shape[1] // 4)
    fall = min(int(_FINAL_FADE_SECONDS * SAMPLE_RATE), samples.shape[1] // 2)
    if rise:
        samples[:, :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    if fall:
        samples[:, -fall:] *= np.square(np.cos(np.linspace(0.0, np.pi / 2, fall, dtype=np.float32)))
    return samples
