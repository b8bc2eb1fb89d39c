"""Cuts a text into lines that look set by hand: balanced, no orphan word, no cut-off word.

Pure: knows a text only through `measure`, which gives the length of a piece of a line in pixels. Lines
break at blanks, after hyphens and slashes, and between CJK characters under the usual rules (no closing
mark or small kana first, no opening mark last). A word that is longer than a whole line is broken, with a
hyphen where it is a word of letters.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import accumulate, islice, pairwise
from math import ceil

Measure = Callable[[str], float]

_NOT_FIRST = set(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）］｝」』】〉》〕’”,.:;?!)]}»›%‰…ァィゥェォッャュョヮぁぃぅぇぉっゃゅょゎ"
)
_NOT_LAST = set("（［｛「『【〈《〔‘“([{«‹$£¥€#")
_BREAK_AFTER = set("-–—/_.?&=")
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")
_GLUE = "\u00a0\u202f\u2060"
_ORPHAN_SHARE = 0.28
"""A last line shorter than this share of the longest looks lost."""

_SPLITS_LOOKED_AT = 9
"""So many letters earlier a line may end for the sake of a better split."""
_VOWELS = "aeiouyаеёиоуыэюяαεηιουω"
_SOUNDS = frozenset({"ch", "sch", "sh", "th", "ph", "ck", "qu", "ll", "rr"})
"""Letters that are one sound, and stay together."""
_ONSETS = (
    "sch",
    "ch",
    "sh",
    "th",
    "ph",
    "qu",
    "br",
    "bl",
    "cr",
    "cl",
    "dr",
    "fr",
    "fl",
    "gr",
    "gl",
    "kr",
    "kl",
    "pr",
    "pl",
    "tr",
)


def break_lines(text: str, measure: Measure, width_px: float, max_lines: int) -> list[str] | None:
    """The best setting in at most `max_lines` lines, or None if the text does not fit in them.

    Line breaks in the text are kept. As few lines as possible are used, as even as possible.
    """
    paragraphs = [part for part in (_BLANKS.sub(" ", line).strip() for line in text.splitlines()) if part]
    lines: list[str] = []
    for paragraph in paragraphs:
        atoms = _fitting_atoms(_atoms(paragraph), measure, width_px)
        set_lines = _balanced(atoms, measure, width_px, max_lines - len(lines))
        if set_lines is None:
            return None
        lines += set_lines
    return lines


def longest_word_px(text: str, measure: Measure) -> float:
    """The length of the longest piece that cannot be broken without a hyphen."""
    return max((measure(atom.rstrip()) for line in text.splitlines() for atom in _atoms(line)), default=0.0)


def _atoms(text: str) -> list[str]:
    """Pieces that stay whole, each with the blank that follows it."""
    atoms: list[str] = []
    for index, char in enumerate(text):
        if atoms and not _may_break(text[index - 1], char, text[index + 1 : index + 2]):
            atoms[-1] += char
        else:
            atoms.append(char)
    return atoms


def _may_break(before: str, after: str, later: str) -> bool:
    if before in _GLUE or after in _GLUE or after.isspace():
        return False
    if before.isspace():
        return True
    if unicodedata.category(after)[0] == "M" or after in _NOT_FIRST or before in _NOT_LAST:
        return False
    if _is_katakana(before) and _is_katakana(after):
        return False  # a loan word: it is one
    if _is_cjk(before) or _is_cjk(after):
        return True
    return before in "-–—/" and after.isalpha() and later.isalpha()


def _is_katakana(char: str) -> bool:
    return "\u30a1" <= char <= "\u30fe"


def _is_cjk(char: str) -> bool:
    code = ord(char)
    return (
        0x2E80 <= code <= 0x303F  # radicals, CJK marks
        or 0x3040 <= code <= 0x30FF  # kana
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFF60
        or 0x20000 <= code <= 0x3FFFF
    )


def _fitting_atoms(atoms: list[str], measure: Measure, width_px: float) -> list[str]:
    """The atoms, those longer than a line in pieces that fit."""
    fitting: list[str] = []
    for atom in atoms:
        rest = atom
        while measure(rest.rstrip()) > width_px and len(rest.rstrip()) > 1:
            head, rest = _split_word(rest, measure, width_px)
            fitting.append(head)
        fitting.append(rest)
    return fitting


def _split_word(word: str, measure: Measure, width_px: float) -> tuple[str, str]:
    """As much of a word as fits, hyphenated between letters, and what is left."""
    splits = list(islice(_splits(word, measure, width_px), _SPLITS_LOOKED_AT))
    if not splits:
        return word[:1], word[1:]
    cut, head = next((split for split in splits if _is_between_syllables(word, split[0])), splits[0])
    return _at_mark(word, cut, head)


def _splits(word: str, measure: Measure, width_px: float) -> Iterator[tuple[int, str]]:
    """Places where a word may be split so that its head fits, and the head, the longest first."""
    for cut in range(_longest_fitting(word, measure, width_px), 0, -1):
        before, after = word[cut - 1], word[cut]
        if unicodedata.category(after)[0] == "M" or after in "\u200d\u200c" or before in "\u200d\u200c":
            continue
        is_inside_word = _is_alphabetic(before) and _is_alphabetic(after)
        if is_inside_word and (cut < 3 or sum(map(str.isalpha, word[cut:])) < 3) and cut > 1:
            continue
        head = word[:cut] + ("-" if is_inside_word else "")
        if measure(head) <= width_px:
            yield cut, head


def _is_between_syllables(word: str, cut: int) -> bool:
    """Whether a split there looks right in most languages of letters: before a consonant that opens a syllable.

    No dictionary: "wa-chung" and "tra-gung", not "wachun-gs" or "übe-rtragung". Anything but letters may be split
    anywhere.
    """
    if not _is_alphabetic(word[cut - 1]) or not _is_alphabetic(word[cut]):
        return True
    onset = next((sound for sound in _ONSETS if word[cut:].lower().startswith(sound)), word[cut].lower())
    plain = unicodedata.normalize("NFD", word[cut + len(onset) : cut + len(onset) + 1].lower())[:1]
    splits_a_sound = word[cut - 1 : cut + 1].lower() in _SOUNDS or word[cut - 2 : cut + 1].lower() in _SOUNDS
    return onset[0] not in _VOWELS and plain in _VOWELS and plain != "" and not splits_a_sound


def _longest_fitting(word: str, measure: Measure, width_px: float) -> int:
    """How many of a word's first characters fit, found by halving; less than all of them."""
    low, high = 1, len(word) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(word[:middle]) <= width_px else (low, middle - 1)
    return low


def _at_mark(word: str, cut: int, head: str) -> tuple[str, str]:
    """Addresses break after a mark, if there is one in the later half."""
    for place in range(cut, cut // 2, -1):
        if word[place - 1] in _BREAK_AFTER:
            return word[:place], word[place:]
    return head, word[cut:]


def _is_alphabetic(char: str) -> bool:
    """Letters of scripts that hyphenate: Latin, Greek, Cyrillic."""
    return char.isalpha() and ord(char) < 0x0530


def _balanced(atoms: list[str], measure: Measure, width_px: float, max_lines: int) -> list[str] | None:
    """The fewest lines, and of those settings the one with the least uneven lines."""
    spans = _Spans(atoms, measure)
    fewest = max(1, ceil(spans.length(0, len(atoms)) / width_px - 0.02))
    for count in range(fewest, max_lines + 1):
        lines = _set_in(spans, width_px, count)
        # Spans are sums of their atoms; kerning between atoms may still push a line over.
        if lines is not None and all(measure(line) <= width_px for line in lines):
            return lines
    return None


class _Spans:
    """Lengths of runs of atoms out of one measurement an atom: long texts stay cheap to set."""

    def __init__(self, atoms: list[str], measure: Measure) -> None:
        self.atoms = atoms
        full = [measure(atom) for atom in atoms]
        self._before = [0.0, *accumulate(full)]
        self._blank = [size - measure(atom.rstrip()) for atom, size in zip(atoms, full, strict=True)]

    def length(self, start: int, end: int) -> float:
        """The length of atoms `start` to `end` as a line, without the blank at its end."""
        return self._before[end] - self._before[start] - (self._blank[end - 1] if end > start else 0.0)

    def text(self, start: int, end: int) -> str:
        """The line itself."""
        return "".join(self.atoms[start:end]).strip()


def _set_in(spans: _Spans, width_px: float, count: int) -> list[str] | None:
    """The least uneven setting in exactly `count` lines, by dynamic programming over break places."""
    total = len(spans.atoms)
    if count > max(total, 1):
        return None
    goal = spans.length(0, total) / count
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for number in range(count):
        is_last = number == count - 1
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cost, breaks) in best.items():
            for end in range(start + 1, total + 1):
                size = spans.length(start, end)
                if size > width_px:
                    break
                if (end == total) is not is_last:
                    continue
                penalty = (size - goal) ** 2 + _break_penalty(spans.atoms, start, end, is_last, size, goal)
                if end not in following or cost + penalty < following[end][0]:
                    following[end] = (cost + penalty, (*breaks, end))
        best = following
    if total not in best:
        return None
    return [spans.text(start, end) for start, end in pairwise(best[total][1])]


_WEAK_ENDS = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "to", "for", "and", "or", "with", "by"}  # English
    | {"der", "die", "das", "und", "le", "la", "les", "de", "et", "el", "y", "un", "una"}
)
"""Words that belong to what follows: a line that ends with one reads badly."""


_STOPS_WITHOUT_BLANKS = frozenset("、，。；：！？")
"""In scripts without blanks these alone are known to end a word: a line may be a third shorter for their sake."""


def _break_penalty(atoms: list[str], start: int, end: int, is_last: bool, size: float, goal: float) -> float:
    """Prefers breaks after punctuation, avoids ending a line with a small word or leaving one word alone."""
    if is_last:
        is_orphan = end - start == 1 and start > 0 and size < goal * (1 - _ORPHAN_SHARE)
        return goal**2 if is_orphan else 0.0
    ending = atoms[end - 1].strip()
    if ending.lower() in _WEAK_ENDS:
        return (goal * 0.45) ** 2
    if ending[-1:] in _STOPS_WITHOUT_BLANKS:
        return -((goal * 0.35) ** 2)
    return -((goal * 0.12) ** 2) if ending[-1:] in ",.;:!?–—" else 0.0
