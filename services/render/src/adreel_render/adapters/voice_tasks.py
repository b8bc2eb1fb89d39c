"""Tasks of the voice process, and how it carries them out; the seconds of what was written go into `details`."""

import functools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adreel_render.adapters.engine_tasks import Result
from adreel_render.adapters.espeak import Espeak
from adreel_render.engine.errors import MediaRejected
from adreel_render.engine.speech import LONGEST_SECONDS, Mono, finished, read_speech, resampled, write_speech

Report = Callable[[float], None]

# Two hundred seconds of speech, more than any scene has, take a fifth of a second.
_MOST_SPEAKING_SECONDS = 15


@dataclass(frozen=True, slots=True)
class SpeakText:
    """Speak a text with the scratch voice."""

    text: str
    language: str
    variant: str
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        return _kept(finished(resampled(_spoken_apart(self), _espeak().rate), warm=True), self.out_path)


@dataclass(frozen=True, slots=True)
class FinishSpeech:
    """Trim and resample a bought recording."""

    source: Path
    out_path: Path

    def carry_out(self, report: Report) -> Result:
        return _kept(read_speech(self.source, warm=False), self.out_path)


@dataclass(frozen=True, slots=True)
class LookAtSpeech:
    """Decode a bought recording from end to end: something has to be heard."""

    source: Path

    def carry_out(self, report: Report) -> Result:
        if not read_speech(self.source, warm=False).size:
            raise MediaRejected("silent", "nothing is heard in the recording")
        # What it is called matters to nobody: whoever reads it looks at the bytes.
        return Result(0, self.source.stat().st_size, {"content_type": "audio/wav"})


def _kept(samples: Mono, out_path: Path) -> Result:
    if not samples.size:
        return Result(0, 0, {"seconds": 0.0})
    seconds = write_speech(out_path, samples)
    return Result(0, out_path.stat().st_size, {"seconds": seconds})


def _spoken_apart(task: SpeakText) -> Mono:
    """What espeak says, in a fork of this process, which takes 10 ms.

    The library's state is then the same for every text, so that equal texts sound equal (it runs on from one text to
    the next); and a text that crashes it, or that it never ends with, costs that text alone.
    """
    voice = _espeak()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(_MOST_SPEAKING_SECONDS)
            os.close(reader)
            said = voice.say(task.text, language=task.language, variant=task.variant, most_seconds=LONGEST_SECONDS)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(said.tobytes())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        body = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise MediaRejected("unspeakable", "espeak-ng broke off in the middle of it")
    return np.frombuffer(body, np.float32)


@functools.cache
def _espeak() -> Espeak:
    return Espeak()
