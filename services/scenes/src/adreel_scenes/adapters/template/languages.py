"""The language of a brief, and what is said in it: scripts are spoken to an audience in its own words.

Descriptions stay English, which whoever films or generates the pictures reads.
"""

import re
from dataclasses import replace

from adreel_scenes.adapters.template.phrasebook import Category, PhraseBook, Tone, languages, word_list
from adreel_scenes.adapters.template.wording import is_foreign
from adreel_scenes.domain.brief import StoryBrief

ENGLISH = "en"
JAPANESE = "ja"
_ENGLISH = word_list("english")
# Kana are Japanese; Chinese has none.
_KANA = re.compile("[\u3040-\u30ff]")


def language_of(brief: StoryBrief) -> str:
    """The language that most of the brief's small words are of; English where nothing speaks clearly for another."""
    ad = brief.ad
    text = " ".join((ad.key_message, ad.call_to_action, ad.target_audience, ad.product))
    if _KANA.search(f"{ad.key_message} {ad.call_to_action}"):
        return JAPANESE
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counts = {name: sum(word in language.words for word in words) for name, language in languages().items()}
    best = max(counts, key=lambda name: counts[name])
    rivals = [count for name, count in counts.items() if name != best]
    clear = counts[best] > max(rivals) and (counts[best] >= 2 or (counts[best] == 1 and is_foreign(text)))
    return best if clear and counts[best] > sum(word in _ENGLISH for word in words) else ENGLISH


def spoken_in(
    language: str, brief: StoryBrief, book: PhraseBook, category: Category, tone: Tone
) -> tuple[PhraseBook, Category, Tone]:
    """What the narrator says in a language: for other languages than English the general lines alone."""
    if language == ENGLISH:
        return book, category, tone
    ours = languages()[language]
    own_words = re.findall(r"\w+", f"{brief.ad.key_message} {brief.ad.call_to_action} {brief.campaign.brief}")
    beats = ours.polite_beats() if ours.formal & set(own_words) else ours.beats
    return (
        replace(book, beats=beats, of_things=frozenset()),
        replace(category, lines={}, own_lines_only=False),
        replace(tone, tags=()),
    )
