"""Where a job stands and where it may go: the frozen table of moves between statuses.

Every job ends in `completed`, `failed` or `cancelled`, or waits for a person in `storyboard_review`; all other statuses
are somebody's work, and the watchdog sees to it that this somebody answers.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class JobStatus(StrEnum):
    """The public status of a job."""

    PENDING = "pending"  # assets are fetched and the storyboard is written; assets and scenes move it on
    STORYBOARD_REVIEW = "storyboard_review"  # a person reads the storyboard (or waits for a rewrite) and moves it on
    IN_PROGRESS = "in_progress"  # approved; the locked scenes are on their way from scenes
    RENDERING = "rendering"  # render works on it
    COMPLETED = "completed"  # the film can be served; a person may reopen it
    FAILED = "failed"  # it cannot go on by itself; a person may retry
    CANCELLED = "cancelled"  # nobody wants it any more; nothing moves it on


class Phase(StrEnum):
    """What is being done for a job right now."""

    INGESTING_ASSETS = "ingesting_assets"  # assets answers with one fact per asset
    WRITING_STORYBOARD = "writing_storyboard"  # scenes answers with a whole storyboard
    REWRITING_SCENE = "rewriting_scene"  # scenes answers with one scene
    RENDERING_SCENES = "rendering_scenes"  # render makes the clips
    COMPOSING = "composing"  # render joins them
    STORING = "storing"  # render keeps the film


class Step(StrEnum):
    """Where a failed job stopped, so that `retry` knows from where to go on."""

    INGEST = "ingest"
    WRITE = "write"
    LOCK = "lock"
    RENDER = "render"


ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
LIVE = frozenset(JobStatus) - ENDED

RENDER_PHASES = frozenset({Phase.RENDERING_SCENES, Phase.COMPOSING, Phase.STORING})

MOVES: Mapping[JobStatus, frozenset[JobStatus]] = MappingProxyType(
    {
        JobStatus.PENDING: frozenset({JobStatus.STORYBOARD_REVIEW, JobStatus.FAILED, JobStatus.CANCELLED}),
        # A rewrite that fails leaves the storyboard as it was, so review itself never fails.
        JobStatus.STORYBOARD_REVIEW: frozenset({JobStatus.IN_PROGRESS, JobStatus.CANCELLED}),
        JobStatus.IN_PROGRESS: frozenset({JobStatus.RENDERING, JobStatus.FAILED, JobStatus.CANCELLED}),
        JobStatus.RENDERING: frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}),
        JobStatus.COMPLETED: frozenset({JobStatus.STORYBOARD_REVIEW}),
        # By `retry` alone, to the step that failed.
        JobStatus.FAILED: frozenset(
            {JobStatus.PENDING, JobStatus.STORYBOARD_REVIEW, JobStatus.IN_PROGRESS, JobStatus.RENDERING}
        ),
        JobStatus.CANCELLED: frozenset(),
    }
)
