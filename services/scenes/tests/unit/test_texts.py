"""Plain text, known words and the length of speech."""

import pytest
from adreel_scenes.domain.plain_text import cut_at_word, has_control_characters, plain_text
from adreel_scenes.domain.rules import carries_call_to_action
from adreel_scenes.domain.speech import is_speakable, spoken_words
from adreel_scenes.domain.vocabulary import ShotType, Transition, known_shot, known_transition
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_text", "plain"),
    [
        ("<b>Bold</b> words", "Bold words"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<<b>script>x", "< script>x"),
        ("I <3 you & a < b", "I <3 you & a < b"),
        ("null\x00 and bell\x07", "null and bell"),
        ("abc\u202edef", "abcdef"),
        ("two\n\nlines\tand   spaces ", "two lines and spaces"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("👩\u200d🚀 stays whole", "👩\u200d🚀 stays whole"),
        ("e\u0301", "é"),
    ],
)
def test_text_is_made_plain(given_text, plain):
    assert plain_text(given_text) == plain


@given(st.text(max_size=300))
def test_plain_text_is_plain_and_stays_so(text):
    once = plain_text(text)
    assert not has_control_characters(once)
    assert plain_text(once) == once
    once.encode("utf-8")


def test_long_text_is_cut_at_a_word():
    assert cut_at_word("one two three, four", 16) == "one two three"
    assert cut_at_word("x" * 50, 10) == "x" * 10


@pytest.mark.parametrize(
    ("text", "shot"),
    [
        ("Close-Up", ShotType.CLOSE_UP),
        ("close up", ShotType.CLOSE_UP),
        ("WIDE SHOT", ShotType.WIDE),
        ("over-the-shoulder", ShotType.OVER_THE_SHOULDER),
        ("Point of view shot", ShotType.POINT_OF_VIEW),
        ("pov", ShotType.POINT_OF_VIEW),
        ("Product_Feature", ShotType.PRODUCT_FEATURE),
        ("Dutch angle", None),
        ("", None),
    ],
)
def test_shots_are_recognised_in_any_spelling(text, shot):
    assert known_shot(text) is shot


@pytest.mark.parametrize(
    ("text", "transition"),
    [
        ("Cross-Fade", Transition.CROSSFADE),
        ("fade-in", Transition.FADE_IN),
        ("FAST CUTS", Transition.FAST_CUTS),
        ("Wipe transition", Transition.WIPE),
        ("starburst", None),
    ],
)
def test_transitions_are_recognised_in_any_spelling(text, transition):
    assert known_transition(text) is transition


@pytest.mark.parametrize(
    ("text", "words"), [("Don't stop, 24/7!", 4), ("", 0), ("🔥🔥", 0), ("東京で会う", 3), ("well-made", 1)]
)
def test_words_are_counted_as_spoken(text, words):
    assert spoken_words(text) == words


def test_script_longer_than_its_time_is_not_speakable():
    assert is_speakable("one two three", 1_000)
    assert not is_speakable("one two three four", 1_000)


@pytest.mark.parametrize(
    ("script", "call", "carries"),
    [
        ("So go on: buy now, today.", "Buy Now!", True),
        ("Buy nowhere else.", "Buy Now", False),
        ("Jetzt vorbeikommen!", "jetzt vorbeikommen", True),
        ("Anything", "", True),
        ("Tap 👉", "👉", True),
        ("Tap", "👉", False),
    ],
)
def test_call_to_action_is_heard_word_for_word(script, call, carries):
    assert carries_call_to_action(script, call) is carries
