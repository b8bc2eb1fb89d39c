"""What a voice costs, as dated data; see `prices` for clips.

OpenAI sells `gpt-4o-mini-tts` by tokens, 0.60 USD a million of text and 12 USD a million of sound, and gives no usage
back; at its own figure of 0.015 USD a minute and 15 characters a second that is 17 millionths of a dollar a character.
`tts-1` and `tts-1-hd` are sold by the character.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from adreel_render.domain.events import CostLine
from adreel_render.domain.voice import OPENAI_VOICE, Voice

DEFAULT_MODEL = "gpt-4o-mini-tts"

# An ad's text fills about five sixths of its time, at 15 characters a second.
_EXPECTED_CHARACTERS_PER_SECOND = 12.5


@dataclass(frozen=True, slots=True)
class VoicePrice:
    """A model and what a character of speech costs."""

    provider: str
    model: str
    as_of: date
    micros_per_character: int


_AS_OF = date(2026, 11, 20)
_OPENAI_MICROS: Mapping[str, int] = {"gpt-4o-mini-tts": 17, "tts-1": 15, "tts-1-hd": 30}
# A model that the table does not know is taken to cost as much as the dearest one it does.
_UNKNOWN_MICROS = max(_OPENAI_MICROS.values())


def voice_price(provider: str, model: str, micros_per_character: int | None = None) -> VoicePrice:
    """The price of a voice; `micros_per_character` replaces the table's. Voices of our own cost nothing."""
    if provider != OPENAI_VOICE:
        return VoicePrice("adreel", model, _AS_OF, 0)
    known = next((micros for name, micros in _OPENAI_MICROS.items() if _is_version_of(model, name)), _UNKNOWN_MICROS)
    return VoicePrice(provider, model, _AS_OF, known if micros_per_character is None else micros_per_character)


def estimate_voice(price: VoicePrice, duration_seconds: float) -> CostLine:
    """The line for speaking a film of this length, before its words are known."""
    return estimate_characters(price, round(duration_seconds * _EXPECTED_CHARACTERS_PER_SECOND))


def estimate_characters(price: VoicePrice, characters: int) -> CostLine:
    """The line for speaking a film of so many characters."""
    return _line(price, characters, "Voice-over")


def speech_line(price: VoicePrice, voice: Voice, text: str, scene_number: int) -> CostLine:
    """The line for one scene's text."""
    return _line(price, len(text), f"Scene {scene_number}, spoken by {voice.name}")


def _line(price: VoicePrice, characters: int, what: str) -> CostLine:
    of_model = "the scratch voice" if price.provider == "adreel" else price.model
    return CostLine(
        kind="voice",
        description=f"{what}: {characters} characters by {of_model} (prices of {price.as_of})",
        provider=price.provider,
        model=price.model,
        quantity=characters,
        unit="character",
        amount_micros=characters * price.micros_per_character,
        state="estimated",
    )


def _is_version_of(model: str, name: str) -> bool:
    """Whether a model is the named one or a dated version of it: `gpt-4o-mini-tts-2025-12-15`."""
    rest = model.removeprefix(name)
    return rest != model and (not rest or (rest[0] == "-" and rest[1:].replace("-", "").isdigit()))
