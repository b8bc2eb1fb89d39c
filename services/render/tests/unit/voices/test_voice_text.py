"""What reaches a voice: the words, bounded, with nothing in them that is markup or noise."""

import unicodedata

import pytest
from adreel_render.domain.voice import Voice, speech_key
from adreel_render.domain.voice_language import language_of
from adreel_render.domain.voice_text import MOST_CHARACTERS, MOST_COLUMNS_PER_SECOND, speakable_text
from adreel_render.engine.captions import columns, spoken_text
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("V.O.: Meet the lamp. [warm music]", "Meet the lamp."),
        ("Narrator (softly): It is quiet.", "It is quiet."),
        ("<speak>Hello <break time='9s'/>there</speak>", "Hello there"),
        ("<!-- x -->Hello <?xml version='1.0'?>", "Hello"),
        ("[[h@l'oU]] you", "you"),
        ("Five < six > four", "Five six four"),
        ("Buy \U0001f600 now \U0001f1e9\U0001f1ea❤️!", "Buy now !"),
        ("one\x00two\x1b[31mthree\u202egnp\u200b", "one two 31mthree gnp"),
        ("sooooooooo good!!!!!!!!!!", "sooo good!!!"),
        ("café", "café"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\U0001f680\U0001f680 ... !!", ""),
        ("   \n\t", ""),
        ("", ""),
    ],
)
def test_only_words_are_spoken(script: str, said: str) -> None:
    assert speakable_text(script, 10.0) == said


def test_plain_script_is_said_as_captions_show_it() -> None:
    script = "VO: Light for every morning, and quiet for every night — from €49.95 (50% off)."
    assert speakable_text(script, 10.0) == spoken_text(script)


def test_text_beyond_the_scene_is_left_out_at_the_end_of_a_sentence() -> None:
    script = "This is a sentence of some words. " * 300
    said = speakable_text(script, 4.0)
    assert said.endswith("words.")
    assert 60 < columns(said) <= 4.0 * MOST_COLUMNS_PER_SECOND


def test_text_without_sentences_is_left_out_at_a_word() -> None:
    said = speakable_text("word " * 2000, 4.0)
    assert set(said.split()) == {"word"}
    assert len(speakable_text("wo" * 5000, 120.0)) <= MOST_CHARACTERS


@given(st.text(max_size=400), st.floats(0.1, 120.0))
def test_any_text_is_bounded_and_clean(script: str, seconds: float) -> None:
    said = speakable_text(script, seconds)
    assert len(said) <= MOST_CHARACTERS
    assert columns(said) <= max(seconds, 1.0) * MOST_COLUMNS_PER_SECOND
    assert not said or any(char.isalnum() for char in said)
    assert not {unicodedata.category(char) for char in said} & {"Cc", "Cs", "Co", "Cn", "So", "Zl", "Zp"}
    assert not set("<>[]{}\\`*^~|") & set(said)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Meet the lamp that wakes you gently.", "en"),
        ("Die Lampe, die dich sanft weckt, und das jeden Tag.", "de"),
        ("La lampe qui vous réveille en douceur, pour les matins calmes.", "fr"),
        ("La lámpara que te despierta con calma por la mañana.", "es"),
        ("Привет, мир", "ru"),
        ("Привіт, світе", "uk"),
        ("你好，世界", "zh"),
        ("日本語のテスト", "ja"),
        ("안녕하세요", "ko"),
        ("مرحبا بالعالم", "ar"),
        ("नमस्ते", "hi"),
        ("Café Müller", "en"),
        ("12345", "en"),
        ("", "en"),
    ],
)
def test_language_is_told_by_letters_and_small_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_key_holds_all_that_shapes_a_speech() -> None:
    voice = Voice("openai", "gpt-4o-mini-tts", "coral", instructions="calm")
    same = Voice("openai", "gpt-4o-mini-tts", "coral", instructions="calm")
    others = [
        Voice("openai", "tts-1", "coral", instructions="calm"),
        Voice("openai", "gpt-4o-mini-tts", "ash", instructions="calm"),
        Voice("openai", "gpt-4o-mini-tts", "coral", instructions="lively"),
        Voice("openai", "gpt-4o-mini-tts", "coral", "de", "calm"),
        Voice("local", "gpt-4o-mini-tts", "coral", instructions="calm"),
    ]
    assert speech_key("Hello", voice) == speech_key("Hello", same)
    keys = {speech_key("Hello", voice), speech_key("Hello!", voice), *(speech_key("Hello", one) for one in others)}
    assert len(keys) == 2 + len(others)
