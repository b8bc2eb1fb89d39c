"""From a scene's script to what a voice is given: the words that captions show, without what only eyes read.

A script is hostile until it came through here: nothing of it is markup to a voice, and its length is bounded by the
time there is. What is left out is left out whole: words are never cut.
"""

import re
import unicodedata

from adreel_render.engine.captions import columns, spoken_text

# A hurried voice says about 22 columns of Latin text a second; what is beyond this could never be heard in its scene.
MOST_COLUMNS_PER_SECOND = 30.0
# OpenAI takes 4096 characters a call.
MOST_CHARACTERS = 4000

_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,300}/?>")
# Emoji, dingbats, private and unassigned characters, and the invisible ones that turn the direction of writing.
_UNSPOKEN = frozenset({"So", "Sk", "Co", "Cn", "Cs", "Cc", "Zl", "Zp"})
# Persian and the scripts of India spell with these two invisible characters.
_JOINERS = "\u200c\u200d"
_VARIATION = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef\U000e0020-\U000e007f\u20e3]")
_RUN = re.compile(r"(.)\1{4,}")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\")\]»”’]*(?=\s|$)|[。！？]")


def speakable_text(script: str, seconds: float) -> str:
    """What a voice says of a script in a scene of this length; empty where there is nothing to say.

    Speaker labels and stage directions are left out as in the captions, tags, emoji and symbols too; long runs of
    one character are shortened. Text beyond what could be said even in a hurry is dropped at the end of a sentence, or
    of a word.
    """
    words = _TAG.sub(" ", unicodedata.normalize("NFC", spoken_text(script)))
    words = _VARIATION.sub("", words)
    words = "".join(char if _is_spoken(char) else " " for char in words)
    words = _RUN.sub(r"\1\1\1", " ".join(words.split()))
    words = _shortened(words, max(seconds, 1.0) * MOST_COLUMNS_PER_SECOND)
    return words if any(char.isalnum() for char in words) else ""


def _is_spoken(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cf":
        return char in _JOINERS
    return category not in _UNSPOKEN and char not in "[]{}<>|\\^~`*_"


def _shortened(text: str, most_columns: float) -> str:
    if len(text) <= MOST_CHARACTERS and columns(text) <= most_columns:
        return text
    kept = text[:MOST_CHARACTERS]
    if columns(kept) > most_columns:
        width = 0
        for place, char in enumerate(kept):
            width += columns(char)
            if width > most_columns:
                kept = kept[:place]
                break
    ends = [found.end() for found in _SENTENCE_END.finditer(kept)]
    if ends and ends[-1] >= len(kept) // 2:
        return kept[: ends[-1]]
    # Scripts without spaces have no place to look for; they break anywhere.
    return kept.rsplit(" ", 1)[0] if " " in kept else kept
