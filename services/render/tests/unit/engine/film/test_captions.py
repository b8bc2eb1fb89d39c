"""Captions: nothing of a script is lost, phrases can be read, the file is well-formed WebVTT."""

import itertools
import re

import pytest
from adreel_render.engine.captions import (
    LINE_COLUMNS,
    PHRASE_COLUMNS,
    SHORTEST_PHRASE_SECONDS,
    CaptionedScene,
    Phrase,
    balanced_lines,
    columns,
    film_phrases,
    split_phrases,
    spoken_text,
    webvtt,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SCRIPT = (
    "Meet the bottle that keeps up with you. Cold for 24.5 hours, hot for twelve, and made from recycled steel! "
    "Dr. Meyer calls it the last bottle you will ever need to buy for yourself or anyone you love. Ready?"
)


def test_phrases_end_where_sentences_and_clauses_do() -> None:
    texts = [phrase.text for phrase in split_phrases(SCRIPT, 300, 30)]
    assert texts[0] == "Meet the bottle that keeps up with you."
    assert not any(text.endswith(("Dr.", "24.")) for text in texts)
    assert all(columns(text) <= PHRASE_COLUMNS + 12 for text in texts)


def test_phrases_fill_the_scene_without_gaps_and_can_be_read() -> None:
    phrases = split_phrases(SCRIPT, 300, 30)
    assert phrases[0].start_frame == 0
    assert phrases[-1].end_frame == 300
    assert all(a.end_frame == b.start_frame for a, b in itertools.pairwise(phrases))
    assert min(p.end_frame - p.start_frame for p in phrases) >= SHORTEST_PHRASE_SECONDS * 30 - 1


def test_a_short_scene_joins_phrases_instead_of_flashing_them() -> None:
    phrases = split_phrases("Go. Run. Jump. Win. Now. Yes. Us. All.", 45, 30)
    assert 1 <= len(phrases) <= 2
    assert " ".join(p.text for p in phrases) == "Go. Run. Jump. Win. Now. Yes. Us. All."


def test_chinese_and_japanese_are_cut_between_characters() -> None:
    script = (
        "这款水瓶能保温二十四小时，采用回收钢材制成。"
        "让每一天都更轻松，让每一次出发都更安心，让世界更干净，也让生活更美好。"
    )
    phrases = split_phrases(script, 300, 30)
    assert len(phrases) >= 2
    assert "".join(p.text for p in phrases) == script
    assert all(not p.text.startswith(("，", "。")) for p in phrases)


@pytest.mark.parametrize("script", ["", "   ", "\x00\n", "[music swells]", "VO:"])
def test_a_script_without_words_has_no_phrases(script: str) -> None:
    assert split_phrases(script, 90, 30) == []


def test_labels_and_stage_directions_are_not_spoken() -> None:
    assert spoken_text("Voice-over (warm): Hello [smiles] there") == "Hello there"
    assert spoken_text("Volvo: for life") == "Volvo: for life"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.integers(1, 400), st.sampled_from([24, 25, 30]))
def test_no_text_is_lost_and_no_phrase_is_empty(script: str, frames: int, fps: int) -> None:
    phrases = split_phrases(script, frames, fps)

    def letters(text: str) -> str:
        return re.sub(r"[\s\u200b]+", "", text)

    assert letters("".join(p.text for p in phrases)) == letters(spoken_text(script))
    assert all(p.text.strip() and p.start_frame < p.end_frame for p in phrases)


def test_a_huge_script_is_cut_quickly_and_completely() -> None:
    phrases = split_phrases("word " * 40_000, 3600, 30)
    assert sum(p.text.count("word") for p in phrases) == 40_000
    assert len(phrases) <= 150


def test_lines_are_balanced() -> None:
    lines = balanced_lines("Cold for a whole day and hot for a whole night, wherever you go")
    assert len(lines) == 2
    assert all(columns(line) <= LINE_COLUMNS + 6 for line in lines)


def test_film_phrases_stand_where_their_scenes_do() -> None:
    phrases = film_phrases(
        [CaptionedScene("One.", 0, 60), CaptionedScene("", 60, 30), CaptionedScene("Two.", 90, 60)], 30
    )
    assert phrases == [Phrase("One.", 0, 60), Phrase("Two.", 90, 150)]


def test_webvtt_escapes_what_would_be_markup() -> None:
    text = webvtt([Phrase("1 < 2 & <b>bold</b> --> end", 0, 30), Phrase("fine", 30, 45)], 30)
    assert text.startswith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\n")
    assert "1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt; --&gt; end" in text
    assert text.count("-->") == 2
    assert "00:00:01.000 --> 00:00:01.500\nfine\n" in text
    assert text.endswith("\n")
    assert "\n\n\n" not in text


def test_webvtt_of_nothing_is_an_empty_valid_file() -> None:
    assert webvtt([], 30) == "WEBVTT\n"


@settings(deadline=None)
@given(st.integers(0, 120 * 30), st.sampled_from([24, 25, 30]))
def test_time_stamps_are_within_half_a_millisecond_of_their_frame(frame: int, fps: int) -> None:
    timing = webvtt([Phrase("x", frame, frame + 1)], fps).splitlines()[3]
    hours, minutes, seconds = timing.split(" --> ")[0].split(":")
    shown = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    assert abs(shown - frame / fps) <= 0.000501


def test_korean_keeps_its_spaces_and_emoji_stay_whole() -> None:
    script = (
        "아침은 빠르게 지나갑니다 당신의 커피도 그래야 합니다 "
        "하루 종일 차갑게 그리고 밤새 뜨겁게 유지됩니다 지금 시작하세요"
    )
    phrases = split_phrases(script, 300, 30)
    assert len(phrases) >= 2
    assert " ".join(p.text for p in phrases) == script
    family = "👨\u200d👩\u200d👧\u200d👦"
    lines = balanced_lines(f"{family}👍🏽 " * 12)
    assert sum(line.count(family + "👍🏽") for line in lines) == 12


def test_japanese_never_begins_a_line_with_a_small_or_long_sound() -> None:
    lines = balanced_lines("スーパーキャッチャーでコーヒーをもっとゆっくり楽しもうよ、きょうもいっしょに。" * 2)
    assert len(lines) > 2
    assert not any(line[0] in "ーッャュョっゃゅょ、。" for line in lines)
