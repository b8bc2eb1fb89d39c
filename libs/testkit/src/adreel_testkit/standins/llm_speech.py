"""OpenAI's `POST /v1/audio/speech`: from the API reference, the models, the bounds, and raw sound as the answer.

What is spoken is a hum with a syllable for each word, so that a test can see where it is heard and for how long, with
silence around it, as the real models leave some.
"""

import array
import io
import math
import wave
from collections.abc import Mapping
from typing import Any

# The request's body is JSON of the provider's own shape.
Body = Mapping[str, Any]

RATE = 24_000
SECONDS_PER_WORD = 0.36
SILENCE_SECONDS = 0.25
_VOICES = frozenset(
    {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"}
)
_FORMATS = {"wav": "audio/wav"}
_HUM_HZ = 170.0


def check_speech(body: Body) -> tuple[int, str, str] | None:
    """What the API refuses before it speaks: status, code, message."""
    if not body.get("model") or not isinstance(body.get("input"), str) or not body["input"]:
        return 400, "missing_required_parameter", "Missing required parameter: 'model' or 'input'."
    if "tts" not in str(body["model"]):
        return 404, "model_not_found", f"The model `{body['model']}` does not exist or you do not have access to it."
    if len(body["input"]) > 4096:
        return 400, "string_above_max_length", "Invalid 'input': string too long. Expected at most 4096 characters."
    if body.get("voice") not in _VOICES:
        return 400, "invalid_value", "Invalid value for 'voice'."
    if body.get("response_format", "mp3") not in _FORMATS:
        return 400, "unsupported_value", "The stand-in speaks WAV alone."
    if body.get("instructions") and str(body["model"]).startswith("tts-"):
        return 400, "unsupported_parameter", "'instructions' does not work with this model."
    return None


def spoken(body: Body) -> bytes:
    """A WAV file, 24 kHz mono: one syllable for each word of the input, faster with `speed`."""
    words = max(1, len(str(body["input"]).split()))
    word = round(SECONDS_PER_WORD / float(body.get("speed") or 1.0) * RATE)
    samples = array.array("h", bytes(2 * round(SILENCE_SECONDS * RATE)))
    syllable = array.array("h", (_hum(index, word) for index in range(word)))
    for _ in range(words):
        samples.extend(syllable)
    samples.extend(array.array("h", bytes(2 * round(SILENCE_SECONDS * RATE))))
    return _wav(samples)


def silence(seconds: float) -> bytes:
    """A WAV file in which nothing is heard."""
    return _wav(array.array("h", bytes(2 * round(seconds * RATE))))


def _hum(index: int, length: int) -> int:
    envelope = math.sqrt(math.sin(math.pi * index / length))
    phase = 2 * math.pi * _HUM_HZ * index / RATE
    wave_ = math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.3 * math.sin(5 * phase) + 0.2 * math.sin(9 * phase)
    return int(8000 * envelope * wave_)


def _wav(samples: "array.array[int]") -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
