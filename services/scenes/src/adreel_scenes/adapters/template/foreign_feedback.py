"""Feedback in another language, as the English words that `directions` reads. What is quoted in it is not read."""

import re
from functools import cache

from adreel_scenes.adapters.template.phrasebook import load_lines

_QUOTED = re.compile(r"[“\"„«「][^“”\"„«»「」]*[”\"“»」]")
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def in_english(note: str) -> str:
    """The English of what is recognised, clause by clause; "" if nothing is."""
    text = _QUOTED.sub(" ", note).casefold()
    return ", ".join(english for english, pattern in _glossary().items() if pattern.search(text))


@cache
def _glossary() -> dict[str, re.Pattern[str]]:
    return {
        english: re.compile("|".join(map(_begun, phrases))) for english, phrases in load_lines("feedback.yaml").items()
    }


def _begun(phrase: str) -> str:
    """A phrase at the beginning of a word; Japanese has no spaces to begin one after."""
    escaped = re.escape(phrase)
    return escaped if _JAPANESE.search(phrase) else rf"(?<!\w){escaped}"
