"""Which language a script is in, as far as a scratch voice needs to know it: by its letters, else by its small words.

A guess, kept cheap and deterministic: a German ad must not be read with English sounds. A deployment that knows better
says so in `VOICE_LANGUAGE`.
"""

import re
import unicodedata
from collections import Counter

DEFAULT = "en"

# By the script's name as Unicode gives it at the start of a letter's name; Latin letters are told apart by words.
_BY_SCRIPT = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_PERSIAN = re.compile("[پچژگ]")
_SMALL_WORDS = {
    "en": "the and you your with for is of to it in that this are on at from now more",
    "de": "der die das und ist nicht ein eine mit für sie ihr ihre dein deine auf den im zum von wir jetzt mehr",
    "fr": "le la les des et est une un pour vous votre vos avec dans sur pas nous au du maintenant plus ce",
    "es": "el los las y es una un para con su tu por más en del no que ahora al lo",
    "it": "il lo gli e è una un per con tuo tua la di che non più del della ora nel si",
    "pt": "o os as e é uma um para com seu sua não mais do da em que agora você no na",
    "nl": "de het een en is voor met je jouw van niet op dat nu meer zijn naar uw",
    "sv": "och är det en ett för med du din på inte som av nu mer till den",
    "pl": "i jest w na z do się nie to twój dla teraz więcej od po co",
    "tr": "ve bir için bu ile çok daha şimdi sizin senin ne en da de",
}
_LETTERS = {
    "de": "äöüß",
    "fr": "çèêëîïôùûœ",
    "es": "ñ¿¡",
    "it": "ìò",
    "pt": "ãõ",
    "sv": "å",
    "pl": "ąćęłńśźż",
    "tr": "ğış",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}


def language_of(text: str) -> str:
    """The likeliest language of a text, as ISO 639-1; `en` where nothing tells."""
    scripts = Counter(_script(char) for char in text[:2000] if char.isalpha())
    if not scripts:
        return DEFAULT
    # Kana among ideographs is Japanese, whatever there is more of.
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "ja"
    script = max(scripts, key=lambda name: scripts[name])
    if script == "LATIN":
        return _latin(text.casefold())
    if script == "CYRILLIC" and _UKRAINIAN.search(text):
        return "uk"
    if script == "ARABIC" and _PERSIAN.search(text):
        return "fa"
    return _BY_SCRIPT.get(script, DEFAULT)


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ", 1)[0]


def _latin(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text[:2000])
    scores = {language: float(sum(word in known for word in words)) for language, known in _WORDS.items()}
    for language, letters in _LETTERS.items():
        scores[language] += 1.5 * sum(char in letters for char in text[:2000])
    best = max(scores, key=lambda language: scores[language])
    # One small word may stand in any language; English is left only for good reason.
    return best if scores[best] >= 2.0 and scores[best] > scores[DEFAULT] else DEFAULT
