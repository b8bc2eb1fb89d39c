"""The scratch voice really speaks: loud enough, as long as its words take, the same each time, whatever it is given."""

import asyncio
import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from adreel_render.adapters import espeak
from adreel_render.adapters.voice_process import VoiceProcess
from adreel_render.domain.attempts import OutputUnusable
from adreel_render.domain.errors import ScriptUnspeakable
from adreel_render.domain.voice import Voice
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_testkit.standins.llm_speech import SECONDS_PER_WORD, spoken

TEXT = "Meet the lamp that wakes you gently, with light for every morning of the year."


@pytest.fixture
async def voice():
    process = VoiceProcess()
    yield process
    await process.aclose()


def write_as(path: Path, wav: bytes, form: str) -> None:
    with av.open(io.BytesIO(wav)) as source, av.open(str(path), "w", format=form) as target:
        stream = target.add_stream("libmp3lame" if form == "mp3" else form, rate=24_000, layout="mono")
        for frame in source.decode(audio=0):
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64) / 32768


async def test_text_is_heard_at_an_advertising_pace_without_clipping(voice: VoiceProcess, tmp_path: Path) -> None:
    seconds = await voice.speak(TEXT, voice.voice_for(TEXT), tmp_path / "a.wav")
    samples = read(tmp_path / "a.wav")

    assert samples.size == round(seconds * SAMPLE_RATE)
    assert 2.0 < len(TEXT.split()) / seconds < 3.6
    assert 0.6 < np.abs(samples).max() < 0.8
    assert np.sqrt(np.square(samples).mean()) > 0.03
    # Trimmed: words begin and end within a tenth of a second of the edges.
    edge = SAMPLE_RATE // 10
    assert min(np.abs(samples[:edge]).max(), np.abs(samples[-edge:]).max()) > 0.01
    # Speech has its energy where speech has it.
    power = np.square(np.abs(np.fft.rfft(samples)))
    hertz = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE)
    assert power[(hertz > 80) & (hertz < 4000)].sum() > 0.9 * power.sum()


async def test_equal_texts_sound_equal_whatever_was_said_between(voice: VoiceProcess, tmp_path: Path) -> None:
    for name, text in (("a", TEXT), ("b", "Something else."), ("c", TEXT)):
        await voice.speak(text, voice.voice_for(text), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "Die Lampe, die dich sanft weckt, und das jeden Tag.",
        "你好，世界。",
        "日本語のテスト",
        "Привет, мир",
        "مرحبا بالعالم",
        "नमस्ते दुनिया",
        "<speak><break time='60s'/>hello</speak>",
        "[[h@l'oU]] & %s %n \\ {} hello",
        "a" * 4000,
        "1234567890 " * 300,
        "e\u0301" * 2000,
        "\u202eabc\u0000def\ufeff",
        "\U0001f600 ok",
    ],
)
async def test_hostile_text_is_spoken_or_refused_and_the_next_is_spoken(
    voice: VoiceProcess, tmp_path: Path, text: str
) -> None:
    async with asyncio.timeout(60):
        seconds = await voice.speak(text, voice.voice_for(text), tmp_path / "hostile.wav")
        assert 0.0 < seconds <= 201.0
        assert await voice.speak("Still here.", voice.voice_for("Still here."), tmp_path / "after.wav") > 0.5


async def test_speaking_that_breaks_off_is_refused_and_the_next_text_is_spoken(
    voice: VoiceProcess, tmp_path: Path
) -> None:
    # Whatever ends the fork that speaks, a crash or its alarm, looks the same from here; a voice that is none ends it.
    nobody = Voice("local", "espeak-ng", "no-such-variant-" + "x" * 2000, "en")
    with pytest.raises(ScriptUnspeakable):
        await voice.speak("Hello", nobody, tmp_path / "a.wav")
    assert await voice.speak("Hello there.", voice.voice_for("Hello there."), tmp_path / "b.wav") > 0.5


async def test_nothing_to_hear_is_no_file(voice: VoiceProcess, tmp_path: Path) -> None:
    assert await voice.speak("...", voice.voice_for("..."), tmp_path / "a.wav") == 0.0
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("content", [b"", b"<html>", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"\0" * 5000])
async def test_garbage_is_no_recording(voice: VoiceProcess, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bought").write_bytes(content)
    with pytest.raises(OutputUnusable):
        await voice.content_type(tmp_path / "bought")
    with pytest.raises(OutputUnusable):
        await voice.finish(tmp_path / "bought", tmp_path / "speech.wav")


@pytest.mark.parametrize("form", ["as it is", "streamed", "without sizes", "flac", "mp3"])
async def test_recordings_of_every_form_come_out_alike(voice: VoiceProcess, tmp_path: Path, form: str) -> None:
    body = bytearray(spoken({"input": "one two three four"}))
    source = tmp_path / "bought"
    if form in ("flac", "mp3"):
        write_as(source, bytes(body), form)
    else:
        # A WAV file that is sent while it is spoken does not know its sizes yet.
        filler = {"as it is": None, "streamed": b"\xff" * 4, "without sizes": b"\0" * 4}[form]
        if filler is not None:
            body[4:8] = body[40:44] = filler
        source.write_bytes(body)

    assert await voice.content_type(source) == "audio/wav"
    seconds = await voice.finish(source, tmp_path / "speech.wav")

    assert seconds == pytest.approx(4 * SECONDS_PER_WORD + 0.1, abs=0.03)
    assert read(tmp_path / "speech.wav").size == round(seconds * SAMPLE_RATE)


async def test_process_that_dies_is_replaced(voice: VoiceProcess, tmp_path: Path) -> None:
    await voice.speak("One.", voice.voice_for("One."), tmp_path / "a.wav")
    await voice.aclose()
    assert await voice.speak("Two.", voice.voice_for("Two."), tmp_path / "b.wav") > 0.2


def test_variants_and_languages_are_those_of_the_wheel() -> None:
    assert espeak.has_variant(espeak.DEFAULT_VARIANT)
    assert not espeak.has_variant("../!v/Annie")
    assert not espeak.has_variant("annie")
    assert all(espeak.has_language(code) for code in ("en", "de", "fr", "es", "pt", "zh", "ja", "ru", "ar", "hi"))
    assert not espeak.has_language("xx")


def test_data_below_a_long_path_is_found(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    assert espeak._data_path(Path("/short")) == b"/short"
    home.mkdir()
    assert len(espeak._data_path(home)) < 40
