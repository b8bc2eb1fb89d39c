"""What can go wrong while drawing and joining, one class per reason.

EngineError
├── RenderCancelled    the caller asked to stop; nothing was left behind
├── MediumUnreadable   a picture, clip or logo cannot be used; names it by its key
├── FrameCountError    a clip was given more or fewer frames than it promised: a bug
├── MediaRejected      a file from outside is not something we are willing to decode
├── NotWritten         a file could not be written: no room, or a failing disk; another try may work
├── CompositionError   a film plan contradicts itself or its clips
│   └── UnusableClip   one clip's file is damaged or not in the film's form: make it again
└── VerificationError  a finished file is not what it promises to be
"""


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


class RenderCancelled(EngineError):
    """The caller's `cancelled` answered true; no finished file exists."""


class MediumUnreadable(EngineError):
    """A medium's bytes are broken, too large to decode safely, or of a kind that cannot be drawn."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"medium {key[:16]} cannot be used: {reason}")
        self.key = key
        self.reason = reason


class FrameCountError(EngineError):
    """A clip was closed with another number of frames than it was opened for."""


class MediaRejected(EngineError):
    """A file is damaged, too large, too long or of a kind we do not decode.

    `reason` is a short stable word (`unreadable`, `no_video`, `too_long`, ...) that callers may show
    or branch on; the message is for people and never contains a path.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotWritten(EngineError):
    """A film could not be written where it belongs: the disk is full or fails. Nothing is wrong with its plan."""


class CompositionError(EngineError):
    """A film plan cannot be carried out: overlapping windows, missing frames, unequal canvases."""


class UnusableClip(CompositionError):
    """The file of clip `clip` (counted from 0) cannot be used even by decoding it; others may be fine."""

    def __init__(self, clip: int, message: str) -> None:
        super().__init__(f"clip {clip + 1}: {message}")
        self.clip = clip


class VerificationError(EngineError):
    """A finished file failed a check; `problems` lists each in a sentence."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
