"""A voice and what it said: which one speaks, the name of a speech by content, and the port that speaks for nothing.

A speech is spoken once and kept: equal keys sound the same, so an unchanged script is never spoken, or paid, again. A
speech has its natural pace; how fast it is heard in a film is the plan's business (`voice_plan`).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# Raised when the same words would be spoken or treated differently by the same voice.
SPEECH_VERSION = 1

LOCAL_VOICE = "local"
OPENAI_VOICE = "openai"


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks. `language` is ISO 639-1, empty where the model finds out itself; `instructions` say how."""

    provider: str
    model: str
    name: str
    language: str = ""
    instructions: str = ""

    @property
    def is_paid(self) -> bool:
        return self.provider != LOCAL_VOICE


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One scene's words and the voice that is to say them."""

    scene_number: int
    text: str
    voice: Voice

    @property
    def key(self) -> str:
        return speech_key(self.text, self.voice)


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text in the blob store: 48 kHz mono, silence trimmed, `seconds` long at its natural pace."""

    key: str
    sha256: str
    size_bytes: int
    seconds: float
    provider: str
    model: str
    voice: str
    characters: int


def speech_key(text: str, voice: Voice) -> str:
    """SHA-256, as 64 hex digits, of all that shapes a speech."""
    parts = [SPEECH_VERSION, voice.provider, voice.model, voice.name, voice.language, voice.instructions, text]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


class ScratchVoice(Protocol):
    """A voice of our own that costs nothing."""

    def voice_for(self, text: str) -> Voice:
        """The voice that would say this text."""

    async def speak(self, text: str, voice: Voice, out_path: Path) -> float:
        """Write the speech and return its seconds; 0.0, and no file, where nothing could be heard.

        Raises ScriptUnspeakable for a text that cannot be spoken however often it is tried, EngineStopped else.
        """


class SpeechFinish(Protocol):
    """Brings a bought recording into the form of a `Speech`."""

    async def finish(self, source: Path, out_path: Path) -> float:
        """Trim and resample `source`; returns its seconds. Raises OutputUnusable, EngineStopped."""
