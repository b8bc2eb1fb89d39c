"""Films with a voice of our own: what is heard where, what is spoken again, and what a preview sounds like."""

import uuid

import numpy as np
import pytest
from adreel_render.domain.voice_plan import GAP_SECONDS
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.loudness import integrated_lufs, true_peak_dbtp
from adreel_render.engine.soundtrack import write_flac
from voice_rig import LENGTHS, SCRIPTS, Studio

pytestmark = pytest.mark.connected

MUSIC_HZ = 6500.0


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.square(samples, dtype=np.float64).mean() + 1e-12))


def band(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """Only what lies between two frequencies."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return np.fft.irfft(spectrum, samples.size)


def part(samples: np.ndarray, start: float, end: float) -> np.ndarray:
    return samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


@pytest.fixture
def a_tone(studio: Studio, tmp_path):
    """Music of one high tone, where the voice has next to nothing: it can be measured under the voice."""

    def make(seconds: float) -> str:
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        tone = (0.2 * np.sin(2 * np.pi * MUSIC_HZ * time)).astype(np.float32)
        write_flac(tmp_path / "music.flac", np.stack([tone, tone]))
        return studio.assets.add((tmp_path / "music.flac").read_bytes())

    return make


async def test_each_scene_is_heard_in_its_own_time_over_music_that_steps_back(studio: Studio, a_tone) -> None:
    render_id = await studio.order(uuid.uuid4(), music=a_tone(12.0))
    event, sound = await studio.film(render_id)
    spoken = await studio.spoken(render_id)

    assert sorted(spoken) == [1, 2, 3]
    voice, music = band(sound, 150, 3500), band(sound, MUSIC_HZ - 200, MUSIC_HZ + 200)
    start = 0.0
    for number, length in enumerate(LENGTHS, start=1):
        begin, end = start + 0.25, start + 0.25 + spoken[number].seconds
        assert end < start + length, "the scripts are short enough to be said in their scenes"
        said, silent = level_db(part(voice, begin, end)), level_db(part(voice, end + 0.1, start + length))
        assert said > silent + 25, (number, said, silent)
        # Music comes back 0.6 s after the last word: what is quiet enough after that is the measure.
        if end + 1.0 < start + length:
            under = level_db(part(music, begin + 0.1, end - 0.1))
            alone = level_db(part(music, end + 0.9, start + length - 0.3))
            assert 9.0 < alone - under < 15.0, (number, alone, under)
        start += length
    stereo = np.stack([sound, sound])
    assert integrated_lufs(stereo) == pytest.approx(-16.0, abs=1.0)
    assert true_peak_dbtp(stereo) < -1.0
    assert event["cost_lines"] == []


async def test_subtitles_follow_the_voice(studio: Studio) -> None:
    job_id = uuid.uuid4()
    render_id = await studio.order(job_id)
    await studio.film(render_id)
    spoken = await studio.spoken(render_id)

    text = (await studio.file(str(job_id), "captions")).read_text("utf-8")

    times = [tuple(map(_seconds, line.split(" --> "))) for line in text.splitlines() if "-->" in line]
    assert [line for line in text.splitlines() if line in SCRIPTS] == list(SCRIPTS)
    for (shown, gone), start, number in zip(times, (0.0, 4.0, 8.0), (1, 2, 3), strict=True):
        assert shown == pytest.approx(start + 0.25 - 0.1, abs=0.06)
        assert gone == pytest.approx(start + 0.25 + spoken[number].seconds + 0.7, abs=0.06)


async def test_one_changed_scene_is_one_new_speech_and_nothing_changed_is_none(studio: Studio) -> None:
    job_id = uuid.uuid4()
    first = await studio.order(job_id)
    await studio.film(first)
    again = await studio.order(job_id)
    await studio.film(again)
    assert await studio.count("speeches") == 3
    assert await studio.spoken(again) == await studio.spoken(first)

    changed = await studio.order(job_id, scripts=(SCRIPTS[0], "Quite another text.", SCRIPTS[2]))
    await studio.film(changed)

    assert await studio.count("speeches") == 4
    before, after = await studio.spoken(first), await studio.spoken(changed)
    assert [before[n] == after[n] for n in (1, 2, 3)] == [True, False, True]


async def test_a_speech_whose_bytes_are_gone_is_spoken_again(studio: Studio, a_tone) -> None:
    job_id, music = uuid.uuid4(), a_tone(12.0)
    first = await studio.order(job_id, music=music)
    await studio.film(first)
    lost = (await studio.spoken(first))[2]
    await studio.blobs.delete(lost.sha256)

    _, sound = await studio.film(await studio.order(job_id, music=music))

    assert level_db(band(part(sound, 4.3, 4.3 + lost.seconds), 150, 3500)) > -35


async def test_too_much_text_is_said_faster_then_runs_on_and_never_over_the_next_voice(studio: Studio, a_tone) -> None:
    long = "This sentence is a good deal longer than the scene that it has to be said in, and it goes on."
    job_id = uuid.uuid4()
    render_id = await studio.order(job_id, scripts=(long, *SCRIPTS[1:]), lengths=(3.5, 4.5, 4.0), music=a_tone(12.0))
    _, sound = await studio.film(render_id)
    spoken = await studio.spoken(render_id)

    assert spoken[1].seconds / 1.25 > 3.5, "else this test shows nothing"
    voice = band(sound, 150, 3500)
    end = 0.25 + spoken[1].seconds / _tempo(spoken[1].seconds, 3.5)
    assert level_db(part(voice, end - 0.4, end - 0.1)) > -40, "the last word is heard"
    assert level_db(part(voice, end + 0.02, end + GAP_SECONDS - 0.02)) < -55, "then there is a gap"
    assert level_db(part(voice, end + GAP_SECONDS, end + GAP_SECONDS + 0.6)) > -40, "then the next voice"


async def test_scenes_without_words_are_silent_and_the_film_is_made(studio: Studio, a_tone) -> None:
    scripts = ("\U0001f600\U0001f680", "[music swells]", "V.O.: Buy it now.")
    render_id = await studio.order(uuid.uuid4(), scripts=scripts, music=a_tone(12.0))
    _, sound = await studio.film(render_id)
    spoken = await studio.spoken(render_id)

    assert list(spoken) == [3]
    assert spoken[3].characters == len("Buy it now.")
    assert level_db(band(part(sound, 0.0, 8.0), 150, 3500)) < -60
    assert level_db(band(part(sound, 8.25, 8.25 + spoken[3].seconds), 150, 3500)) > -35


async def test_a_film_without_voiceover_is_silent_of_voices(studio: Studio) -> None:
    render_id = await studio.order(uuid.uuid4(), voiceover=False)
    await studio.film(render_id)
    assert await studio.count("speeches") == 0
    assert await studio.spoken(render_id) == {}


async def test_another_take_keeps_the_voice(studio: Studio, a_tone) -> None:
    job_id, music = uuid.uuid4(), a_tone(12.0)
    await studio.film(await studio.order(job_id, music=music))
    # Another product is another title: the first scene has a second take.
    data = studio.request(job_id, music=music)
    data["brief"]["product"] = "Chandelier"
    await studio.receive("render.requested.v1", job_id, data)
    await studio.film(data["render_id"])
    takes = await studio.queries.takes(str(job_id), 1)
    other = next(take for take in takes if not take["is_selected"])
    async with studio.database.connection() as conn:
        renders_before = await conn.fetch("SELECT render_id FROM renders")

    await studio.select.select(str(job_id), 1, str(other["id"]))

    async with studio.database.connection() as conn:
        new = await conn.fetchval(
            "SELECT render_id FROM renders WHERE NOT render_id = ANY($1)", [row["render_id"] for row in renders_before]
        )
    _, sound = await studio.film(str(new))
    spoken = await studio.spoken(str(new))
    assert sorted(spoken) == [1, 2, 3]
    assert level_db(band(part(sound, 4.3, 4.2 + spoken[2].seconds), 150, 3500)) > -35
    assert await studio.count("speeches") == 3


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _tempo(seconds: float, length: float) -> float:
    return max(1.25, min(seconds / (length - 0.25 + 0.8), 1.6))
