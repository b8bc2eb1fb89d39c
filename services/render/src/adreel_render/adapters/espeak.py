"""espeak-ng, from the library that the `espeakng-loader` wheel carries, called through ctypes.

For use in a process of its own: the library holds its state in globals, and its input is a stranger's text. It is given
plain UTF-8, with neither SSML nor phoneme input switched on, so nothing in a text is a command to it.
"""

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adreel_render.engine.errors import EngineError

# speak_lib.h of espeak-ng 1.52.
_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7

# The library keeps its data's path in 160 bytes, the folder's own name included.
_LONGEST_PATH_BYTES = 120

# An advertising voice says about 2.4 words a second; the library's own default is 2.9.
WORDS_PER_MINUTE = 152
_PITCH_RANGE = 62
_VARIANT = re.compile(r"[A-Za-z0-9_-]{1,40}")

_VOICES: Mapping[str, str] = {
    "en": "en-us",
    "fr": "fr",
    "es": "es",
    "pt": "pt-br",
    "zh": "cmn",
}
"""The library's name of a language where it is not the language's own code."""

DEFAULT_VARIANT = "Annie"


class EspeakFailed(EngineError):
    """The library is missing, has no such voice, or refuses a text."""


def package_dir() -> Path | None:
    """Where the wheel is installed, or None without it. Nothing is loaded."""
    found = importlib.util.find_spec("espeakng_loader")
    return None if found is None or found.origin is None else Path(found.origin).parent


def has_variant(name: str) -> bool:
    """Whether there is a voice variant of this name, in its exact spelling."""
    home = package_dir()
    return bool(home and _VARIANT.fullmatch(name) and name in os.listdir(home / "espeak-ng-data" / "voices" / "!v"))


def has_language(language: str) -> bool:
    """Whether the library has sounds for this language."""
    home = package_dir()
    code = _VOICES.get(language, language).split("-")[0]
    return bool(home and code.isalpha() and (home / "espeak-ng-data" / f"{code}_dict").is_file())


class Espeak:
    """The library, loaded once a process."""

    def __init__(self) -> None:
        home = package_dir()
        if home is None:
            raise EspeakFailed("the package espeakng-loader is not installed")
        self._library = ctypes.CDLL(str(home / _library_name()))
        self._library.espeak_Info.restype = ctypes.c_char_p
        self._rate = self._library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, _data_path(home), _DONT_EXIT)
        if self._rate <= 0:
            raise EspeakFailed("the library did not find its data")
        self._heard = bytearray()
        # Kept as an attribute: the library calls it for as long as this process lives.
        self._callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(self._hear)
        self._library.espeak_SetSynthCallback(self._callback)

    @property
    def rate(self) -> int:
        """Samples a second of what `say` returns."""
        return int(self._rate)

    @property
    def version(self) -> str:
        return str(self._library.espeak_Info(None).decode("ascii", "replace"))

    def say(self, text: str, *, language: str, variant: str, most_seconds: float) -> npt.NDArray[np.float32]:
        """Mono samples, full scale 1, no longer than a moment over `most_seconds`.

        How it sounds depends a little on what was said before. Raises EspeakFailed.
        """
        name = f"{_VOICES.get(language, language)}+{variant}"
        if self._library.espeak_SetVoiceByName(name.encode("ascii", "replace")) != 0:
            raise EspeakFailed(f"there is no voice {name}")
        for parameter, value in ((_RATE, WORDS_PER_MINUTE), (_PITCH, 50), (_RANGE, _PITCH_RANGE), (_WORD_GAP, 0)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._heard.clear()
        self._most_bytes = int(most_seconds * self._rate) * 2
        # The library reads up to a NUL, so there must be none before the end.
        body = text.replace("\0", " ").encode("utf-8", "replace")
        failed = self._library.espeak_Synth(body, len(body) + 1, 0, 0, 0, _CHARS_UTF8 | _END_PAUSE, None, None)
        if failed:
            raise EspeakFailed(f"the library refused the text (error {failed})")
        self._library.espeak_Synchronize()
        return np.frombuffer(bytes(self._heard), np.int16).astype(np.float32) / np.float32(32768.0)

    def _hear(self, samples: int | None, count: int, events: int | None) -> int:
        """Called by the library with each piece; a return of 1 stops it."""
        if samples and count > 0:
            self._heard.extend(ctypes.string_at(samples, count * 2))
        return int(len(self._heard) > self._most_bytes)


def _library_name() -> str:
    return "libespeak-ng.dylib" if sys.platform == "darwin" else "libespeak-ng.so"


def _data_path(home: Path) -> bytes:
    path = os.fsencode(home)
    if len(path) <= _LONGEST_PATH_BYTES or not Path("/proc/self/fd").is_dir():
        return path
    # A short name for a long path: an open directory, kept open for the life of the process.
    return b"/proc/self/fd/%d" % os.open(home, os.O_RDONLY | os.O_DIRECTORY)
