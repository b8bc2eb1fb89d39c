"""Letters that join, and lines that run from the right, on a machine without libfribidi.

Pillow shapes text with libraqm, which its wheels contain, and libfribidi, which they look for on the system when Pillow
is imported. Without it Pillow puts one letter after another from left to right, and refuses to be told of directions
and languages. So Arabic letters are joined here, and the pieces that run from the right are turned round. What is lost
still: Devanagari's joint letters, and the shapes that Chinese, Korean and Japanese readers expect of a character they
share; both can be read. https://pillow.readthedocs.io/en/stable/installation/building-from-source.html
"""

import re
from functools import cache

from arabic_reshaper import ArabicReshaper
from bidi.algorithm import get_display
from PIL import features

_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
# The fonts here have letters in all their positions and lam with alef, and few of the grander ligatures.
_RESHAPER = ArabicReshaper({"delete_harakat": False, "ARABIC LIGATURE ALLAH": False})


@cache
def has_shaping() -> bool:
    """Whether Pillow shapes text itself."""
    return bool(features.check("raqm"))


def joined(text: str) -> str:
    """The text with its Arabic letters in the form that their place asks for, still in reading order."""
    if has_shaping() or not _ARABIC.search(text):
        return text
    return str(_RESHAPER.reshape(text))


def as_seen(text: str) -> str:
    """A piece that runs from the right, in the order of its letters from the left; brackets turn round with it."""
    return str(get_display(text, base_dir="R"))
