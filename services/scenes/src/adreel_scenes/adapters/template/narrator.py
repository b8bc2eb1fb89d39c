"""Scripts: real sentences from the copybook around the user's words, sized to the time there is to say them.

A narrator serves one storyboard and never says a sentence twice in it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from adreel_scenes.adapters.template.languages import ENGLISH
from adreel_scenes.adapters.template.phrasebook import Category, PhraseBook, Tone
from adreel_scenes.adapters.template.wording import (
    NounPhrase,
    audience_phrase,
    is_foreign,
    label,
    sentence,
    sentence_key,
    sentences,
    shortened,
    speakable,
)
from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.rules import carries_call_to_action
from adreel_scenes.domain.speech import spoken_words

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Beats whose wells are used when a beat's own lines run dry; true of any product at any point of an ad.
_DEEP_WELLS = ("detail", "benefit", "demo", "proof", "offer", "cta", "hook")

# A product is introduced once in a scene; what follows says more about it.
_FOLLOWED_BY = {"reveal": "detail", "voice_turn": "voice_after", "tease": "hook"}
# A cheerful tag after a complaint, or between two spoken memories, would sound like another ad.
_TAGLESS_BEATS = frozenset({"problem", "voice_before", "voice_turn", "voice_after", "reason"})
# "The answer has a name" must be followed by one.
_SAYS_NAME = re.compile(r"\bname\b(?!\})")
_SHORT_AUDIENCE = 4
_COUNTED_BEATS = frozenset({"countdown_open", "reason"})


@dataclass(frozen=True, slots=True)
class Pace:
    """Words a second: a script fills at least `least`, at most `most`."""

    least: float = 1.9
    most: float = 2.4


RELAXED, NORMAL, DENSE, SPARSE = Pace(1.6, 2.1), Pace(), Pace(2.1, 2.6), Pace(0.5, 1.2)


class Narrator:
    """Says each beat in words that fit its time. `said` holds what must not be said again."""

    def __init__(
        self,
        brief: StoryBrief,
        book: PhraseBook,
        category: Category,
        tone: Tone,
        random: Random,
        said: Iterable[str] = (),
        *,
        language: str = ENGLISH,
    ) -> None:
        self._brief = brief
        self._book = book
        self._category = category
        self._tone = tone
        self._random = random
        self._used = {sentence_key(line) for line in said}
        self._told: set[str] = set()
        self._language = language
        product = NounPhrase.of(brief.ad.product, otherwise=brief.brand.client_name)
        # Only English can put its articles before a name that a person typed.
        self.product = product if language == ENGLISH else NounPhrase(product.name, product.name, False, is_name=True)
        self._audience = audience_phrase(brief.ad.target_audience) if brief.ad.target_audience.strip() else ""
        self._brand = label(speakable(brief.brand.client_name))

    def script(
        self, beat: str, duration_ms: int, pace: Pace, musts: Sequence[str] = (), last: Sequence[str] = ()
    ) -> str:
        """The words of one scene: an opening of the beat, what must be said, more of the beat, what must come last."""
        musts = self._untold(musts)
        seconds = duration_ms / 1000
        most, least = max(2, int(seconds * pace.most)), seconds * pace.least
        fixed = sum(spoken_words(line) for line in (*musts, *last))
        # A count comes first: nothing may stand before "Number three."
        opening = (
            [] if beat in _COUNTED_BEATS and musts else self._opening(beat, most - fixed, is_needed=not (musts or last))
        )
        for fixed_line in (*opening, *musts, *last):
            self.spend(fixed_line)
        said = [*opening, *musts]
        count = sum(spoken_words(line) for line in said) + sum(spoken_words(line) for line in last)
        has_tag = False
        while count < least and (line := self._more(beat, most - count, with_tags=not has_tag)):
            text, is_tag = line
            has_tag = has_tag or is_tag
            said.append(text)
            self.spend(text)
            count += spoken_words(text)
        self._told.update(sentence_key(part) for line in (*said, *last) for part in sentences(line))
        return " ".join([*said, *last])

    def message(self, most_words: int) -> str | None:
        """The key message (its beginning, if it is long) as a sentence of its own; None if it is said already.

        A sentence that is only somewhat too long is said whole: half of one may say something else.
        """
        spoken = speakable(self._brief.ad.key_message)
        words = spoken_words(sentences(spoken)[0]) if spoken else 0
        most_words = words if most_words < words <= most_words * 3 // 2 else most_words
        text = sentence(shortened(spoken, most_words)) if spoken else ""
        by_key = {sentence_key(part): part for part in reversed(sentences(text))}
        parts = [part for key, part in reversed(by_key.items()) if key not in self._used]
        if not parts or f" {sentence_key(text)} " in f" {sentence_key(self._brief.ad.call_to_action)} ":
            return None
        lines = self._book.beats["message"]
        # A frame round one short English sentence; longer or foreign words stand alone.
        is_simple = len(parts) == 1 and spoken_words(text) <= 8 and ":" not in text
        framed = is_simple and (self._language != ENGLISH or not is_foreign(text))
        line = self._random.choice(lines[1:]) if framed and self._random.random() < 0.5 else lines[0]
        return self.spend(line.replace("{message}", " ".join(parts)))

    def audience_line(self, most_words: int) -> str | None:
        """A sentence to the audience; None if there is none or no time."""
        if not self._audience:
            return None
        ad = self._brief.ad
        # Together they tell the language sooner than one by one.
        own = (self._audience, ad.key_message, ad.call_to_action)
        foreign = self._language != ENGLISH or any(map(is_foreign, own)) or is_foreign(" ".join(own))
        section = "audience_apart" if foreign else "for_audience"
        if not foreign and spoken_words(self._audience) > _SHORT_AUDIENCE:
            section = "for_long_audience"
        lines = self._category.lines.get(section) or self._book.beats[section]
        fitting = [line for line in self._shuffled(lines) if spoken_words(self._filled(line)) <= most_words]
        return self._first_fitting(fitting[:1], most_words)

    def brand_line(self, most_words: int) -> str | None:
        if not self._brand or sentence_key(self._brand) in sentence_key(self._brief.ad.product):
            return None
        return self._first_fitting(self._shuffled(self._book.beats["from_brand"]), most_words)

    def price_line(self, price: str | None) -> str:
        lines = self._book.beats["price" if price else "price_unknown"]
        fresh = [self._filled(line, price=price or "") for line in self._shuffled(lines)]
        return next((line for line in fresh if sentence_key(line) not in self._used), fresh[0])

    def quote_line(self, quote: str) -> str | None:
        """A phrase that was asked for, word for word; None if it is said already or says nothing."""
        line = sentence(speakable(quote))
        return None if not line or self._repeats(line) else self.spend(line)

    def mention_line(self, fact: str) -> str | None:
        """A sentence that brings in what was asked to be mentioned; None if it is said already."""
        words = re.sub(r"(?i)^(?:the|our|that there is|that)\s+", "", label(speakable(fact)))
        lines = (sentence(line.format(mention=words)) for line in self._book.beats["mention"]) if words else ()
        return next((self.spend(line) for line in lines if not self._repeats(line)), None)

    def reason_line(self, reason: str) -> str:
        """A reason in the brief's own words."""
        line = sentence(speakable(reason))
        self.spend(line)
        return line

    def count_line(self, number: int) -> str:
        return self._book.beats["count"][0].format(count=self._number(number))

    def count_opening(self, number: int) -> str:
        lines = [self._filled(line, count=self._number(number)) for line in self._book.beats["countdown_open"]]
        fresh = [line for line in lines if sentence_key(line) not in self._used]
        return self._random.choice(fresh or lines)

    def call_to_action(self) -> str:
        """The call to action, word for word; without one, a plain invitation."""
        wanted = self._brief.ad.call_to_action.strip()
        if spoken := sentence(speakable(wanted)):
            return spoken if carries_call_to_action(spoken, wanted) else sentence(wanted)
        section = self._category.lines.get("cta_default") or self._book.beats["cta_default"]
        lines = [self._filled(line) for line in section]
        return self._random.choice([line for line in lines if not self._repeats(line)] or lines)

    def sign_off(self, most_words: int) -> str | None:
        section = self._category.lines.get("sign_off") or self._book.beats["sign_off"]
        return self._first_fitting(self._shuffled(section), most_words)

    def spend(self, line: str | None) -> str | None:
        """Marks a line that is planned for later as said."""
        if line:
            self._used.update(sentence_key(part) for part in sentences(line))
        return line

    def _untold(self, lines: Sequence[str]) -> list[str]:
        """`lines` without the sentences that a script holds already: a user's words may say one thing twice.

        What is planned is spent long before it is told, so this is another list than that of what is used.
        """
        kept: list[str] = []
        for line in lines:
            parts = []
            for part in sentences(line):
                if (key := sentence_key(part)) not in self._told:
                    self._told.add(key)
                    parts.append(part)
            if parts:
                text = " ".join(parts)
                is_paired = text.count("“") == text.count("”")
                kept.append(text if is_paired else text.replace("“", "").replace("”", ""))
        return kept

    def _lines(self, beat: str) -> list[tuple[str, ...]]:
        """Lines of a beat, nearest first; the beats of a countdown borrow those of others."""
        if beat == "countdown_open":
            return self._book.lines_for("urgency", self._category)
        if beat == "reason":
            pools = [self._book.lines_for(name, self._category) for name in ("detail", "demo", "benefit")]
            return [
                tuple(line for pool in pools for line in pool[0]),
                tuple(line for pool in pools for line in pool[-1]),
            ]
        return self._book.lines_for(beat, self._category)

    def _opening(self, beat: str, most_words: int, *, is_needed: bool) -> list[str]:
        """The first words of a beat; without a must there is always something to say, however short the time."""
        names_product = beat in ("reveal", "voice_turn")
        for lines in self._lines(beat):
            candidates = self._shuffled(lines)
            if names_product:
                candidates = [line for line in candidates if "{product}" in line or "{name}" in line]
            if found := self._first_fitting(candidates, most_words):
                return [found]
        if names_product and is_needed:
            lines = self._lines(beat)[-1]
            if fresh := [line for line in map(self._filled, lines) if sentence_key(line) not in self._used]:
                return [min(fresh, key=spoken_words)]
        if not is_needed:
            return []
        silent = self._shuffled(self._book.beats["silent"])
        found = self._first_fitting([*silent, *self._wells()], most_words) or self._first_fitting(self._wells(), 99)
        return [found or f"{sentence(self.product.name)[:-1]}, {self.count_line(len(self._used))}"]

    def _more(self, beat: str, most_words: int, *, with_tags: bool) -> tuple[str, bool] | None:
        if most_words < 2:
            return None
        own, general = [*self._lines(_FOLLOWED_BY.get(beat, beat)), ()][:2]
        if found := self._first_fitting(self._shuffled(own), most_words):
            return found, False
        tags = self._category.lines.get("tags") or self._tone.tags
        is_open = beat not in _TAGLESS_BEATS
        tag = self._first_fitting(self._shuffled(tags), most_words) if with_tags and is_open else None
        if tag and (most_words <= 5 or self._random.random() < 0.5):
            return tag, True
        if found := self._first_fitting(self._shuffled(general), most_words):
            return found, False
        if tag:
            return tag, True
        found = self._first_fitting(self._wells(), most_words) if is_open or beat == "reason" else None
        return (found, False) if found else None

    def _wells(self) -> list[str]:
        wells = [line for beat in _DEEP_WELLS for lines in self._lines(beat) for line in lines]
        return self._shuffled(wells)

    def _first_fitting(self, lines: Sequence[str], most_words: int) -> str | None:
        """The longest of the first few that fit: a string of very short sentences is breathless."""
        fitting: list[str] = []
        for line in lines:
            if _SAYS_NAME.search(line) and not self.product.is_name:
                continue
            text = self._filled(line)
            if spoken_words(text) <= most_words and not self._repeats(text):
                fitting.append(text)
                if len(fitting) == 4:
                    break
        return max(fitting, key=spoken_words, default=None)

    def _repeats(self, text: str) -> bool:
        return any(sentence_key(part) in self._used for part in sentences(text))

    def _filled(self, line: str, **more: str) -> str:
        slots = {**self.product.slots, "audience": self._audience, "brand": self._brand, **more}
        return sentence(self.product.agree(line).format_map(slots))

    def _number(self, number: int) -> str:
        return _NUMBERS[number] if self._language == ENGLISH and number < len(_NUMBERS) else str(number)

    def _shuffled(self, lines: Sequence[str]) -> list[str]:
        mixed = list(lines)
        self._random.shuffle(mixed)
        return mixed
