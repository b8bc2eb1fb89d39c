"""What kind of thing a brief advertises, weighed from all of its words.

The product's own words and what the pictures show weigh most, what it promises and to whom least. One stray word never
decides, and a tie or weak evidence leaves it open: the general kind claims nothing that could be wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adreel_scenes.adapters.template.languages import ENGLISH, language_of
from adreel_scenes.adapters.template.phrasebook import GENERIC, Category, PhraseBook, words_of
from adreel_scenes.domain.brief import StoryBrief

_PRODUCT, _PICTURES, _CALL, _CAMPAIGN, _MESSAGE, _AUDIENCE = 3.0, 2.0, 1.0, 1.0, 0.8, 0.5
# What something is stands at the end of its words: a "coffee table" is a table.
_HEAD_FACTOR = 2.0
_HINT_FACTOR = 0.4
_LEAST_SCORE = 2.0
_LEAST_STEM = 5
_LEAST_LEAD = 1.15
_PARTS = re.compile(r"[,;:(|/–—.]|\s-\s")
_AFTER_HEAD = re.compile(
    r"(?i)\b(?:with|that|which|for|from|by|in|on|at|of|to|and|without|who|where|against|für|mit|aus|pour|avec|de|con)\b"
)


@dataclass(frozen=True, slots=True)
class _Field:
    """One text of the brief and what a word in it weighs."""

    name: str
    text: str
    weight: float
    has_heads: bool = False


def kind_of_product(brief: StoryBrief, book: PhraseBook) -> Category:
    """The category that the brief's words speak for, or the general one."""
    scores = dict.fromkeys(book.categories, 0.0)
    clues: dict[str, set[str]] = {name: set() for name in book.categories}
    in_product: set[str] = set()
    has_compounds = language_of(brief) != ENGLISH
    for field in _fields(brief):
        for word, factor in _evidence(field, book, has_compounds=has_compounds):
            for name, category in book.categories.items():
                strength = 1.0 if word in category.words else _HINT_FACTOR if word in category.hints else 0.0
                if strength:
                    scores[name] += field.weight * factor * strength
                    clues[name].add(word)
                    if field.name == "product" and strength == 1.0:
                        in_product.add(name)
    ranked = sorted(scores, key=lambda name: -scores[name])
    best, second = ranked[0], ranked[1]
    is_weak = scores[best] < _LEAST_SCORE or (best not in in_product and len(clues[best]) < 2)
    if is_weak or scores[best] < scores[second] * _LEAST_LEAD:
        return book.categories[GENERIC]
    return book.categories[best]


def _fields(brief: StoryBrief) -> Sequence[_Field]:
    ad, campaign = brief.ad, brief.campaign
    pictures = "; ".join([*ad.visual_elements, *(asset.name for asset in brief.visual_assets)])
    return (
        _Field("product", ad.product, _PRODUCT, has_heads=True),
        _Field("pictures", pictures, _PICTURES),
        _Field("call", ad.call_to_action, _CALL),
        _Field("campaign", campaign.brief, _CAMPAIGN),
        _Field("message", ad.key_message, _MESSAGE),
        _Field("audience", ad.target_audience, _AUDIENCE),
    )


def _evidence(field: _Field, book: PhraseBook, *, has_compounds: bool) -> list[tuple[str, float]]:
    """Each telling word of a text once, a phrase standing for the words it is made of."""
    text = f" {field.text.casefold()} "
    found: dict[str, float] = {}
    for phrase in book.phrases.findall(text):
        found[phrase] = _HEAD_FACTOR if field.has_heads else 1.0
    text = book.phrases.sub(" , ", text)
    heads = _heads(text) if field.has_heads else frozenset[str]()
    for word in _compounded(words_of(text), book) if has_compounds else words_of(text):
        found[word] = max(found.get(word, 0.0), _HEAD_FACTOR if word in heads else 1.0)
    return list(found.items())


def _compounded(words: Sequence[str], book: PhraseBook) -> list[str]:
    """The words, those that begin with one that tells a kind as that one: "Kaffeerösterei" is about coffee."""
    stems = {word for category in book.categories.values() for word in category.words if len(word) >= _LEAST_STEM}
    known = sorted(stems, key=lambda stem: (-len(stem), stem))
    return [next((stem for stem in known if len(word) > len(stem) and word.startswith(stem)), word) for word in words]


def _heads(text: str) -> frozenset[str]:
    """The last word of each part of a name, before anything that only says more about it."""
    firsts = (words_of(_AFTER_HEAD.split(part, maxsplit=1)[0]) for part in _PARTS.split(text))
    return frozenset(words[-1] for words in firsts if words)
