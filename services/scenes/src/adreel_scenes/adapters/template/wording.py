"""The user's words made speakable, and English that agrees with them.

A product is anything a person types: "Smart Watch", "Chronos X1", "trail shoes", "A solar lamp for campers", three
emoji. `NounPhrase` decides how it stands in a sentence (article, number); `speakable` and `sentence` keep the user's
words verbatim but for symbols that no voice can say and punctuation that would double.
"""

import re
import unicodedata
from dataclasses import dataclass

from adreel_scenes.adapters.template.phrasebook import word_list
from adreel_scenes.domain.plain_text import cut_at_word
from adreel_scenes.domain.speech import spoken_words

_DETERMINERS = {"the", "our", "your", "my", "their", "this", "these", "its", "his", "her", "every"}
_INDEFINITE = {"a", "an", "some", "one"}
_JOINTS = re.compile(
    r"\s*(?:[,;:(|\[–—]|\s[-/]\s|\.\s|\s(?:with|that|which|for|from|by|who|where|because|is|are)\s)\s*", re.I
)
_NAME_WORDS = 6
_COMMON_HEADS = word_list("common_heads")
_UNCOUNTABLE = word_list("uncountable")
_COMMON_STARTS = word_list("common_starts")
_NOT_PLURAL = ("ss", "us", "is", "os", "'s", "’s", "as")
_AUDIENCE_STARTS = word_list("audience_starts")
_FOREIGN_WORDS = word_list("foreign")
_AUDIENCE_WORDS = 8
_ROLE_ENDINGS = ("ers", "ors", "ists", "ents", "ants", "olds", "ees", "ives", "fans")
# "Londoners" and "New Zealanders" keep their capital.
_PROPER_STARTS = word_list("proper_starts")
_PROPER_ENDINGS = ("landers", "yorkers", "towners")
_WHO_VERBS = {
    "are": "is", "have": "has", "do": "does", "like": "likes", "love": "loves", "want": "wants", "need": "needs",
    "enjoy": "enjoys", "care": "cares", "work": "works", "live": "lives", "travel": "travels", "run": "runs",
    "walk": "walks", "prefer": "prefers", "value": "values", "drink": "drinks", "cook": "cooks", "own": "owns",
    "use": "uses", "look": "looks", "play": "plays", "read": "reads", "learn": "learns", "spend": "spends",
}  # fmt: skip
_DASHES_AND_MARKS = " ,;:-–—_|/\\*#~+=&'\"“”„«»‘’"


def speakable(text: str) -> str:
    """The words of `text` without emoji and symbols; its emoji if it has no words; "" if it says nothing at all."""
    kept = "".join(_spoken_character(character) for character in text)
    kept = re.sub(r"\s+", " ", kept)
    kept = re.sub(r"\s+([,.;:!?…])", r"\1", kept)
    kept = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", kept)
    kept = re.sub(r"([!?])[!?.]+", r"\1", kept)
    kept = re.sub(r"\.{2,}", "…", kept).strip(_DASHES_AND_MARKS)
    # A text that begins with "..." would make a sentence of nothing.
    kept = re.sub(r"^[\s.!?…。！？,;:–—-]+", "", kept)
    if any(character.isalnum() for character in kept):
        return kept
    return "".join(character for character in text if unicodedata.category(character) == "So")


def sentence(text: str) -> str:
    """`text` as a sentence: its first letter large, one mark at its end."""
    text = text.strip()
    if not text:
        return ""
    text = re.sub(r"[\s,;:–—-]+$", "", text) or text
    if text[0].islower() and not any(letter.isupper() for letter in text.split(" ")[0][1:]):
        text = text[0].upper() + text[1:]
    return (
        text
        if text.rstrip("”»\"'’)").endswith((".", "!", "?", "…", "。", "！", "？", "؟", "।"))
        else text + _full_stop(text)
    )


def _full_stop(text: str) -> str:
    """The mark of the script that the text ends in."""
    return "。" if re.search(r"[\u3040-\u30ff\u3400-\u9fff][”»\"'’）」』)]*$", text) else "."


def sentences(text: str) -> list[str]:
    """The sentences of a text, with their marks and closing quotation marks."""
    found = re.findall(r".+?(?:[.!?…。！？؟।]+[”»\"'’)]*(?=\s|$)|$)", text.strip(), flags=re.DOTALL)
    return [part.strip() for part in found if part.strip()]


def sentence_key(text: str) -> str:
    """What makes two sentences the same: their words, whatever the case and punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip(" .!?…") or text.strip()


def label(text: str) -> str:
    """A name to stand in quotation marks inside a sentence, without marks that would end it."""
    return " ".join(_without_stops(text.replace("“", "").replace("”", "")).split())


def is_foreign(text: str) -> bool:
    """Whether a text is evidently not English, so that it must not be bent into an English sentence."""
    letters = [character for character in text if character.isalpha()]
    if any(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters):
        return True
    words = [word.casefold() for word in re.findall(r"\w+", text)]
    accented = sum(1 for letter in letters if not letter.isascii())
    return sum(word in _FOREIGN_WORDS for word in words) >= (1 if accented else 2) or accented > 2


def shortened(text: str, words: int) -> str:
    """At most `words` spoken words of `text`: whole sentences, else whole clauses, else its first words."""
    if spoken_words(text) <= words:
        return text
    first = sentences(text)[0]
    if spoken_words(first) <= words:
        return first
    clauses = re.split(r"(?<=[,;:])\s|\s[–—-]\s", first)
    kept = ""
    for clause in clauses:
        if spoken_words(f"{kept} {clause}") > words:
            break
        kept = f"{kept} {clause}".strip()
    if kept:
        return kept.rstrip(" ,;:–—-")
    parts = first.split(" ")[: max(1, words)]
    while len(parts) > 1 and parts[-1].casefold() in {"the", "a", "an", "and", "or", "of", "to", "in", "for", "with"}:
        parts.pop()
    return " ".join(parts).rstrip(" ,;:–—-")[:200]


def audience_phrase(text: str) -> str:
    """An audience as it stands after "for": "Tech enthusiasts, 25-40" becomes "tech enthusiasts".

    "People of 30 to 65 who like long days outdoors and ..." becomes "everyone who likes long days outdoors"; what is
    still too long to be said in passing becomes nothing.
    """
    spoken = speakable(text)
    first = _without_stops(re.split(r"\s*[,;(/|]\s*|\.\s", spoken)[0].rstrip(".!?") or spoken)
    if not first:
        return ""
    if re.match(r"(?i)aged?s?\s*\d|\d", first):
        rest = re.sub(r"(?i)^aged?s?\s*", "", first)
        return f"people aged {rest}" if re.fullmatch(r"[\d\s+–—-]+", rest) else shortened(first, _AUDIENCE_WORDS)
    if spoken_words(first) > _AUDIENCE_WORDS and not is_foreign(first):
        first = _in_few_words(first)
    if spoken_words(first) > _AUDIENCE_WORDS:
        return ""
    start = first.split(" ")[0]
    if start[1:].islower() and _is_common_start(start.casefold()) and not re.match(r"\w+ [A-Z]", first):
        return first[0].lower() + first[1:]
    return first


def _is_common_start(word: str) -> bool:
    """Whether the first word of an audience is no name: a listed one, or one that ends as those of roles do."""
    is_role = word.endswith(_ROLE_ENDINGS) and not word.endswith(_PROPER_ENDINGS) and word not in _PROPER_STARTS
    return word in _AUDIENCE_STARTS or is_role


def _in_few_words(audience: str) -> str:
    """A long audience by what they do, else without their age."""
    who = re.match(r"(?i)(?:people|adults|anyone|everyone|those|all|persons|folks)\b.*?\bwho\s+(\w+)\s+(.+)", audience)
    if who:
        verb, rest = who.group(1).casefold(), re.split(r"(?i)\s+(?:and|but|or|because|while)\s+", who.group(2))[0]
        agreed = _WHO_VERBS.get(verb)
        phrase = f"everyone who {agreed} {rest}" if agreed else f"all who {verb} {rest}"
        return phrase if not phrase.endswith((" the", " a", " to", " of")) else ""
    return re.sub(r"(?i)\s+(?:of|aged|between|from)\s+\d+\s*(?:to|and|[-–])\s*\d+", "", audience)


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A product in sentences. `name` is bare ("Smart Watch"), `inside` goes mid-sentence ("the Smart Watch").

    `is_name` is False for what is only a kind of thing ("trail shoes").
    """

    name: str
    inside: str
    is_plural: bool
    is_name: bool = False

    @classmethod
    def of(cls, text: str, otherwise: str = "") -> "NounPhrase":
        spoken = speakable(text)
        if not any(character.isalnum() for character in spoken):
            spoken = speakable(otherwise) or spoken or "this one"
        spoken = _without_stops(_short_name(spoken)) or _without_stops(spoken) or "this one"
        words = spoken.split(" ")
        first = words[0].casefold()
        if first in _INDEFINITE and len(words) > 1:
            name = " ".join(words[1:])
            return cls(name, f"the {name}", _is_plural(words[-1], common=True))
        if first in _DETERMINERS and len(words) > 1:
            # "The Coffee Club" is a name and keeps its capital; "the watch" and "our watch" are not.
            inside = spoken if words[1][:1].isupper() else spoken[0].lower() + spoken[1:]
            return cls(
                spoken, inside, _is_plural(words[-1], common=words[-1].islower()), is_name=words[1][:1].isupper()
            )
        if any(word.endswith(("'s", "’s")) for word in words[:-1]) and words[0][:1].isupper():
            # "Barkley's dog food" says whose it is, and takes no article.
            return cls(spoken, spoken, _is_plural(words[-1], common=words[-1].islower()), is_name=True)
        common = not is_foreign(spoken) and _is_common(words)
        plural = _is_plural(words[-1], common)
        if not common:
            return cls(spoken, f"the {spoken}" if _ends_as_a_kind(words, plural) else spoken, plural, is_name=True)
        keeps_capital = any(word[:1].isupper() for word in words[1:]) or _starts_as_a_name(words)
        inside = spoken if not words[0][1:].islower() or keeps_capital else spoken[0].lower() + spoken[1:]
        bare = plural or words[-1].casefold() in _UNCOUNTABLE
        return cls(spoken, inside if bare else f"the {inside}", plural)

    @property
    def slots(self) -> dict[str, str]:
        """Values for the slots of the copybook."""
        return {
            "product": self.inside,
            "name": self.name,
            "it": "they" if self.is_plural else "it",
            "them": "them" if self.is_plural else "it",
            "its": "their" if self.is_plural else "its",
        }

    def agree(self, line: str) -> str:
        """`line` with every [singular|plural] resolved."""
        return re.sub(r"\[([^|\]]*)\|([^\]]*)\]", lambda found: found.group(2 if self.is_plural else 1), line)


def _spoken_character(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\u200d\ufe0f":
        return ""
    if category in ("So", "Sk", "Cn", "Cs", "Co", "Cc") or character in "{}[]<>|*_#~^`\\":
        return " "
    return character


def _without_stops(text: str) -> str:
    """A name inside a sentence must not end that sentence."""
    return re.sub(r"[.!?…。！？؟।]+(?=[\s”»\"'’)]|$)", "", text).strip(" ,;:-–—")


def _short_name(text: str) -> str:
    if spoken_words(text) <= 3 and not re.search(r"[,;:|(]\s*\w", text):
        return text
    parts = [part for part in _JOINTS.split(text) if part]
    head = parts[0].strip() if parts else text
    if len(parts) > 1 and _only_describes(head) and _is_known_head(parts[-1].split(" ")[-1]):
        # "The foldable, all-weather camping tent": what it is stands after the last comma.
        return f"{head.split(' ')[0]} {' '.join(parts[-1].split(' ')[-2:])}"
    if len(head.split(" ")) <= _NAME_WORDS and len(head) <= 60:
        return head
    # What something is stands at the end of its words: "a new kind of ergonomic standing desk".
    tail = " ".join(head.split(" ")[-3:])
    return tail if len(tail) <= 60 else cut_at_word(tail, 60)


def _only_describes(head: str) -> bool:
    """Whether nothing but small words follow an article, none of which is a thing: "the remarkably versatile"."""
    first, *rest = head.split(" ")
    is_article = first.casefold() in _DETERMINERS | _INDEFINITE
    return is_article and bool(rest) and all(word.islower() and not _is_known_head(word) for word in rest)


def _is_common(words: list[str]) -> bool:
    last = words[-1]
    if any(any(c.isdigit() for c in word) or (len(word) > 1 and word.isupper()) for word in words):
        return False
    if "to" in words[1:-1]:
        # "Learn to paint" is what a thing is called, not a kind of thing.
        return False
    if any(re.search(r"[a-z][A-Z]", word) for word in words) or not all(word.isascii() for word in words):
        return False
    if all(word.islower() for word in words):
        return len(words) > 1 or _is_known_head(last)
    if len(words) > 1 and all(word.islower() for word in words[1:]):
        return True
    return _is_known_head(last)


def _starts_as_a_name(words: list[str]) -> bool:
    """Whether the first word is likely a brand's: "Northwind winter jackets", but not "Winter jackets"."""
    return len(words) > 1 and words[0].casefold() not in _COMMON_STARTS and not _is_known_head(words[0])


def _ends_as_a_kind(words: list[str], plural: bool) -> bool:
    """Whether a name ends in what the thing is, so that it takes an article: "the FitLoop app"."""
    last = words[-1]
    is_kind = last.islower() and last.isascii() and _is_known_head(last) and last not in _UNCOUNTABLE
    return is_kind and len(words) > 1 and not plural and not is_foreign(" ".join(words))


def _is_known_head(word: str) -> bool:
    word = word.casefold()
    return word in _UNCOUNTABLE or word in _COMMON_HEADS or _singular(word) in _COMMON_HEADS


def _singular(word: str) -> str:
    return word[:-2] if word.endswith(("shes", "ches", "xes")) else word[:-1] if word.endswith("s") else word


def _is_plural(word: str, common: bool) -> bool:
    lowered = word.casefold()
    if lowered in _COMMON_HEADS or not lowered.endswith("s") or lowered.endswith(_NOT_PLURAL):
        return False
    return common or _singular(lowered) in _COMMON_HEADS
