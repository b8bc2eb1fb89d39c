"""Mixes everything that is heard in a film into one stretch of samples, exactly as long as the picture.

Places are frame counts until the last moment, so sound cannot drift against picture. Balance: voice
in front, clip sound behind it, music behind both; sources come in at very different levels, so each is
first brought to its place in that order. `mastering` brings the whole to the film's loudness.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from adreel_render.engine.cache import digest
from adreel_render.engine.clip_sound import recorded_sound
from adreel_render.engine.cues import CHANNELS, SAMPLE_RATE, ClipSound, MusicBed, MusicTrack, VoiceCue
from adreel_render.engine.ducking import presence, stepped_back
from adreel_render.engine.listening import read_samples
from adreel_render.engine.loudness import MOST_GAIN_DB, NEAR_SILENCE_LUFS, integrated_lufs
from adreel_render.engine.music import music_bed
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.soundtrack import Samples
from adreel_render.engine.speech import ended_at_pause, said_faster

VOICE_LUFS = -16.0
CLIP_SOUND_LUFS = -18.0
MUSIC_LUFS = -19.0
MUSIC_UNDER_VOICE_DB = -12.0
MUSIC_UNDER_CLIP_SOUND_DB = -7.0
CLIP_SOUND_UNDER_VOICE_DB = -9.0
# What a camera picked up may be faint on purpose; it is raised, but not to the level of speech.
CLIP_SOUND_MOST_GAIN_DB = 12.0

_DECLICK_SAMPLES = SAMPLE_RATE // 200
# A film that opens or closes in the middle of recorded sound: no bang, no door shut on it.
_FILM_OPENS_SAMPLES = SAMPLE_RATE // 12
_FILM_CLOSES_SAMPLES = SAMPLE_RATE * 2 // 5
_LOOP_CROSSFADE_SAMPLES = SAMPLE_RATE


def mix_key(plan: FilmPlan) -> str:
    """Digest of all that shapes the mix: sources by key, places, transitions under clip sound."""
    audio = plan.audio
    music = audio.music
    places: list[object] = []
    if audio.clip_sounds:
        places = [(c.head_frames, c.body_frames, c.tail_frames) for c in plan.clips]
        places += [(t.kind, t.frames) for t in (plan.opening, *plan.transitions, plan.closing)]
    return digest(
        "mix",
        plan.frame_count,
        plan.canvas.fps,
        (music.key, music.gain_db, music.fade_in_seconds, music.fade_out_seconds)
        if isinstance(music, MusicTrack)
        else music,
        [(v.key, v.start_frame, v.gain_db, v.tempo, v.most_seconds) for v in audio.voices],
        [(s.key, s.clip, s.gain_db, s.start_seconds) for s in audio.clip_sounds],
        places,
        audio.target_lufs,
        audio.ceiling_dbtp,
    )


def film_samples(plan: FilmPlan, check: Callable[[], None]) -> Samples:
    """The film's sound: float32 (2, n) at 48 kHz with n exactly the film's length.

    `check` is called between steps and may raise to stop. Raises MediaRejected for a source that
    cannot be decoded.
    """
    length = _sample(plan.frame_count, plan.canvas.fps)
    if plan.audio.is_silent:
        return np.zeros((CHANNELS, length), np.float32)
    voice = _voices(plan, length, check)
    clip_sound = _clip_sounds(plan, length, check)
    music = _music(plan, length, check)
    voice_presence = presence(voice)
    mix = voice
    if clip_sound.any():
        mix = mix + stepped_back(clip_sound, voice_presence, CLIP_SOUND_UNDER_VOICE_DB)
    if music.any():
        music = stepped_back(music, voice_presence, MUSIC_UNDER_VOICE_DB)
        mix = mix + stepped_back(music, presence(clip_sound), MUSIC_UNDER_CLIP_SOUND_DB)
    check()
    _fade_edges(mix, _DECLICK_SAMPLES, _DECLICK_SAMPLES)
    return mix


def _voices(plan: FilmPlan, length: int, check: Callable[[], None]) -> Samples:
    track = np.zeros((CHANNELS, length), np.float32)
    for cue in plan.audio.voices:
        check()
        start = _sample(cue.start_frame, plan.canvas.fps)
        _add(track, _levelled(_spoken(cue, max(0, length - start)), VOICE_LUFS, cue.gain_db), start)
    return track


def _spoken(cue: VoiceCue, room: int) -> Samples:
    """A speech at its tempo, at most `room` samples of it."""
    heard = said_faster(read_samples(cue.path, math.ceil(room * cue.tempo)), cue.tempo)
    return heard if cue.most_seconds is None else ended_at_pause(heard, min(room, _seconds(cue.most_seconds)))


def _clip_sounds(plan: FilmPlan, length: int, check: Callable[[], None]) -> Samples:
    track = np.zeros((CHANNELS, length), np.float32)
    for sound in plan.audio.clip_sounds:
        check()
        heard, start = _clip_sound(plan, sound)
        _add(track, heard, start)
    return track


def _clip_sound(plan: FilmPlan, sound: ClipSound) -> tuple[Samples, int]:
    """A clip's sound with its fades, and the film sample at which it starts (before 0 is possible)."""
    fps = plan.canvas.fps
    clip = plan.clips[sound.clip]
    before, after = plan.before(sound.clip), plan.after(sound.clip)
    first = clip.head_frames - before.head_handle_frames
    last = clip.head_frames + clip.body_frames + after.tail_handle_frames
    heard = np.zeros((CHANNELS, _sample(last - first, fps)), np.float32)
    _add(heard, recorded_sound(sound, clip.frame_count / fps), -_sample(first, fps))
    heard = _levelled(heard, CLIP_SOUND_LUFS, sound.gain_db, CLIP_SOUND_MOST_GAIN_DB)
    is_first, is_last = sound.clip == 0, sound.clip == len(plan.clips) - 1
    _fade_edges(
        heard,
        max(_FILM_OPENS_SAMPLES if is_first else _DECLICK_SAMPLES, _sample(before.frames_of_b, fps)),
        max(_FILM_CLOSES_SAMPLES if is_last else _DECLICK_SAMPLES, _sample(after.frames_of_a, fps)),
    )
    return heard, _sample(plan.body_start(sound.clip) - before.head_handle_frames, fps)


def _music(plan: FilmPlan, length: int, check: Callable[[], None]) -> Samples:
    music = plan.audio.music
    check()
    match music:
        case MusicTrack():
            samples = _levelled(_repeated(read_samples(music.path, length), length), MUSIC_LUFS, music.gain_db)
            _fade_edges(samples, _seconds(music.fade_in_seconds), _seconds(music.fade_out_seconds))
            return samples
        case MusicBed():
            return _levelled(music_bed(music.tone, music.seed, length), MUSIC_LUFS, music.gain_db)
        case None:
            return np.zeros((CHANNELS, length), np.float32)


def _levelled(samples: Samples, lufs: float, gain_db: float, most_gain_db: float = MOST_GAIN_DB) -> Samples:
    """A source at its place in the balance. What is nearly silent keeps its level."""
    measured = integrated_lufs(samples)
    if measured > NEAR_SILENCE_LUFS:
        gain_db += min(most_gain_db, lufs - measured)
    return samples * np.float32(10.0 ** (gain_db / 20.0))


def _repeated(samples: Samples, length: int) -> Samples:
    """Music again and again until `length`, each start crossfaded with the end before it."""
    have = samples.shape[1]
    if have >= length or not samples.any():
        result = np.zeros((CHANNELS, length), np.float32)
        _add(result, samples, 0)
        return result
    overlap = min(_LOOP_CROSSFADE_SAMPLES, have // 4)
    result = np.zeros((CHANNELS, length), np.float32)
    for start in range(0, length, max(1, have - overlap)):
        round_ = samples.copy()
        _fade_edges(round_, overlap if start else 0, overlap)
        _add(result, round_, start)
    return result


def _add(track: Samples, samples: Samples, start: int) -> None:
    """Add samples at a place; what lies outside the track is dropped."""
    first, last = max(0, start), min(track.shape[1], start + samples.shape[1])
    if first < last:
        track[:, first:last] += samples[:, first - start : last - start]


def _fade_edges(samples: Samples, head: int, tail: int) -> None:
    """Equal-power fades in place: two sounds that cross keep their loudness together."""
    head, tail = min(head, samples.shape[1]), min(tail, samples.shape[1])
    if head:
        samples[:, :head] *= _rise(head)
    if tail:
        samples[:, -tail:] *= _rise(tail)[::-1]


def _rise(length: int) -> npt.NDArray[np.float32]:
    curve: npt.NDArray[np.float32] = np.sin((np.arange(length) + 0.5) * (np.pi / 2 / length)).astype(np.float32)
    return curve


def _sample(frame: int, fps: int) -> int:
    return frame * SAMPLE_RATE // fps


def _seconds(seconds: float) -> int:
    return max(_DECLICK_SAMPLES, round(seconds * SAMPLE_RATE))
