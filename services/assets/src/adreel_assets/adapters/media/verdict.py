"""Why a file is refused, as a closed set: the child names a reason, the parent alone puts it into words.

Nothing that the child says reaches a user but these reasons and numbers, so not a byte of another file can.
"""

from enum import StrEnum


class Reason(StrEnum):
    """What was found wrong."""

    UNKNOWN_FORMAT = "unknown_format"  # none of the accepted formats
    UNKNOWN_CODEC = "unknown_codec"  # an accepted container with contents that no browser or decoder of ours takes
    EMPTY = "empty"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    ENCRYPTED = "encrypted"
    ENTITIES = "entities"  # XML that defines entities
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG = "too_long"
    TOO_COSTLY = "too_costly"  # ran into the time or memory limit


class Refusal(Exception):
    """Raised while looking into a file; carries one reason and nothing else."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
