"""The small band that plays music beds: pad, plucked notes or bells, bass, soft drums and claps, one room.

Much of it is heard through phones, which give out little below 300 Hz: the notes and drums that carry a piece have
enough above that to be heard there.

Every instrument renders a note once and adds it wherever it is played, so a piece costs little more than
its additions. All signals are float32 at 48 kHz; nothing here decides what is played.
"""

import functools

import numpy as np
import numpy.typing as npt

from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE
from adreel_render.engine.filtering import convolve
from adreel_render.engine.soundtrack import Samples

Mono = npt.NDArray[np.float32]

_PAD_TABLE = 1 << 17  # 2.7 s: long enough that its repetition is not heard as a pulse
_PAD_ATTACK_SECONDS = 0.5
_PAD_RELEASE_SECONDS = 1.2
_PLUCK_SECONDS = 1.6
_ROOM_SECONDS = 1.3

_PAD_LEVEL = 0.10
_PLUCK_LEVEL = 0.20
_BASS_LEVEL = 0.09
_KICK_LEVEL = 0.26
_CLAP_LEVEL = 0.16
_HAT_LEVEL = 0.4
_ROOM_LEVEL = 0.30


class Instruments:
    """A band that plays into one piece of `length` samples."""

    def __init__(self, length: int, random: np.random.Generator, brightness: float, *, bell: bool) -> None:
        self._wet: Samples = np.zeros((CHANNELS, length), np.float32)
        self._dry: Samples = np.zeros((CHANNELS, length), np.float32)
        self._random = random
        self._brightness = brightness
        self._bell = bell
        self._pads: dict[tuple[int, ...], Samples] = {}
        self._plucks: dict[int, Mono] = {}
        self._hat = _hat_sound(random)
        self._clap = _clap_sound(random)

    def pad(self, chord: tuple[int, ...], start: int, end: int) -> None:
        """A sustained chord, swelling in and ringing on a little over its end."""
        if chord not in self._pads:
            self._pads[chord] = self._pad_table(chord)
        table = self._pads[chord]
        attack = min(int(_PAD_ATTACK_SECONDS * SAMPLE_RATE), (end - start) // 2)
        release = int(_PAD_RELEASE_SECONDS * SAMPLE_RATE)
        length = end - start + release
        envelope = np.ones(length, np.float32)
        envelope[:attack] = np.square(np.sin(np.linspace(0.0, np.pi / 2, attack, dtype=np.float32)))
        envelope[-release:] = np.square(np.cos(np.linspace(0.0, np.pi / 2, release, dtype=np.float32)))
        repeated = np.tile(table, (1, -(-length // _PAD_TABLE)))[:, :length]
        _add(self._wet, repeated * (envelope * np.float32(_PAD_LEVEL)), start)

    def pluck(self, note: int, start: int, level: float) -> None:
        """A short note, placed left or right of the middle by its pitch."""
        if note not in self._plucks:
            self._plucks[note] = _pluck_sound(note, self._brightness, bell=self._bell)
        side = 0.5 + 0.28 * np.sin(note * 2.4)
        gains = np.array([[np.cos(side * np.pi / 2)], [np.sin(side * np.pi / 2)]], np.float32)
        _add(self._wet, self._plucks[note] * gains * np.float32(level * _PLUCK_LEVEL), start)

    def bass(self, note: int, start: int, end: int) -> None:
        """A round low note that lets go before the next."""
        length = end - start
        time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
        phase = (2.0 * np.pi * _hertz(note)) * time
        tone = np.sin(phase) + 0.35 * np.sin(2.0 * phase) + 0.12 * np.sin(3.0 * phase)
        attack = np.minimum(1.0, time / 0.03)
        release = np.clip((length / SAMPLE_RATE - time) / 0.15, 0.0, 1.0)
        shape = attack * release * (0.55 + 0.45 * np.exp(-time / 0.8))
        _add(self._dry, (tone * shape * _BASS_LEVEL).astype(np.float32), start)

    def kick(self, start: int, level: float) -> None:
        """A soft bass drum."""
        _add(self._dry, _kick_sound() * np.float32(level * _KICK_LEVEL), start)

    def clap(self, start: int, level: float) -> None:
        """Hands in the room, on the beats that answer the bass drum."""
        _add(self._wet, self._clap * np.float32(level * _CLAP_LEVEL), start)

    def hat(self, start: int, level: float) -> None:
        """A breath of high noise on the off-beat."""
        _add(self._dry, self._hat * np.float32(level * _HAT_LEVEL), start)

    def mixed(self) -> Samples:
        """Everything played so far, in one room. Call once."""
        room = convolve(self._wet, _room_response(self._random))
        return self._dry + self._wet + room * np.float32(_ROOM_LEVEL)

    def _pad_table(self, chord: tuple[int, ...]) -> Samples:
        """One seamless turn of a chord: every partial is a narrow band of random phases, not a line.

        The bands make the slow inner movement of an ensemble; two sets of phases make it wide. This is
        the idea of Paul Nasca's PADsynth, done in one inverse FFT for all notes of the chord.
        """
        spectrum = np.zeros((CHANNELS, _PAD_TABLE // 2 + 1), np.complex64)
        bin_hertz = SAMPLE_RATE / _PAD_TABLE
        for note in chord:
            for partial in range(1, 13):
                centre = _hertz(note) * partial
                roll_off = partial ** -(2.2 - self._brightness) * np.exp(-centre / (1500.0 + 3500.0 * self._brightness))
                width = max(1.0, centre * 0.004 / bin_hertz)
                first, last = int(centre / bin_hertz - 3 * width), int(centre / bin_hertz + 3 * width) + 2
                bins = np.arange(first, last)
                shape = roll_off * np.exp(-0.5 * np.square((bins - centre / bin_hertz) / width)) / np.sqrt(width)
                phases = self._random.uniform(0.0, 2.0 * np.pi, (CHANNELS, bins.size))
                spectrum[:, first:last] += shape * np.exp(1j * phases)
        table = np.fft.irfft(spectrum, _PAD_TABLE).astype(np.float32)
        level = max(float(np.sqrt(np.mean(np.square(table)))), 1e-9)
        levelled: Samples = (table / level).astype(np.float32)
        return levelled


def _pluck_sound(note: int, brightness: float, *, bell: bool) -> Mono:
    """A struck note: partials that die the faster the higher they are. Bells have stretched ones."""
    time = np.arange(int(_PLUCK_SECONDS * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    ratios = (1.0, 2.0, 3.01, 5.2) if bell else (1.0, 2.0, 3.0, 4.0, 5.0)
    sound = np.zeros_like(time)
    for number, ratio in enumerate(ratios):
        hertz = _hertz(note) * ratio
        if hertz > 9000.0:
            break
        level = (0.4 + 0.45 * brightness) ** number
        decay = (0.55 if bell else 0.40) / (1.0 + 0.9 * number)
        sound += level * np.exp(-time / decay) * np.sin((2.0 * np.pi * hertz) * time)
    attack = np.minimum(1.0, time / 0.004)
    release = np.clip((_PLUCK_SECONDS - time) / 0.2, 0.0, 1.0)
    return (sound * attack * release).astype(np.float32)


@functools.cache
def _kick_sound() -> Mono:
    time = np.arange(int(0.28 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    phase = 2.0 * np.pi * (48.0 * time + 60.0 * 0.03 * (1.0 - np.exp(-time / 0.03)))
    shape = np.minimum(1.0, time / 0.003) * np.exp(-time / 0.09) * np.clip((0.28 - time) / 0.05, 0.0, 1.0)
    sound: Mono = (np.sin(phase) * shape).astype(np.float32)
    return sound


def _hat_sound(random: np.random.Generator) -> Mono:
    """A breath of noise about 7 kHz."""
    high = _noise_band(random, 0.07, 7000.0, 0.45)
    time = np.arange(high.size) / SAMPLE_RATE
    sound: Mono = (high * np.minimum(1.0, time / 0.002) * np.exp(-time / 0.018)).astype(np.float32)
    return sound


def _clap_sound(random: np.random.Generator) -> Mono:
    """A burst of noise about 1.5 kHz that starts three times within 20 ms, as several hands do."""
    band = _noise_band(random, 0.18, 1500.0, 0.6)
    time = np.arange(band.size) / SAMPLE_RATE
    hands = sum(np.where(time >= at, np.exp(-(time - at) / 0.006), 0.0) for at in (0.0, 0.009))
    shape = hands + np.where(time >= 0.018, np.exp(-(time - 0.018) / 0.045), 0.0)
    shape *= np.minimum(1.0, time / 0.001) * np.clip((0.18 - time) / 0.03, 0.0, 1.0)
    sound: Mono = (band * shape).astype(np.float32)
    return sound


def _noise_band(random: np.random.Generator, seconds: float, hertz: float, octaves: float) -> npt.NDArray[np.float64]:
    """Noise with peaks at 1, `octaves` wide to either side of its middle."""
    length = int(seconds * SAMPLE_RATE)
    noise = np.fft.rfft(random.standard_normal(length))
    away = np.log2(np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 1.0) / hertz)
    band = np.fft.irfft(noise * np.exp(-0.5 * np.square(away / octaves)), length)
    return np.asarray(band / np.abs(band).max(), np.float64)


def _room_response(random: np.random.Generator) -> Samples:
    """Decaying noise, different for both ears, with a short pause before it."""
    length = int(_ROOM_SECONDS * SAMPLE_RATE)
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    noise = random.standard_normal((CHANNELS, length)).astype(np.float32)
    soft = noise.copy()
    soft[:, 1:] += noise[:, :-1]  # takes the hiss off the tail
    soft *= np.exp(-time / 0.28) * (time > 0.012) * np.clip((_ROOM_SECONDS - time) / 0.2, 0.0, 1.0)
    response: Samples = (soft / np.sqrt(np.square(soft).sum(axis=1, keepdims=True))).astype(np.float32)
    return response


def _hertz(note: int) -> float:
    """Equal temperament, A4 (MIDI 69) at 440 Hz."""
    return float(440.0 * 2.0 ** ((note - 69) / 12.0))


def _add(track: Samples, sound: Samples | Mono, start: int) -> None:
    """Add a sound at a place; what runs past the end is dropped."""
    length = min(sound.shape[-1], track.shape[1] - start)
    if length > 0:
        track[:, start : start + length] += sound[..., :length]
