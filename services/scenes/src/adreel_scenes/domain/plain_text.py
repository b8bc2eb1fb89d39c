"""Text from outside made plain: no markup, no control characters, no invisible direction marks.

Every text that enters a storyboard (a brief, a person's edit, a model's answer) passes through here, so that what
is stored can be spoken, drawn, put in a prompt or in JSON without surprises. It never adds or rewords anything.
"""

import re
import unicodedata

_TAG = re.compile(r"<!--.*?-->|<[/!?]?[A-Za-z][^<>]*>", re.DOTALL)
_UNCLOSED_TAG = re.compile(r"<(?=[/!?]?[A-Za-z])")
_SPACE = re.compile(r"\s+")
# Joiners are kept: they hold emoji and several scripts together.
_KEPT_FORMAT_CHARACTERS = {"\u200c", "\u200d"}


def plain_text(text: str) -> str:
    """`text` on one line, in NFC, without tags, control characters, bidirectional overrides or lone surrogates."""
    visible = "".join(_visible(character) for character in unicodedata.normalize("NFC", _without_surrogates(text)))
    return _SPACE.sub(" ", _without_tags(visible)).strip()


def has_control_characters(text: str) -> bool:
    """Whether `text` holds characters that no person types: a hint of an attack or of broken input."""
    return any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r" for character in text)


def cut_at_word(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, ending at a word where there is one in the last quarter."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    space = head.rfind(" ")
    return (head[:space] if space > limit * 3 // 4 else head).rstrip(" ,;:-–—")


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "ignore").decode("utf-8")


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category in ("Cc", "Cs", "Co", "Cn") or (category == "Cf" and character not in _KEPT_FORMAT_CHARACTERS):
        return ""
    return character


def _without_tags(text: str) -> str:
    # Taking one tag out may join two halves of another; two passes and then the brackets alone bound the work.
    for _ in range(2):
        text = _TAG.sub(" ", text)
    return _UNCLOSED_TAG.sub("", text)
