"""What holds for a whole storyboard: the cleaned brief, the kind of product, the tone, and what feedback asks for."""

from dataclasses import dataclass, replace

from adreel_scenes.adapters.template.classification import kind_of_product
from adreel_scenes.adapters.template.directions import Directions, find_price
from adreel_scenes.adapters.template.languages import ENGLISH, language_of
from adreel_scenes.adapters.template.narrator import DENSE, NORMAL, RELAXED, SPARSE, Pace
from adreel_scenes.adapters.template.phrasebook import DEFAULT_TONE, Category, PhraseBook, Tone, phrase_book
from adreel_scenes.domain.brief import StoryBrief


@dataclass(frozen=True, slots=True)
class Setup:
    """The choices made once, before any scene is written."""

    brief: StoryBrief
    book: PhraseBook
    category: Category
    tone: Tone
    directions: Directions
    price: str | None
    language: str = ENGLISH

    @property
    def pace(self) -> Pace:
        """How many words a second are said."""
        if self.directions.less_text:
            return SPARSE
        if self.directions.more_text:
            return DENSE
        return RELAXED if self.directions.pace < 0 or self.tone.pace < 0 else NORMAL


def pace_of(tone: str, style: str) -> int:
    """How many scenes more (or, below zero, fewer) than usual a film of this tone and style has, without feedback."""
    book = phrase_book()
    return max(-1, min(1, (book.tone_of(tone, style) or book.tones[DEFAULT_TONE]).pace))


def set_up(brief: StoryBrief, directions: Directions, *, note: str = "", style: str = "") -> Setup:
    """Reads the brief. `style` overrides the brief's; a tone asked for in feedback overrides both."""
    brief = brief.cleaned()
    if style:
        brief = replace(brief, ad=replace(brief.ad, style=style))
    book = phrase_book()
    ad, campaign = brief.ad, brief.campaign
    category = kind_of_product(brief, book)
    asked = book.tones[directions.tone] if directions.tone else None
    tone = asked or book.tone_of(style, ad.tone, brief.brand.tone, ad.style, campaign.goal)
    price = directions.price or find_price(note, ad.product, ad.key_message, ad.call_to_action, campaign.brief)
    return Setup(
        brief, book, category, tone or book.tones[DEFAULT_TONE], directions, price, language=language_of(brief)
    )
