"""What reads answer with: a job with its cost and history, a page of a list, figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from adreel_jobs.domain.cost import Cost
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import Change
from adreel_jobs.domain.status import JobStatus

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    from_status: JobStatus
    to_status: JobStatus
    cause: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands; in lists without assets and timeline."""

    job: Job
    cost: Cost
    timeline: tuple[TimelineEntry, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is wanted; a cursor wins over the offset."""

    limit: int
    offset: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, newest first. `cursors` are the places right after each item; the last is empty at the end."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    limit: int
    offset: int
    total: int

    @property
    def next_cursor(self) -> str:
        return self.cursors[-1] if self.cursors else ""


@dataclass(frozen=True, slots=True)
class Stats:
    """What jobs knows of a client or a campaign."""

    campaigns: int
    jobs_by_status: Mapping[str, int]
    seconds_rendered: float
    estimated_micros: int
    actual_micros: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A job's changes after a version, read in one snapshot with where it stands."""

    has_ended: bool
    version: int
    changes: tuple[Change, ...]
