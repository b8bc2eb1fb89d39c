"""How long a text takes to say. An advertising voice says about 2.0 to 2.4 words a second; 3 is a gabble."""

import re

COMFORTABLE_WORDS_PER_SECOND = 2.4
FASTEST_WORDS_PER_SECOND = 3.0

# Scripts written without spaces are counted two characters to a word.
_DENSE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W_]+(?:['’.\-&][^\W_]+)*")


def spoken_words(text: str) -> int:
    """Words that a voice would say; punctuation and emoji count for nothing."""
    dense = len(_DENSE.findall(text))
    return len(_WORD.findall(_DENSE.sub(" ", text))) + (dense + 1) // 2


def is_speakable(text: str, duration_ms: int) -> bool:
    """Whether a voice in a hurry still gets through `text` in time (one word is always allowed)."""
    return spoken_words(text) <= max(1.0, duration_ms / 1000 * FASTEST_WORDS_PER_SECOND)
