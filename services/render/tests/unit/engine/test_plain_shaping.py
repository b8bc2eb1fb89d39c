"""Text on a machine without libfribidi: drawn all the same, and as near as can be to what it is with it."""

import numpy as np
import pytest
from adreel_render.engine import fonts, plain_shaping
from adreel_render.engine.fonts import Typeface, Weight, fonts_fingerprint
from adreel_render.engine.plain_shaping import as_seen, has_shaping, joined
from adreel_render.engine.typesetting import TextStyle, draw_block, set_text
from PIL import ImageFont

needs_shaping = pytest.mark.skipif(not has_shaping(), reason="needs libfribidi, to compare with")

TEXTS = {
    "arabic": "احجز أسبوعك اليوم (2026)",
    "hebrew": "הזמינו את השבוע שלכם (2026)",
    "japanese": "今年の夏は、山へ出かけよう。",
    "korean": "올여름, 산으로 떠나요.",
    "devanagari": "अपना सप्ताह आज ही बुक करें",
    "thai": "จองสัปดาห์ของคุณวันนี้",
    "mixed": "Vereda Walks: احجز اليوم",
}


@pytest.fixture
def without_fribidi(monkeypatch):
    """As Pillow is where it has not found the library."""
    caches = (fonts.load_font, fonts.fonts_fingerprint, plain_shaping.has_shaping)
    monkeypatch.setattr(ImageFont.core, "HAVE_RAQM", False)
    for cached in caches:
        cached.cache_clear()
    assert not has_shaping()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def ink_of(text):
    face = Typeface(Weight.BOLD)
    block = set_text(text, TextStyle(face, 48, 24, 3), (900, 300))
    assert block.lines
    return draw_block(block, 20)


@pytest.mark.parametrize("name", TEXTS)
def test_every_script_is_drawn(without_fribidi, name):
    assert ink_of(TEXTS[name]).max() == 255


@needs_shaping
@pytest.mark.parametrize("name", ["arabic", "hebrew", "japanese", "korean", "mixed"])
def test_it_looks_as_it_does_with_the_library(request, name):
    with_it = profile_of(ink_of(TEXTS[name]))
    request.getfixturevalue("without_fribidi")
    without = profile_of(ink_of(TEXTS[name]))
    likeness, likeness_mirrored = (np.corrcoef(with_it, other)[0, 1] for other in (without, without[::-1]))
    assert likeness > 0.8
    assert likeness_mirrored < 0.5


def profile_of(ink):
    """How much ink there is along a line, from its first letter to its last: kerning, which is lost, moves little."""
    columns = ink.astype(float).sum(0)
    inked = np.flatnonzero(columns)
    columns = np.convolve(columns[inked[0] : inked[-1] + 1], np.ones(15), "same")
    return np.interp(np.linspace(0, len(columns) - 1, 200), np.arange(len(columns)), columns)


def test_letters_join_only_where_nobody_else_joins_them(request):
    if has_shaping():
        assert joined("سلام") == "سلام"
    request.getfixturevalue("without_fribidi")
    assert joined("سلام") == "ﺳﻼﻡ"
    assert joined("Summit") == "Summit"


def test_pieces_from_the_right_turn_round_but_their_numbers_do_not():
    assert as_seen("שלום (42)") == "(42) םולש"


@needs_shaping
def test_clips_drawn_with_and_without_are_different_clips(request):
    before = fonts_fingerprint()
    request.getfixturevalue("without_fribidi")
    assert fonts_fingerprint() != before
