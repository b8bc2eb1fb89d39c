"""What can go wrong while drawing and joining, one class per reason.

EngineError
├── RenderCancelled    the caller asked to stop; nothing was left behind
├── MediumUnreadable   a picture, clip or logo cannot be used; names it by its key
└── FrameCountError    a clip was given more or fewer frames than it promised: a bug
"""


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


class RenderCancelled(EngineError):  # noqa: N818 - an agreed stop is an outcome, not an error
    """The caller's `cancelled` answered true; no finished file exists."""


class MediumUnreadable(EngineError):  # noqa: N818 - names the outcome, as the service reports it
    """A medium's bytes are broken, too large to decode safely, or of a kind that cannot be drawn."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"medium {key[:16]} cannot be used: {reason}")
        self.key = key
        self.reason = reason


class FrameCountError(EngineError):
    """A clip was closed with another number of frames than it was opened for."""
