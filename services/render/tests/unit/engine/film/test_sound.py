"""What is heard: loudness, peaks, silence, alignment with the picture, balance, music."""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.engine.clip_source import ClipShot
from adreel_render.engine.composer import compose_film
from adreel_render.engine.cues import SAMPLE_RATE, AudioPlan, ClipSound, MusicBed, MusicTrack, VoiceCue
from adreel_render.engine.layout import Box
from adreel_render.engine.loudness import integrated_lufs, normalised, true_peak_dbtp
from adreel_render.engine.mix import film_samples, mix_key
from adreel_render.engine.music import MOODS, mood_of, music_bed
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.soundtrack import Samples
from adreel_render.engine.spec import Canvas, Medium, MediumKind
from adreel_render.engine.transitions import Transition, TransitionKind
from adreel_render.engine.verify import require_valid

Heard = Callable[[Path], Samples]
WriteWav = Callable[..., Path]
MakePlan = Callable[..., FilmPlan]
Tone = Callable[..., Samples]
Ebur128 = Callable[[Samples], tuple[float, float]]


@pytest.fixture
def compose(tmp_path: Path) -> Callable[[FilmPlan], Path]:
    def run(plan: FilmPlan) -> Path:
        return compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path).path

    return run


def _mixed(plan: FilmPlan) -> Samples:
    return film_samples(plan, lambda: None)


def _clicks(seconds: list[float], length_seconds: float) -> Samples:
    samples = np.zeros((2, round(length_seconds * SAMPLE_RATE)), np.float32)
    burst = np.hanning(96) * np.sin(np.arange(96) * 0.8)
    for second in seconds:
        at = round(second * SAMPLE_RATE)
        samples[:, at : at + 96] += burst[: samples.shape[1] - at].astype(np.float32)
    return samples


def _click_times(samples: Samples, around: list[float]) -> list[float]:
    """Where the energy of each click lies, in seconds."""
    times = []
    for second in around:
        first = max(0, round((second - 0.05) * SAMPLE_RATE))
        piece = np.square(samples[0, first : first + round(0.1 * SAMPLE_RATE)])
        times.append((first + float((piece * np.arange(piece.size)).sum() / piece.sum())) / SAMPLE_RATE)
    return times


def test_loudness_agrees_with_a_second_meter(tone: Tone, ebur128: Ebur128) -> None:
    random = np.random.default_rng(1)
    noise = (random.standard_normal((2, 6 * SAMPLE_RATE)) * 0.05).astype(np.float32)
    noise[:, : 2 * SAMPLE_RATE] *= 0.02  # quiet enough for the relative gate to leave it out
    ramp = np.clip(np.minimum(np.arange(4 * SAMPLE_RATE), np.arange(4 * SAMPLE_RATE)[::-1]) / 4800, 0, 1)
    for samples in (*(tone(4.0, hertz, 0.9) * ramp.astype(np.float32) for hertz in (60.0, 997.0, 9000.0)), noise):
        lufs, peak = ebur128(samples)
        assert integrated_lufs(samples) == pytest.approx(lufs, abs=0.1)
        assert true_peak_dbtp(samples) == pytest.approx(peak, abs=0.3)


def test_a_reference_tone_measures_as_the_recommendation_says(tone: Tone) -> None:
    # BS.1770: a 997 Hz sine at full scale in one channel is -3.01 LUFS; in both channels 0 LUFS.
    assert integrated_lufs(tone(4.0, 997.0, 1.0)) == pytest.approx(0.0, abs=0.1)


def test_true_peak_finds_what_lies_between_samples() -> None:
    # A quarter-rate sine sampled 45 degrees off its crests: samples reach 0.707, the wave 1.
    wave = np.sin(np.arange(SAMPLE_RATE) * np.pi / 2 + np.pi / 4).astype(np.float32)
    assert true_peak_dbtp(np.tile(wave, (2, 1))) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("level", [0.02, 0.3, 0.99])
def test_a_mix_comes_out_at_the_target_under_the_ceiling(level: float, ebur128: Ebur128) -> None:
    random = np.random.default_rng(2)
    beat = np.exp(-(np.arange(8 * SAMPLE_RATE) % 24000) / 3000.0)
    samples = (level * beat * random.uniform(-1, 1, (2, beat.size))).astype(np.float32)
    lufs, peak = ebur128(normalised(samples, -16.0, -1.5).samples)
    assert lufs == pytest.approx(-16.0, abs=0.3)
    assert peak < -1.3


def test_silence_and_near_silence_are_left_alone() -> None:
    silence = np.zeros((2, SAMPLE_RATE), np.float32)
    assert integrated_lufs(silence) == -math.inf
    assert not normalised(silence, -16.0, -1.5).samples.any()
    hiss = (np.random.default_rng(3).standard_normal((2, 2 * SAMPLE_RATE)) * 0.0004).astype(np.float32)
    assert np.array_equal(normalised(hiss, -16.0, -1.5).samples, hiss)


def test_a_film_without_sound_has_a_silent_track_of_full_length(
    make_plan: MakePlan, compose: Callable[[FilmPlan], Path], heard: Heard
) -> None:
    film = compose(make_plan((45, 46)))
    require_valid(film, make_plan((45, 46)).canvas, 91)
    samples = heard(film)
    assert samples.shape[1] >= 91 * 1600
    assert not samples.any()


@pytest.mark.parametrize("mood", [mood.words[0] if mood.words else "warm" for mood in MOODS])
def test_film_loudness_holds_after_encoding(
    mood: str, make_plan: MakePlan, compose: Callable[[FilmPlan], Path], heard: Heard, ebur128: Ebur128
) -> None:
    film = compose(make_plan((90, 90), canvas=Canvas(64, 64, 30), audio=AudioPlan(music=MusicBed(mood, 5))))
    lufs, peak = ebur128(heard(film)[:, : 180 * 1600])
    assert lufs == pytest.approx(-16.0, abs=0.5)
    assert peak < -1.0


def test_hot_music_stays_under_the_ceiling_after_encoding(
    make_plan: MakePlan, compose: Callable[[FilmPlan], Path], heard: Heard, ebur128: Ebur128, write_wav: WriteWav
) -> None:
    random = np.random.default_rng(4)
    square = np.sign(np.sin(np.arange(10 * SAMPLE_RATE) * 2 * np.pi * 110 / SAMPLE_RATE))
    hot = np.clip(0.7 * square + 0.5 * random.standard_normal((2, square.size)), -1, 1).astype(np.float32)
    hot *= (0.15 + 0.85 * ((np.arange(square.size) // 12000) % 4 == 0)).astype(np.float32)
    path = write_wav(hot)
    film = compose(make_plan((300,), audio=AudioPlan(music=MusicTrack(path, "hot"))))
    lufs, peak = ebur128(heard(film)[:, : 300 * 1600])
    assert lufs == pytest.approx(-16.0, abs=0.5)
    assert peak < -1.0


def test_a_users_clip_is_heard_at_the_films_loudness_and_a_silent_scene_is_silent(
    make_plan: MakePlan, compose: Callable[[FilmPlan], Path], heard: Heard, ebur128: Ebur128, write_wav: WriteWav
) -> None:
    random = np.random.default_rng(7)
    syllables = np.clip(np.sin(np.arange(4 * SAMPLE_RATE) * 2 * np.pi * 3.1 / SAMPLE_RATE), 0, 1)
    speech = (0.08 * syllables * random.standard_normal((2, syllables.size))).astype(np.float32)
    plan = make_plan((90, 60), canvas=Canvas(64, 64, 30))
    sound = ClipSound(0, write_wav(speech), "speech")
    samples = heard(compose(replace(plan, audio=AudioPlan(clip_sounds=(sound,)))))[:, : 150 * 1600]
    lufs, peak = ebur128(samples)
    print(f"film with a user's clip: {lufs:.2f} LUFS, {peak:.2f} dBTP")
    assert lufs == pytest.approx(-16.0, abs=0.5)
    assert peak < -1.0
    assert np.abs(samples[:, 92 * 1600 :]).max() < 1e-4  # below 16 bits: silence, though coded


def _steps_in(samples: Samples, seconds: list[float], hertz: list[float]) -> list[int]:
    """Which of some tones is heard at each time."""
    found = []
    for second in seconds:
        first = round(second * SAMPLE_RATE)
        piece = samples[0, first : first + 4096] * np.hanning(4096)
        levels = [abs(np.dot(piece, np.exp(-2j * np.pi * h * np.arange(4096) / SAMPLE_RATE))) for h in hertz]
        found.append(int(np.argmax(levels)) if max(levels) > 20 else -1)
    return found


@pytest.fixture
def scale_clip(tmp_path: Path) -> Path:
    """A clip of two seconds at 25 frames a second; each half second of its sound has a tone of its own."""
    path = tmp_path / "scale.mov"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((96, 64), 60 + number, np.uint8), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        time = np.arange(2 * SAMPLE_RATE)
        steps = np.repeat(_SCALE, SAMPLE_RATE // 2)
        tones = (8000 * np.sin(2 * np.pi * np.cumsum(steps) / SAMPLE_RATE)).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(tones[None, : time.size], format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


_SCALE = [300.0, 500.0, 800.0, 1300.0]


def test_sound_of_a_used_range_begins_where_its_pictures_do(make_plan: MakePlan, scale_clip: Path) -> None:
    sound = ClipSound(0, scale_clip, "scale", start_seconds=1.0)
    samples = _mixed(replace(make_plan((30,)), audio=AudioPlan(clip_sounds=(sound,))))
    assert _steps_in(samples, [0.2, 0.7], _SCALE) == [2, 3]


def test_sound_starts_over_with_the_pictures_of_a_clip_that_is_far_too_short(
    make_plan: MakePlan, scale_clip: Path
) -> None:
    sound = ClipSound(0, scale_clip, "scale")
    plan = make_plan((150,))
    samples = _mixed(replace(plan, audio=AudioPlan(clip_sounds=(sound,))))
    assert _steps_in(samples, [0.2, 1.7, 2.2, 3.2, 4.2], _SCALE) == [0, 3, 0, 2, 0]
    medium = Medium("scale", scale_clip, MediumKind.VIDEO)
    shot = ClipShot(medium, plan.canvas, Box(0, 0, 64, 64), start=0, end=150)
    lumas = [float(shot.read(index).y.mean()) for index in range(150)]
    restarts = [index for index in range(1, 150) if lumas[index] < lumas[index - 1] - 20]
    assert restarts == [60, 120]  # every 2 s of 30 frames


def test_sound_of_a_slightly_short_clip_ends_with_it(make_plan: MakePlan, scale_clip: Path) -> None:
    sound = ClipSound(0, scale_clip, "scale")
    samples = _mixed(replace(make_plan((75,)), audio=AudioPlan(clip_sounds=(sound,))))
    assert _steps_in(samples, [1.7, 2.2], _SCALE) == [3, -1]


def test_sound_of_clips_stays_with_its_pictures(
    make_plan: MakePlan, compose: Callable[[FilmPlan], Path], heard: Heard, write_wav: WriteWav
) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 14)
    plan = make_plan((90,) * 5, (fade,) * 4)
    sounds, expected = [], []
    for number, clip in enumerate(plan.clips):
        # The click belongs to frame 40 of each body, whatever handle stands before it.
        at = (clip.head_frames + 40) / 30
        path = write_wav(_clicks([at], clip.frame_count / 30), f"{number}.wav")
        sounds.append(ClipSound(number, path, str(number)))
        expected.append((plan.body_start(number) + 40) / 30)
    film = compose(replace(plan, audio=AudioPlan(clip_sounds=tuple(sounds))))
    found = _click_times(heard(film), expected)
    offsets = [a - b - 48 / SAMPLE_RATE for a, b in zip(found, expected, strict=True)]
    assert max(map(abs, offsets)) < 0.001
    assert max(offsets) - min(offsets) < 0.0005


def test_sound_crosses_over_in_a_crossfade_without_a_dip(make_plan: MakePlan, write_wav: WriteWav) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 30)
    plan = make_plan((90, 90), (fade,))
    random = np.random.default_rng(5)
    sounds = tuple(
        ClipSound(n, write_wav((random.standard_normal((2, 105 * 1600)) * 0.1).astype(np.float32), f"{n}.wav"), str(n))
        for n in range(2)
    )
    samples = _mixed(replace(plan, audio=AudioPlan(clip_sounds=sounds)))
    levels = np.sqrt(np.square(samples[0, 8000:-24000]).reshape(-1, 8000).mean(axis=1))
    assert levels.max() / levels.min() < 1.15


def test_a_fade_out_takes_the_clips_sound_with_it(make_plan: MakePlan, write_wav: WriteWav, tone: Tone) -> None:
    plan = make_plan((60, 60), closing=Transition(TransitionKind.FADE_OUT, 30))
    sound = ClipSound(1, write_wav(tone(2.0)), "tone")
    samples = _mixed(replace(plan, audio=AudioPlan(clip_sounds=(sound,))))
    assert np.abs(samples[:, : 60 * 1600 - 10]).max() == 0.0
    assert np.abs(samples[:, -480:]).max() < 0.05 * np.abs(samples[:, 70 * 1600 : 80 * 1600]).max()


def test_recorded_sound_rises_and_falls_at_the_ends_of_the_film_only(
    make_plan: MakePlan, write_wav: WriteWav, tone: Tone
) -> None:
    path = write_wav(tone(4.0))
    sounds = tuple(ClipSound(clip, path, "tone") for clip in (0, 1))
    samples = film_samples(make_plan((60, 60), audio=AudioPlan(clip_sounds=sounds)), lambda: None)

    def level(seconds: float) -> float:
        start = round(seconds * SAMPLE_RATE)
        return float(np.abs(samples[:, start : start + 480]).max())

    steady = level(1.0)
    assert level(0.0) < 0.3 * steady
    assert level(0.1) == pytest.approx(steady, rel=0.05)
    assert level(1.95) == pytest.approx(level(2.05), rel=0.05)  # the cut
    assert level(3.5) == pytest.approx(steady, rel=0.05)
    assert level(3.98) < 0.15 * steady


def test_music_steps_back_under_the_voice_and_returns(make_plan: MakePlan, write_wav: WriteWav, tone: Tone) -> None:
    music = write_wav(tone(8.0, 440.0), "music.wav")
    voice = write_wav(tone(2.0, 3000.0), "voice.wav")
    plan = make_plan((240,), audio=AudioPlan(MusicTrack(music, "m"), (VoiceCue(voice, "v", 90),)))
    samples = _mixed(plan)

    def level_of_music(start_seconds: float) -> float:
        first = round(start_seconds * SAMPLE_RATE)
        piece = samples[0, first : first + SAMPLE_RATE // 2]
        return float(np.abs(np.fft.rfft(piece * np.hanning(piece.size)))[215:226].max())

    before, under, after = level_of_music(1.0), level_of_music(3.6), level_of_music(6.0)
    assert 20 * math.log10(under / before) == pytest.approx(-12.0, abs=1.0)
    assert after == pytest.approx(before, rel=0.05)


def test_short_music_is_repeated_without_a_hole(make_plan: MakePlan, write_wav: WriteWav) -> None:
    noise = (np.random.default_rng(6).standard_normal((2, 3 * SAMPLE_RATE)) * 0.1).astype(np.float32)
    track = MusicTrack(write_wav(noise), "n", fade_in_seconds=0.1, fade_out_seconds=0.1)
    samples = _mixed(make_plan((300,), audio=AudioPlan(track)))
    levels = np.sqrt(np.square(samples[0, 9600:-9600]).reshape(-1, 9600).mean(axis=1))
    assert levels.max() / levels.min() < 1.3


def test_music_at_another_rate_and_in_mono_is_taken(make_plan: MakePlan, write_wav: WriteWav) -> None:
    time = np.arange(3 * 44_100) / 44_100
    mono = (0.2 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)[None]
    path = write_wav(mono, "mono.wav", rate=44_100)
    samples = _mixed(make_plan((60,), audio=AudioPlan(MusicTrack(path, "mono"))))
    spectrum = np.abs(np.fft.rfft(samples[0, SAMPLE_RATE // 2 : SAMPLE_RATE]))
    assert int(spectrum.argmax()) * 2 == pytest.approx(1000, abs=2)


def test_the_mix_is_made_again_only_if_something_heard_changed(make_plan: MakePlan) -> None:
    plan = make_plan((30, 30), audio=AudioPlan(MusicBed("calm", 1)))
    same = replace(plan, clips=(replace(plan.clips[0], key="other pictures"), plan.clips[1]))
    assert mix_key(same) == mix_key(plan)
    other_seed = replace(plan, audio=AudioPlan(MusicBed("calm", 2)))
    longer = make_plan((30, 31), audio=plan.audio)
    assert len({mix_key(plan), mix_key(other_seed), mix_key(longer)}) == 3


def test_a_music_bed_repeats_itself_exactly_for_the_same_seed_and_differs_for_another() -> None:
    first = music_bed("modern", 1, 5 * SAMPLE_RATE)
    assert np.array_equal(first, music_bed("modern", 1, 5 * SAMPLE_RATE))
    assert not np.array_equal(first, music_bed("modern", 2, 5 * SAMPLE_RATE))


@pytest.mark.parametrize(
    "tone_words", ["energetic", "calm, natural", "modern", "luxury", "playful", "dark", "unheard of"]
)
def test_a_music_bed_has_no_clicks_starts_and_ends_quietly(tone_words: str) -> None:
    samples = music_bed(tone_words, 11, 15 * SAMPLE_RATE + 77)
    assert samples.shape == (2, 15 * SAMPLE_RATE + 77)
    peak = np.abs(samples).max()
    assert 0.05 < peak < 1.0
    assert np.abs(samples[:, :48]).max() < 0.02 * peak
    assert np.abs(samples[:, -48:]).max() < 0.001 * peak
    assert np.abs(np.diff(samples)).max() < 0.35 * peak
    # Music, not a beep: energy in many places of the spectrum, and it moves.
    power = np.square(np.abs(np.fft.rfft(samples[0, SAMPLE_RATE : 5 * SAMPLE_RATE])))
    assert power.max() / power.sum() < 0.3
    # Both ears hear something of their own.
    assert np.corrcoef(samples[0], samples[1])[0, 1] < 0.98


def test_a_music_bed_carries_over_a_phone_and_its_brightness_follows_the_tone() -> None:
    """A phone's speaker gives out little below 300 Hz."""

    def share_above(tone_words: str, hertz: float) -> float:
        power = np.square(np.abs(np.fft.rfft(music_bed(tone_words, 7, 20 * SAMPLE_RATE).mean(axis=0))))
        return float(power[round(hertz * 20) :].sum() / power.sum())

    phone = {words: share_above(words, 300) for words in ("energetic", "modern", "luxury", "calm", "")}
    assert min(phone.values()) > 0.25
    bright = {words: share_above(words, 2000) for words in phone}
    assert bright["energetic"] > 1.5 * bright["modern"] > 3 * bright["calm"]


def test_tones_choose_moods() -> None:
    assert mood_of("Bold and ENERGETIC").beats_per_minute > mood_of("calm").beats_per_minute
    assert mood_of("luxury").minor
    assert mood_of("") == mood_of("no such word") == MOODS[-1]


@pytest.mark.parametrize("length", [0, 1, 100, 4800, SAMPLE_RATE])
def test_even_the_shortest_music_has_its_length(length: int) -> None:
    assert music_bed("calm", 1, length).shape == (2, length)


def test_aac_packets_stand_without_gaps_and_end_with_the_picture(
    make_plan: MakePlan, compose: Callable[[FilmPlan], Path]
) -> None:
    film = compose(make_plan((77, 78), audio=AudioPlan(MusicBed("calm", 1))))
    with av.open(str(film)) as container:
        audio, video = container.streams.audio[0], container.streams.video[0]
        assert audio.duration * audio.time_base == Fraction(155, 30)
        assert video.duration * video.time_base == Fraction(155, 30)
        assert audio.start_time == 0 or audio.start_time is None
