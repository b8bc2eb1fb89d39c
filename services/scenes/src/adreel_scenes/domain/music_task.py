"""The states of a task that writes music-video scenes."""

from enum import StrEnum


class MusicTaskState(StrEnum):
    """Where a task stands. A task that ended never moves again."""

    PENDING = "pending"  # ordered; a worker writes, or will
    COMPLETED = "completed"  # scenes and files are there
    FAILED = "failed"  # given up; the error says why
