"""Lines that look set by hand, and text that is never cut off or drawn as boxes."""

import unicodedata

import numpy as np
import pytest
from adreel_render.engine.fonts import Typeface, Weight, fonts_fingerprint, han_language
from adreel_render.engine.line_breaking import break_lines
from adreel_render.engine.titles import split_title
from adreel_render.engine.typesetting import Align, TextStyle, draw_block, is_rtl, set_text


def monospaced(text: str) -> float:
    """Ten pixels a character."""
    return 10.0 * len(text)


def style(size: int = 40, lines: int = 2, least: int = 20) -> TextStyle:
    return TextStyle(Typeface(Weight.SEMIBOLD), size, least, lines, Align.CENTER)


def test_lines_are_balanced_rather_than_filled() -> None:
    lines = break_lines("one two three four five six seven", monospaced, 280, 2)
    assert lines is not None
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) <= 5


def test_no_single_word_is_left_on_the_last_line() -> None:
    lines = break_lines("The week you keep promising yourself", monospaced, 330, 2)
    assert lines is not None
    assert len(lines[-1].split()) >= 2


def test_lines_do_not_end_with_an_article_where_that_can_be_helped() -> None:
    lines = break_lines("Beech woods and the cold clear streams", monospaced, 300, 3)
    assert lines is not None
    assert all(line.split()[-1] not in ("and", "the") for line in lines)


def test_nothing_is_lost_or_added_but_line_breaks() -> None:
    text = "Seven days of walking, with the path, the bed and the supper taken care of."
    lines = break_lines(text, monospaced, 260, 5)
    assert lines is not None
    assert " ".join(lines) == text


def test_text_that_cannot_fit_is_refused() -> None:
    assert break_lines("far too many words for this", monospaced, 60, 2) is None


def test_a_word_longer_than_a_line_is_hyphenated_away_from_its_ends() -> None:
    lines = break_lines("Donaudampfschifffahrtsgesellschaft", monospaced, 150, 4)
    assert lines is not None
    assert all(monospaced(line) <= 150 for line in lines)
    assert all(line.endswith("-") for line in lines[:-1])
    assert "".join(line.removesuffix("-") for line in lines) == "Donaudampfschifffahrtsgesellschaft"
    assert min(len(lines[0]), len(lines[-1])) >= 3


def test_addresses_break_after_their_marks_without_hyphens() -> None:
    lines = break_lines("https://www.example.com/path/to/page", monospaced, 260, 3)
    assert lines is not None
    assert "".join(lines) == "https://www.example.com/path/to/page"
    assert lines[0][-1] in "/.-"


def test_chinese_and_japanese_break_between_characters_but_never_before_a_full_stop() -> None:
    text = "山の道を歩く七日間。「静かな」朝、川の音。"
    for width in range(40, 150, 10):
        lines = break_lines(text, monospaced, width, 12)
        assert lines is not None
        assert "".join(lines) == text
        assert all(line[0] not in "。、」" for line in lines)
        assert all(line[-1] != "「" for line in lines)


def test_katakana_words_stay_whole() -> None:
    lines = break_lines("北スペインを歩く七日間", monospaced, 70, 3)
    assert lines is not None
    assert any("スペイン" in line for line in lines)


def test_no_break_space_does_not_break() -> None:
    lines = break_lines("about 30\u00a0km away", monospaced, 80, 4)
    assert lines is not None
    assert any("30\u00a0km" in line for line in lines)


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u0000\u200b"])
def test_empty_text_has_no_lines(text: str) -> None:
    assert set_text(text, style(), (400, 100)).lines == ()


@pytest.mark.parametrize(
    "text",
    [
        "Hello there",
        "a b c d e f g h " * 30,
        "Wort" * 80,
        "x",
        "Å̊q̈gjpy ÄÖÜ ßẞ",
        "मैं हिन्दी बोलता हूँ " * 8,
        "שלום עולם " * 10,
    ],
)
def test_ink_never_leaves_its_block(text: str) -> None:
    block = set_text(text, style(), (300, 120))
    assert block.width_px <= 300
    assert block.height_px <= 120
    margin = 40
    mask = draw_block(block, margin)
    ys, xs = np.nonzero(mask > 40)
    allowed = round(block.size_px * 0.12)  # a letter may lean out by a hair
    assert xs.min() >= margin - allowed
    assert xs.max() < margin + block.width_px + allowed
    assert ys.min() >= margin - allowed
    assert ys.max() < margin + block.height_px + allowed


def test_long_text_is_set_smaller_before_it_is_shortened() -> None:
    text = "A sentence of some length that needs smaller type to stand in two lines"
    block = set_text(text, style(least=14), (420, 120))
    assert 14 <= block.size_px < 40
    assert " ".join(block.lines) == text


def test_lines_without_blanks_end_at_stops_where_they_can() -> None:
    lines = break_lines("行程交给我们。路线、住宿和晚餐一应俱全，您只管走进山里，慢慢看云。", monospaced, 130, 4)
    assert lines is not None
    assert sum(line[-1] in "、，。" for line in lines) == len(lines) >= 3
    assert break_lines("一二三四五六七，八九十", monospaced, 70, 2) == ["一二三四五", "六七，八九十"]


def test_endless_text_ends_with_an_ellipsis() -> None:
    block = set_text("word " * 300, style(), (300, 100))
    assert block.lines[-1].endswith("…")


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("text", ["山の小径、夕食", "行程交给我们", "行程交給我們", "산길 여행"])
def test_chinese_japanese_and_korean_are_drawn_on_every_machine(text: str, weight: Weight) -> None:
    face = Typeface(weight)
    assert face.drawable(text) == text
    widest = face.length_px(text, 50)
    assert 0.8 * 50 * len(text.replace(" ", "")) < widest < 1.05 * 50 * len(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [("今すぐ予約", "ja"), ("立即预订", "zh-Hans"), ("立即預訂", "zh-Hant"), ("지금 예약", "ko"), ("Now", None)],
)
def test_the_language_of_han_characters_is_read_from_the_text(text: str, language: str | None) -> None:
    assert han_language(text) == language


def test_a_character_has_the_shape_of_its_language() -> None:
    """U+9AA8, bone: its upper corner turns left in the mainland's Chinese, right in Japanese."""

    def bone(before: str) -> np.ndarray:
        mask = draw_block(set_text(f"{before}骨", style(), (400, 60)), 4)
        return mask[:, mask.shape[1] - 44 :]

    chinese, japanese = bone("们"), bone("す")
    assert chinese.max() == japanese.max() == 255
    assert (np.abs(chinese.astype(int) - japanese) > 128).sum() > 15


def test_emoji_and_unassigned_characters_are_left_out() -> None:
    face = Typeface(Weight.SEMIBOLD)
    assert face.drawable("Go 🎉👨‍👩‍👧 now \U0010fffd\ue000!") == "Go now !"


def test_no_character_that_is_kept_is_drawn_as_a_box() -> None:
    face = Typeface(Weight.SEMIBOLD)
    sample = "Aß Łódź Ελλάδα Привет Tiếng Việt עברית عربي हिन्दी ภาษา € £ ¥ ✓ → … “quotes” — ™ ½"
    assert face.drawable(sample) == sample
    for char in sample:
        if char.isspace() or unicodedata.category(char)[0] == "M":
            continue
        run = face.runs(char, 40)[0]
        box = run.font.getmask("\U0010fffe")
        drawn = run.font.getmask(char)
        assert (drawn.size, bytes(drawn)) != (box.size, bytes(box)), char


def test_direction_is_that_of_the_first_strong_character() -> None:
    assert is_rtl("… שלום")
    assert is_rtl("7 أيام")
    assert not is_rtl("Adreel שלום")
    assert not is_rtl("123")


def test_fonts_fingerprint_is_stable() -> None:
    assert fonts_fingerprint() == fonts_fingerprint()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Vereda Walks: seven guided days", ("Vereda Walks", "Seven guided days")),
     ("Olio – pressed today", ("Olio", "Pressed today")),
     ("山の道：七日間", ("山の道", "七日間")),
     ("Smart Watch", ("Smart Watch", None)),
     ("Ratio 16:9 screens", ("Ratio 16:9 screens", None)),
     ("  spaced   out ", ("spaced out", None))],
)  # fmt: skip
def test_titles_are_split_at_a_colon_or_dash(text: str, expected: tuple[str, str | None]) -> None:
    assert split_title(text) == expected
