"""Timed phrases from a scene's script, and WebVTT from phrases.

`scene_phrases` is the one place that decides how a script is cut and timed, so captions burnt into the
picture and the subtitle file never disagree. No word of a script is lost: joining the phrases gives
back the script, apart from white space, control characters and stage directions in square brackets.
"""

import bisect
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Two lines of 32 columns: within the 37 of broadcast practice, and still large on a portrait phone screen.
PHRASE_COLUMNS = 64
LINE_COLUMNS = 34
# Below this a phrase cannot be read; such phrases are joined with a neighbour.
SHORTEST_PHRASE_SECONDS = 0.8
# A speaker's pause, in columns of text, after a sentence and after a clause.
SENTENCE_PAUSE_COLUMNS = 4
CLAUSE_PAUSE_COLUMNS = 2
# How long a spoken phrase is read before it is heard, and stays after the last word.
SPOKEN_LEAD_SECONDS = 0.1
SPOKEN_LINGER_SECONDS = 0.7
# More words than anyone can speak in the longest film (120 s); longer input is joined, never examined pairwise.
MOST_PIECES = 600
# A break this many words away from the even place would never be chosen; not looking there keeps long texts cheap.
_REACH_WORDS = 8

_STAGE_DIRECTION = re.compile(r"\[[^\[\]]{0,200}\]")
_SPEAKER_LABEL = re.compile(r"^\s*(?:v\.?o\.?|voice[ -]?over|narrator)(?:\s*\([^()]{0,60}\))?\s*:\s*", re.IGNORECASE)
_SENTENCE_END = ".!?…。！？"
_CLAUSE_END = ",;:、，；：—–"
_CLOSERS = "\"'”’»)」』"
# Line breaking of Chinese and Japanese: what may not begin a line, and what may not end one.
_NEVER_FIRST = _SENTENCE_END + _CLAUSE_END + _CLOSERS + "）ーっゃゅょぁぃぅぇぉッャュョァィゥェォ々\u200d\ufe0f"
_NEVER_LAST = "（「『【〈《"
_ABBREVIATIONS = frozenset(
    {"mr.", "mrs.", "ms.", "dr.", "st.", "no.", "vs.", "e.g.", "i.e.", "approx.", "inc.", "ltd."}
)


@dataclass(frozen=True)
class Phrase:
    """A piece of script and the frames `[start_frame, end_frame)` of the scene's body during which it is shown."""

    text: str
    start_frame: int
    end_frame: int


@dataclass(frozen=True)
class CaptionedScene:
    """A scene as the subtitle file sees it: what is said, and where its body stands in the film."""

    script: str
    start_frame: int
    body_frames: int
    spoken_frames: tuple[int, int] | None = None


def split_phrases(script: str, frames: int, fps: int) -> list[Phrase]:
    """Cut `script` at sentence, clause or word ends and spread the phrases over `frames` frames without gaps.

    Each phrase gets time in proportion to its length plus the pause after it. Empty for a script without
    words or a scene without frames.
    """
    text = spoken_text(script)
    if not text or frames < 1:
        return []
    pieces = _pieces(text)
    most = max(1, int(frames / (SHORTEST_PHRASE_SECONDS * fps)))
    _join_short_ones(pieces, most, frames, fps)
    return _timed(pieces, frames)


def scene_phrases(script: str, body_frames: int, fps: int, spoken: tuple[int, int] | None = None) -> list[Phrase]:
    """The phrases of a scene: over its whole body, or while a voice says them, `spoken` being frames of the body.

    A spoken phrase comes a moment before its words and the last one stays a moment after, within the body.
    """
    if spoken is None:
        return split_phrases(script, body_frames, fps)
    first = max(0, spoken[0] - round(SPOKEN_LEAD_SECONDS * fps))
    last = min(body_frames, spoken[1] + round(SPOKEN_LINGER_SECONDS * fps))
    # So short a while is none: there is more to read than time to read it in, and the body gives what it can.
    if last - first < min(body_frames, SHORTEST_PHRASE_SECONDS * fps):
        return split_phrases(script, body_frames, fps)
    phrases = split_phrases(script, max(1, min(spoken[1], last) - first), fps)
    moved = [Phrase(phrase.text, first + phrase.start_frame, first + phrase.end_frame) for phrase in phrases]
    return [*moved[:-1], Phrase(moved[-1].text, moved[-1].start_frame, last)] if moved else []


def spoken_text(script: str) -> str:
    """The script without control characters, stage directions in square brackets and a leading "VO:"."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in script)
    visible = _STAGE_DIRECTION.sub(" ", _SPEAKER_LABEL.sub("", visible))
    return " ".join(visible.split())


def columns(text: str) -> int:
    """Width of a text in Latin letters: wide East Asian characters count two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def film_phrases(scenes: Sequence[CaptionedScene], fps: int) -> list[Phrase]:
    """The phrases of all scenes in film frames."""
    return [
        Phrase(phrase.text, scene.start_frame + phrase.start_frame, scene.start_frame + phrase.end_frame)
        for scene in scenes
        for phrase in scene_phrases(scene.script, scene.body_frames, fps, scene.spoken_frames)
    ]


def webvtt(phrases: Sequence[Phrase], fps: int) -> str:
    """A WebVTT file (W3C Recommendation track) of the phrases, frames counted from the start of the film."""
    blocks = ["WEBVTT"]
    for number, phrase in enumerate((p for p in phrases if p.text.strip() and p.end_frame > p.start_frame), start=1):
        timing = f"{_timestamp(phrase.start_frame, fps)} --> {_timestamp(phrase.end_frame, fps)}"
        lines = "\n".join(_escaped(line) for line in balanced_lines(phrase.text))
        blocks.append(f"{number}\n{timing}\n{lines}")
    return "\n\n".join(blocks) + "\n"


def balanced_lines(text: str, line_columns: int = LINE_COLUMNS) -> list[str]:
    """Break a phrase into as few lines as fit, all about equally long."""
    words = _words(text)
    count = max(1, math.ceil(columns(text) / line_columns))
    return [_joined(group) for group in _balanced(words, count)]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for sentence in _sentences(text):
        words = _words(sentence)
        count = math.ceil(columns(sentence) / PHRASE_COLUMNS)
        pieces.extend(_joined(group) for group in _balanced(words, count))
    while len(pieces) > MOST_PIECES:
        pieces = [_glued(*pieces[i : i + 2]) for i in range(0, len(pieces), 2)]
    return pieces


def _words(text: str) -> list[str]:
    """Units a line may be broken between; one that had no space behind it ends in a zero-width space."""
    words: list[str] = []
    for token in text.split():
        start = 0
        for index in range(1, len(token)):
            if _is_spaceless(token[index - 1]) and token[index] not in _NEVER_FIRST:
                words.append(token[start:index] + "\u200b")
                start = index
        words.append(token[start:])
    return words


def _is_spaceless(character: str) -> bool:
    """True for Han and kana and their punctuation: scripts that put no spaces between words. Hangul does."""
    if character in _NEVER_LAST or "\uac00" <= character <= "\ud7a3":
        return False
    return unicodedata.east_asian_width(character) in "WF" and unicodedata.category(character) in ("Lo", "Po", "Pe")


def _joined(words: Sequence[str]) -> str:
    """Inverse of `_words`: a zero-width space marks a place where none stood."""
    return " ".join(words).replace("\u200b ", "").replace("\u200b", "")


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    current: list[str] = []
    for word in _words(text):
        current.append(word)
        bare = word.rstrip("\u200b").rstrip(_CLOSERS)
        initial = len(bare) == 2 and bare[0].isupper() and bare[1] == "."
        if bare and bare[-1] in _SENTENCE_END and bare.lower() not in _ABBREVIATIONS and not initial:
            sentences.append(_joined(current))
            current = []
    if current:
        sentences.append(_joined(current))
    return sentences


def _balanced(words: Sequence[str], count: int) -> list[list[str]]:
    """Cut `words` into `count` runs of similar width, rather behind punctuation than inside a clause."""
    if count <= 1 or len(words) <= 1:
        return [list(words)]
    total = sum(columns(word) + 1 for word in words)
    groups: list[list[str]] = []
    first, position = 0, 0
    ends = []
    for word in words:
        position += columns(word) + 1
        ends.append(position)
    for cut in range(1, min(count, len(words))):
        wanted = total * cut / count
        last_allowed = len(words) - (min(count, len(words)) - cut)
        near = bisect.bisect_left(ends, wanted)
        candidates = range(max(first + 1, near - _REACH_WORDS), min(last_allowed, near + _REACH_WORDS) + 1)
        best = min(candidates, key=lambda i: abs(ends[i - 1] - wanted) - _break_bonus(words[i - 1]), default=first + 1)
        groups.append(list(words[first:best]))
        first = best
    groups.append(list(words[first:]))
    return groups


def _break_bonus(word: str) -> int:
    bare = word.rstrip("\u200b").rstrip(_CLOSERS)
    return 8 if bare and bare[-1] in _CLAUSE_END + _SENTENCE_END else 0


def _weight(piece: str) -> int:
    bare = piece.rstrip(_CLOSERS)
    pause = (
        SENTENCE_PAUSE_COLUMNS
        if bare and bare[-1] in _SENTENCE_END
        else CLAUSE_PAUSE_COLUMNS
        if bare and bare[-1] in _CLAUSE_END
        else 0
    )
    return max(1, columns(piece)) + pause


def _join_short_ones(pieces: list[str], most: int, frames: int, fps: int) -> None:
    """Join neighbours until there are at most `most` phrases and none is shown too briefly to be read."""
    weights = [_weight(piece) for piece in pieces]
    total = sum(weights)
    while len(pieces) > 1:
        shortest = min(range(len(pieces)), key=weights.__getitem__)
        is_readable = frames * weights[shortest] >= SHORTEST_PHRASE_SECONDS * fps * total
        if is_readable and len(pieces) <= most:
            return
        neighbours = [i for i in (shortest - 1, shortest + 1) if 0 <= i < len(pieces)]
        first = min(shortest, min(neighbours, key=weights.__getitem__))
        pieces[first : first + 2] = [_glued(pieces[first], pieces[first + 1])]
        joined = _weight(pieces[first])
        total += joined - weights[first] - weights[first + 1]
        weights[first : first + 2] = [joined]


def _glued(first: str, *rest: str) -> str:
    text = first
    for piece in rest:
        text = text + piece if _is_spaceless(text[-1]) else f"{text} {piece}"
    return text


def _timed(pieces: Sequence[str], frames: int) -> list[Phrase]:
    total = sum(_weight(piece) for piece in pieces)
    phrases: list[Phrase] = []
    start, spoken = 0, 0
    for piece in pieces:
        spoken += _weight(piece)
        end = round(frames * spoken / total)
        phrases.append(Phrase(piece, start, end))
        start = end
    return phrases


def _timestamp(frame: int, fps: int) -> str:
    milliseconds = (frame * 1000 + fps // 2) // fps
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
