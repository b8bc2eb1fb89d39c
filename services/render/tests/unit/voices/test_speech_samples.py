"""Speech as samples: trimmed, said faster at the same pitch, ended at a pause; captions in time with it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from adreel_render.engine.captions import SPOKEN_LEAD_SECONDS, scene_phrases, split_phrases
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.spec import Canvas, Medium, SceneSpec
from adreel_render.engine.speech import ended_at_pause, finished, said_faster, trimmed
from adreel_render.engine.text_plan import plan_text

FPS = 24


def hum(seconds: float, hertz: float = 200.0, level: float = 0.3) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def test_silence_around_words_is_cut_and_silence_within_is_kept() -> None:
    said = trimmed(np.concatenate([silence(0.7), hum(0.5), silence(0.4), hum(0.5), silence(1.1)]))
    assert said.size / SAMPLE_RATE == pytest.approx(1.4 + 0.1, abs=0.03)


@pytest.mark.parametrize("samples", [silence(1.0), silence(0.0), hum(1.0, level=1e-5)])
def test_what_nobody_hears_is_nothing(samples: np.ndarray) -> None:
    assert finished(samples, warm=True).size == 0


@pytest.mark.parametrize("tempo", [1.0, 1.07, 1.25, 1.6])
def test_faster_speech_is_shorter_to_the_sample_and_keeps_its_pitch(tempo: float) -> None:
    samples = np.stack([hum(2.0, 220.0), hum(2.0, 440.0)])
    heard = said_faster(samples, tempo)
    assert heard.shape == (2, round(2.0 * SAMPLE_RATE / tempo))
    for channel, hertz in zip(heard, (220.0, 440.0), strict=True):
        found = np.argmax(np.abs(np.fft.rfft(channel))) * SAMPLE_RATE / channel.size
        assert found == pytest.approx(hertz, rel=0.01)


@pytest.mark.parametrize("tempo", [1.07, 1.25, 1.6])
def test_faster_speech_has_every_word_earlier(tempo: float) -> None:
    samples = np.concatenate([hum(0.3), silence(0.9), hum(0.3), silence(0.9), hum(0.3)])
    heard = np.abs(said_faster(np.stack([samples, samples]), tempo)[0])
    loud = np.array([heard[start : start + 480].max() > 0.1 for start in range(0, heard.size - 480, 480)])
    begins = np.flatnonzero(np.diff(loud.astype(int), prepend=0) == 1) / 100
    assert begins == pytest.approx([0.0, 1.2 / tempo, 2.4 / tempo], abs=0.04)


def test_synthetic_speech_loses_its_buzz_and_what_no_chest_sounds() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)
    plain, warm = (np.abs(np.fft.rfft(finished(noise, warm=warm)[: 2 * SAMPLE_RATE - 9600])) for warm in (False, True))
    hertz = np.fft.rfftfreq(2 * SAMPLE_RATE - 9600, 1 / SAMPLE_RATE)

    def change(low: float, high: float) -> float:
        part = (hertz > low) & (hertz < high)
        power = [np.square(spectrum[part]).sum() / np.square(spectrum[(hertz > 800) & (hertz < 1400)]).sum()
                 for spectrum in (warm, plain)]  # fmt: skip
        return float(10 * np.log10(power[0] / power[1]))

    assert change(150, 250) > 1.5
    assert change(3500, 5500) < -3.0
    assert change(12000, 20000) < -45.0


def test_speech_beyond_its_time_ends_in_the_last_pause() -> None:
    words = np.concatenate([hum(1.0), silence(0.2), hum(1.0), silence(0.2), hum(1.0)])
    kept = ended_at_pause(np.stack([words, words]), round(2.8 * SAMPLE_RATE))
    assert kept.shape[1] / SAMPLE_RATE == pytest.approx(2.36, abs=0.05)
    assert np.abs(kept[:, -10:]).max() < 1e-3
    assert ended_at_pause(np.stack([words, words]), words.size).shape[1] == words.size


def test_captions_are_shown_while_their_words_are_said() -> None:
    script = "Light for every morning of the year. And quiet for every single night that follows it."
    phrases = scene_phrases(script, 240, FPS, (48, 168))
    assert [phrase.text for phrase in phrases] == [phrase.text for phrase in split_phrases(script, 120, FPS)]
    assert phrases[0].start_frame == 48 - round(SPOKEN_LEAD_SECONDS * FPS)
    assert 168 < phrases[-1].end_frame <= 240
    assert all(one.end_frame == after.start_frame for one, after in pairwise(phrases))


@pytest.mark.parametrize("spoken", [(0, 1), (235, 240), (0, 240), (100, 101)])
def test_no_word_of_a_caption_is_lost_however_short_the_speech_is(spoken: tuple[int, int]) -> None:
    script = "One two three. Four five six. Seven eight nine."
    phrases = scene_phrases(script, 240, FPS, spoken)
    assert " ".join(phrase.text for phrase in phrases) == script
    assert all(0 <= phrase.start_frame < phrase.end_frame <= 240 for phrase in phrases)


def test_words_that_are_the_picture_stay_and_those_over_a_picture_go_with_the_voice(tmp_path) -> None:
    spec = SceneSpec(2, 4, body_frames=240, script="One two three. Four five six.", spoken_frames=(48, 120))
    canvas = Canvas(640, 360, FPS)
    alone = plan_text(spec, canvas)
    assert (alone.phrases[0].start_frame, alone.phrases[-1].end_frame) == (alone.start, alone.end)
    over = plan_text(replace(spec, media=(Medium("a" * 64, tmp_path),)), canvas)
    assert (over.phrases[0].start_frame, over.phrases[-1].end_frame) == (46, 137)
