"""What a person's feedback asks for, read from its words.

Known wishes become directions that change pace, shot, wording and assets; whatever is not understood still makes the
writer take another angle, and the words are kept in the scene's metadata.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from adreel_scenes.adapters.template.foreign_feedback import in_english
from adreel_scenes.adapters.template.phrasebook import phrase_book
from adreel_scenes.domain.vocabulary import ShotType, Transition

_PRICE = re.compile(
    r"(?:(?:[$€£¥₹]\s?\d[\d.,]*\d|[$€£¥₹]\s?\d)|\b\d[\d.,]*\s?(?:€|£|(?:usd|eur|gbp|chf|dollars?|euros?)\b))"
    r"(?:\s?(?:/|a|an|per)\s?(?:month|mo|year|week|day|hour|kg|person|seat|user)\b)?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]{2,200})[”\"“»]|(?<!\w)['‘]([^'‘’]{3,200})['’](?!\w)")
_SAY = re.compile(r"(?i)\b(?:say|mention that|tell them(?: that)?)\s*:\s*(.{3,200})$")
_SECONDS = re.compile(r"(?i)\b(\d{1,3}(?:\.\d)?)\s*(?:s|secs?|seconds?)\b")
_NEGATION = r"(?:no|not|without|less|fewer|remove|drop|avoid|stop|never|too|don'?t|isn'?t|lose|skip|cut the)"
_WISH = re.compile(
    r"(?i)\b(?:add|include|insert|feature|put in|bring in|show(?: us| me)?|"
    r"(?:i|we)(?:'d| would)? (?:want|like)(?: to see)?|"
    r"use|with more|more of|there should be)\s+((?:an?|the|some|our|more)?\s*[^.,;!?\"“”]{3,80})"
)
# One wish ends where the next begins: "show the battery life and mention free shipping".
_CLAUSES = re.compile(
    r"(?i)[.;!?]+(?:\s|$)|,\s*|\b(?:and|but|then|also)\s+(?=(?:also\s+|then\s+)?(?:show|mention|add|include|insert|feature|"
    r"say|tell|make|use|put|bring|remove|drop|avoid|cut|keep|change|start|end|talk|point out|don'?t|no|less|more)\b)"
)
_MENTION = re.compile(
    r"(?i)\b(?:mention|talk about|point out|speak of|tell (?:them|people|us) about|say something about)\s+"
    r"((?!that\s*:)[^,;!?\"“”]{3,80})"
)
_NOT_A_FACT = re.compile(
    r"(?i)^(?:the |our |its |your )?(?:prices?|pricing|costs?|product|name|brand|logo|it|this|that)\b"
)
_NOT_A_WISH = re.compile(
    r"(?i)^(?:the |our |an? |some |more )?(?:product|price|prices|cost|close|wide|text|words?|logo|energy|it|"
    r"this|that|me|us|different|another|new|shot|fun|humou?r|emotion|pace|speed|people|scene|one|them|something else)\b"
)

_SHOTS: tuple[tuple[str, ShotType], ...] = (
    (r"close[\s-]?ups?|closer|macro|tighter|zoom in", ShotType.CLOSE_UP),
    (r"aerial|drone|from above|bird'?s[\s-]eye", ShotType.AERIAL),
    (r"over[\s-]the[\s-]shoulder", ShotType.OVER_THE_SHOULDER),
    (r"point[\s-]of[\s-]view|pov|first[\s-]person", ShotType.POINT_OF_VIEW),
    (r"montage|collage", ShotType.MONTAGE),
    (r"wide|wider|establishing|landscape|zoom out|whole scene|bigger picture", ShotType.WIDE),
    (r"medium|waist[\s-]up", ShotType.MEDIUM),
)
_TRANSITIONS: tuple[tuple[str, Transition], ...] = (
    (r"fade[\s-]?in", Transition.FADE_IN),
    (r"fade[\s-]?out", Transition.FADE_OUT),
    (r"cross[\s-]?fade|dissolve", Transition.CROSSFADE),
    (r"(?:fast|quick|jump)[\s-]cuts?", Transition.FAST_CUTS),
    (r"slide", Transition.SLIDE),
    (r"wipe", Transition.WIPE),
    (r"hard cut|straight cut", Transition.CUT),
)
_SETTINGS = (
    (r"black[\s-]and[\s-]white|monochrome", "everything in black and white"),
    (r"at night|night[\s-]?time|nocturnal|by night", "at night, lit by lamps and windows"),
    (r"sunset|golden hour|evening", "in the last golden light of the day"),
    (r"sunrise|dawn|morning", "in the first light of the morning"),
    (r"rain|rainy", "in the rain, with wet reflections"),
    (r"snow|winter", "in fresh snow"),
    (r"beach|by the sea|ocean", "by the sea"),
    (r"outdoors?|outside|in nature", "out in the open air"),
    (r"indoors?|inside", "indoors, close and quiet"),
    (r"brighter|too dark|more light", "in much brighter light"),
    (r"darker|too bright|moodier", "in darker, moodier light"),
    (r"warmer(?: light| colou?rs)?", "in warmer colours"),
    (r"cooler(?: light| colou?rs)?", "in cooler colours"),
)
_TONES = (
    ("energetic", r"energetic|energy|dynamic|exciting|punchier|punchy|livelier|lively|bolder|boring|bland|dull|flat"),
    ("calm", r"calm|calmer|relaxed|gentle|gentler|quieter|softer|peaceful|hectic|loud|aggressive"),
    ("premium", r"premium|luxur\w+|elegant|classy|classier|high[\s-]end|upscale|sophisticated|cheap|tacky"),
    ("playful", r"funny|funnier|fun|humou?r\w*|playful|witty|joke|jokes|lighter|serious|stiff"),
    ("warm", r"warm|emotional|heartfelt|human|personal|touching|family|friendlier|friendly|cold"),
    ("confident", r"professional|trustworthy|credible|corporate|serious|clearer|factual|childish|silly"),
    ("urgent", r"urgent|urgency|hurry|limited time|scarcity|deadline"),
)
# Words that call for a tone by naming what is wrong with the present one ("too cold", "boring").
_COMPLAINTS = frozenset(
    [
        "boring",
        "bland",
        "dull",
        "flat",
        "hectic",
        "loud",
        "aggressive",
        "cheap",
        "tacky",
        "stiff",
        "cold",
        "childish",
        "silly",
        "serious",
    ]
)
_ALWAYS_COMPLAINTS = frozenset(["boring", "bland", "dull", "hectic", "tacky", "stiff"])


@dataclass(frozen=True, slots=True)
class Directions:
    """`pace` and `length` are -1, 0 or 1. `understood` is False if nothing in the words was recognised."""

    pace: int = 0
    length: int = 0
    seconds: float | None = None
    tone: str | None = None
    shot: ShotType | None = None
    avoided_shots: frozenset[ShotType] = frozenset()
    transition: Transition | None = None
    show_product: bool = False
    show_logo: bool = False
    mention_price: bool = False
    price: str | None = None
    quotes: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    setting: str | None = None
    less_text: bool = False
    more_text: bool = False
    no_people: bool = False
    more_people: bool = False
    understood: bool = False


def read_directions(notes: Iterable[str]) -> Directions:
    """The directions of all notes together; the latest word on a matter holds."""
    merged: dict[str, object] = {}
    for note in notes:
        merged.update(_found(note))
        if said := in_english(note):
            merged.update(_found(said))
    if not merged:
        return Directions()
    return Directions(**merged, understood=True)  # type: ignore[arg-type]  # the keys are those of the class


def find_price(*texts: str) -> str | None:
    """The first price that the texts name, as it stands there."""
    for text in texts:
        if found := _PRICE.search(text):
            return found.group(0).strip().rstrip(".,")
    return None


def _found(note: str) -> dict[str, object]:
    quotes = tuple((a or b).strip() for a, b in _QUOTED.findall(note))
    if not quotes and (said := _SAY.search(note)):
        quotes = (said.group(1).strip(),)
    # What is quoted is to be said, not obeyed.
    text = _QUOTED.sub(" ", note).casefold()
    found: dict[str, object] = {"quotes": quotes} if quotes else {}
    found |= _pace_and_length(text) | _text_and_people(text) | _camera(text) | _tone(text)
    if found.get("tone") in _PACE_OF_TONE and re.search(r"\b(?:more|much|calmer|livelier|punchier)\b", text):
        found.setdefault("pace", _PACE_OF_TONE[str(found["tone"])])
    if _asks(text, r"product|packshot|pack shot|bottle|packaging") and not _denies(text, r"product"):
        found["show_product"] = True
    if _asks(text, r"logo|branding"):
        found["show_logo"] = True
    if re.search(r"\b(?:prices?|pricing|costs?|how much|affordable|discount|deal)\b", text):
        found["mention_price"] = True
        if price := find_price(note):
            found["price"] = price
    setting = next((phrase for pattern, phrase in _SETTINGS if _asks(text, pattern)), None)
    if setting:
        found["setting"] = setting
    clauses = [part for part in _CLAUSES.split(_QUOTED.sub(" ", note)) if part and part.strip()]
    wishes = tuple(wish.strip() for clause in clauses for wish in _WISH.findall(clause) if not _NOT_A_WISH.match(wish))
    if wishes:
        found["wishes"] = wishes[:2]
    mentions = (match.group(1).strip() for clause in clauses if (match := _MENTION.search(clause)))
    if facts := tuple(fact for fact in mentions if not _NOT_A_FACT.match(fact)):
        found["mentions"] = facts[:2]
    return found


def _pace_and_length(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    if seconds := _SECONDS.search(text):
        found["seconds"] = float(seconds.group(1))
    if re.search(r"\b(?:shorter|too long|shorten|briefer|trim|tighten)\b", text):
        found["length"] = -1
    elif re.search(r"\b(?:longer|too short|lengthen|extend|more time)\b", text):
        found["length"] = 1
    if re.search(r"\b(?:faster|too slow|quicker|speed up|snappier|pacier|drags?)\b", text):
        found["pace"] = 1
    elif re.search(r"\b(?:slower|too fast|slow down|unhurried|more time)\b", text):
        found["pace"] = -1
    return found


def _text_and_people(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    if re.search(
        r"\b(?:less|fewer|too much|too many|shorter|cut the|reduce(?: the)?)\s+(?:text|words|talking|copy|script)\b",
        text,
    ):
        found["less_text"] = True
    elif re.search(r"\b(?:more|longer)\s+(?:text|words|copy|script|explanation|detail|details|information)\b", text):
        found["more_text"] = True
    if re.search(
        r"\b(?:no|without|remove(?: the| all)?|fewer|less|avoid|drop(?: the)?)\s+"
        r"(?:people|persons?|humans?|faces?|actors?|models?|man|woman|men|women)\b",
        text,
    ):
        found["no_people"] = True
    elif re.search(r"\b(?:people|person|faces?|humans?|human|customers?)\b", text):
        found["more_people"] = True
    return found


def _camera(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    avoided = frozenset(shot for pattern, shot in _SHOTS if _denies(text, pattern))
    if avoided:
        found["avoided_shots"] = avoided
    for pattern, shot in _SHOTS:
        if shot not in avoided and re.search(rf"\b(?:{pattern})\b", text):
            found["shot"] = shot
            break
    for pattern, transition in _TRANSITIONS:
        if _asks(text, pattern):
            found["transition"] = transition
            break
    return found


def _tone(text: str) -> dict[str, object]:
    """A wanted tone, or the opposite of one that is too much: "less serious" asks for play."""
    for name, pattern in _TONES:
        for match in re.finditer(rf"\b(?:{pattern})\b", text):
            word = match.group(0)
            denied = _is_denied(text, match.start())
            if (word in _COMPLAINTS and (denied or word in _ALWAYS_COMPLAINTS)) or (
                word not in _COMPLAINTS and not denied
            ):
                return {"tone": name}
            if word == "serious" and name == "confident" and not denied:
                return {"tone": name}
            if denied and word not in _COMPLAINTS:
                return {"tone": _OPPOSITES[name]}
    for tone in phrase_book().tones.values():
        for match in re.finditer(r"[a-z-]+", text):
            if match.group(0) in tone.words and not _is_denied(text, match.start()) and match.group(0) != "smart":
                return {"tone": tone.name}
    return {}


_PACE_OF_TONE = {"energetic": 1, "calm": -1}
_OPPOSITES = {
    "energetic": "calm",
    "calm": "energetic",
    "premium": "warm",
    "playful": "confident",
    "warm": "confident",
    "confident": "playful",
    "urgent": "calm",
}


def _asks(text: str, pattern: str) -> bool:
    return any(not _is_denied(text, match.start()) for match in re.finditer(rf"\b(?:{pattern})\b", text))


def _denies(text: str, pattern: str) -> bool:
    return any(_is_denied(text, match.start()) for match in re.finditer(rf"\b(?:{pattern})\b", text))


def _is_denied(text: str, at: int) -> bool:
    """Whether a word of denial stands within the few words before: "no more close-ups", "not so loud"."""
    before = text[max(0, at - 40) : at]
    clause = re.split(r"[.,;!?]|\bbut\b|\band\b", before)[-1]
    return re.search(rf"\b{_NEGATION}\b(?:\s+\S+){{0,3}}\s*$", clause) is not None
