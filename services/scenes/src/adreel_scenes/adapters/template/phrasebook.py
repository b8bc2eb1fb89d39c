"""The copybook's files as values: lines by section, tones, looks and categories. Read once, never changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

DEFAULT_TONE = "confident"
GENERIC = "generic"
_THING = "* "
# The sections of a language that are no lines.
_WORD_LISTS = ("words", "formal", "familiar")


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone of voice: its short lines, its light and camera, and how it moves."""

    name: str
    words: frozenset[str]
    pace: int
    rhythm: float
    transitions: tuple[str, ...]
    tags: tuple[str, ...]
    light: tuple[str, ...]
    camera: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of product; `outdoors` are those of its places that can be seen from above.

    `words` tell the kind, `hints` only support it. `trouble` is life without the product. With `own_lines_only` the
    general lines are not used for the beats it covers; of what is `intangible` no product shot can be taken.
    """

    name: str
    words: frozenset[str]
    hints: frozenset[str]
    places: tuple[str, ...]
    outdoors: tuple[str, ...]
    people: tuple[str, ...]
    trouble: tuple[str, ...]
    objects: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]
    own_lines_only: bool
    intangible: bool


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Everything the template writer can say and show."""

    beats: Mapping[str, tuple[str, ...]]
    tones: Mapping[str, Tone]
    categories: Mapping[str, Category]
    looks: Mapping[str, tuple[str, ...]]
    leads: Mapping[str, tuple[str, ...]]
    framed: Mapping[str, tuple[str, ...]]
    asset: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, tuple[str, ...]]
    # Any of the phrases that tell a kind, a long one before a shorter one that it begins with.
    phrases: re.Pattern[str]
    # General lines that are true of nothing but things one can hold.
    of_things: frozenset[str]

    def lines_for(self, beat: str, category: Category) -> list[tuple[str, ...]]:
        """The lines of a beat, nearest first: the category's own, then the general ones."""
        own = category.lines.get(beat, ())
        if own and category.own_lines_only:
            return [own]
        general = self.beats.get(beat, ())
        if category.intangible or category.name == GENERIC:
            general = tuple(line for line in general if line not in self.of_things)
        return [own, general]

    def tone_of(self, *texts: str) -> Tone | None:
        """The tone whose words are found first in the first text that has any."""
        for text in texts:
            for word in words_of(text):
                for tone in self.tones.values():
                    if word in tone.words:
                        return tone
        return None

    def look_of(self, style: str) -> tuple[str, ...]:
        """The phrases of a style that is known by one of its words; empty for others."""
        found = (_LOOK_WORDS[word] for word in words_of(style) if word in _LOOK_WORDS)
        name = next(found, None)
        return self.looks[name] if name else ()


@cache
def phrase_book() -> PhraseBook:
    """The copybook of this package."""
    shots = dict(_load("shots.yaml"))
    categories = (
        _load("categories_goods.yaml")
        | _load("categories_services.yaml")
        | _load("categories_experiences.yaml")
        | _load("categories_more.yaml")
    )
    phrases = {name: _lines(text) for name, text in _load("kinds.yaml")["phrases"].items()}
    beats = {name: _lines(text) for name, text in _load("beats.yaml").items()}
    return PhraseBook(
        beats={name: tuple(line.removeprefix(_THING) for line in lines) for name, lines in beats.items()},
        of_things=frozenset(
            line.removeprefix(_THING) for lines in beats.values() for line in lines if line.startswith(_THING)
        ),
        tones={name: _tone(name, entry) for name, entry in _load("tones.yaml").items()},
        categories={name: _category(name, entry, phrases.get(name, ())) for name, entry in categories.items()},
        looks={name: _lines(text) for name, text in _load("looks.yaml").items()},
        leads={name: tuple(leads) for name, leads in shots.pop("leads").items()},
        framed={name: tuple(ways) for name, ways in shots.pop("framed").items()},
        asset={name: _lines(text) for name, text in shots.pop("asset").items()},
        frames={name: _lines(text) for name, text in shots.items()},
        # Longest first: "table tennis table" before "table tennis".
        phrases=_any_of(sorted((line for lines in phrases.values() for line in lines), key=len, reverse=True)),
    )


@dataclass(frozen=True, slots=True)
class Language:
    """Another language than English: the small words that tell it, and its lines by beat.

    A brief with one of the `formal` words (as they are written) is not addressed with any of the `familiar` ones.
    """

    words: frozenset[str]
    beats: Mapping[str, tuple[str, ...]]
    formal: frozenset[str]
    familiar: frozenset[str]

    def polite_beats(self) -> dict[str, tuple[str, ...]]:
        """The lines that address nobody familiarly."""
        return {
            name: tuple(line for line in lines if not self.familiar & set(words_of(line)))
            for name, lines in self.beats.items()
        }


@cache
def languages() -> Mapping[str, Language]:
    """The languages that the copybook speaks beside English, by their codes."""
    return {
        code: Language(
            words=frozenset(sections["words"].split()),
            beats={name: _lines(text) for name, text in sections.items() if name not in _WORD_LISTS},
            formal=frozenset(sections.get("formal", "").split()),
            familiar=frozenset(sections.get("familiar", "").split()),
        )
        for code, sections in _load("languages.yaml").items()
    }


def word_list(name: str) -> frozenset[str]:
    """A list of words that grammar needs."""
    return frozenset(_load("words.yaml")[name].split())


def load_lines(name: str) -> dict[str, tuple[str, ...]]:
    """A file that is nothing but sections of lines."""
    return {section: _lines(text) for section, text in _load(name).items()}


def words_of(text: str) -> list[str]:
    """Lower-case words, those with a hyphen whole and in parts."""
    found = re.findall(r"\w+(?:[-'’]\w+)*", text.casefold())
    return [part for word in found for part in ([word, *word.split("-")] if "-" in word else [word])]


@cache
def _load(name: str) -> dict:  # type: ignore[type-arg]  # the shape of each file is checked where it is read
    text = (files(__package__) / "copybook" / name).read_text(encoding="utf-8")
    loaded: dict = yaml.safe_load(text)  # type: ignore[type-arg]
    return loaded


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _tone(name: str, entry: dict) -> Tone:  # type: ignore[type-arg]
    return Tone(
        name=name,
        words=frozenset([name, *entry["words"].split()]),
        pace=entry["pace"],
        rhythm=entry["rhythm"],
        transitions=tuple(entry["transitions"]),
        tags=_lines(entry["tags"]),
        light=_lines(entry["light"]),
        camera=_lines(entry["camera"]),
    )


def _category(name: str, entry: dict, phrases: tuple[str, ...]) -> Category:  # type: ignore[type-arg]
    fixed = ("words", "hints", "places", "people", "trouble", "objects", "own_lines_only", "intangible")
    return Category(
        name=name,
        words=frozenset([*entry["words"].split(), *phrases]),
        hints=frozenset(entry.get("hints", "").split()),
        places=tuple(line.removeprefix("* ") for line in _lines(entry["places"])),
        outdoors=tuple(line.removeprefix("* ") for line in _lines(entry["places"]) if line.startswith("* ")),
        people=_lines(entry["people"]),
        trouble=_lines(entry["trouble"]),
        objects=_lines(entry["objects"]),
        lines={beat: _lines(text) for beat, text in entry.items() if beat not in fixed},
        own_lines_only=bool(entry.get("own_lines_only", False)),
        intangible=bool(entry.get("intangible", False)),
    )


_LOOK_WORDS = {
    word: look
    for look, words in {
        "modern": "modern contemporary futuristic tech sleek urban clean",
        "minimal": "minimal minimalist minimalistic simple scandinavian pure",
        "vintage": "vintage retro nostalgic analog classic 70s 80s 90s old",
        "cinematic": "cinematic film movie epic dramatic hollywood",
        "documentary": "documentary real raw authentic reportage honest",
        "colourful": "colorful colourful pop vibrant bright cartoon comic playful fun",
        "rustic": "rustic natural organic handmade artisan traditional farmhouse earthy",
        "dark": "dark noir moody black night luxury luxurious premium elegant",
    }.items()
    for word in words.split()
}
