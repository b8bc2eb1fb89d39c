"""What the use cases need of the outside: stores that work in the caller's transaction, and two neighbours.

No store commits. `load(..., for_update=True)` holds the row until the transaction ends, so verbs of one job follow each
other; `save` is conditional all the same and raises ChangedMeanwhile where it lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from adreel_kit.db import Connection

from adreel_jobs.domain.campaign import Campaign, CampaignFields, CampaignStatus
from adreel_jobs.domain.client import Client, ClientFields
from adreel_jobs.domain.cost import Bill, CostLine
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_record import LockedScene
from adreel_jobs.domain.status import Step
from adreel_jobs.domain.views import JobView, Page, PageRequest, Stats, Watched


@dataclass(frozen=True, slots=True)
class RequestMark:
    """What makes a repeated creation recognisable: the caller's id for it, and a digest of its body."""

    key: str
    fingerprint: str


class JobStore(Protocol):
    """Jobs with their assets, changes and timeline."""

    async def insert(
        self, conn: Connection, job: Job, *, mark: RequestMark | None, estimate: Sequence[CostLine] | None
    ) -> bool:
        """Add a new job; False, with nothing added, where another job has the same mark's key."""

    async def load(self, conn: Connection, job_id: UUID, *, for_update: bool = False) -> Job | None: ...

    async def save(self, conn: Connection, job: Job) -> None:
        """Write what verbs did to `job` and wake its watchers. Raises ChangedMeanwhile."""

    async def find_by_mark(self, conn: Connection, key: str) -> tuple[UUID, str] | None:
        """The job made under this key, and the fingerprint of its body."""

    async def claim_approval(self, conn: Connection, job_id: UUID, token: UUID, ttl: timedelta) -> None: ...
    async def holds_approval(self, conn: Connection, job_id: UUID, token: UUID) -> bool: ...
    async def release_approval(self, conn: Connection, job_id: UUID, token: UUID) -> None: ...

    async def set_estimate(self, conn: Connection, job_id: UUID, lines: Sequence[CostLine]) -> None: ...
    async def estimate(self, conn: Connection, job_id: UUID) -> Sequence[CostLine] | None: ...
    async def reserve(self, conn: Connection, job_id: UUID, micros: int) -> None:
        """Set aside this much for the render under way; what it has really cost counts against it."""

    async def record_bill(self, conn: Connection, job_id: UUID, bill: Bill) -> None:
        """Remember a bill; one of the same source is the same bill."""

    async def live_ids(self, conn: Connection, *, client_id: UUID | None, campaign_id: UUID | None) -> list[UUID]:
        """Jobs of a client or campaign that have not ended."""

    async def take_silent(self, conn: Connection, patience: Mapping[Step, timedelta], *, limit: int) -> list[UUID]:
        """Lock, skipping those locked, jobs whose step has been silent for longer than its patience."""

    async def nudges(self, conn: Connection, job_id: UUID) -> int: ...
    async def count_nudge(self, conn: Connection, job_id: UUID) -> None: ...


class JobQueries(Protocol):
    """Reads for answers."""

    async def get(self, conn: Connection, job_id: UUID) -> JobView | None: ...
    async def list(
        self,
        conn: Connection,
        *,
        client_id: UUID | None,
        campaign_id: UUID | None,
        status: str | None,
        page: PageRequest,
    ) -> Page[JobView]: ...
    async def client_of(self, conn: Connection, job_id: UUID) -> UUID | None: ...
    async def watch(self, conn: Connection, job_id: UUID, after_version: int, *, limit: int) -> Watched | None: ...
    async def stats(self, conn: Connection, *, client_id: UUID | None, campaign_id: UUID | None) -> Stats: ...
    async def committed_micros(self, conn: Connection, *, client_id: UUID | None, job_id: UUID | None) -> int:
        """Spent so far, plus what is reserved for renders under way and not yet spent."""


class ClientStore(Protocol):
    """Clients that were not deleted."""

    async def insert(self, conn: Connection, client_id: UUID, external_id: str, fields: ClientFields) -> bool:
        """Add a client; False where its id or external id is taken."""

    async def find(self, conn: Connection, text: str, *, for_update: bool = False) -> Client | None:
        """By id or by external id."""

    async def brand_of(self, conn: Connection, client_id: UUID) -> ClientFields:
        """The fields of a client that may have been deleted since."""

    async def list(self, conn: Connection, *, query: str, only_id: UUID | None, page: PageRequest) -> Page[Client]: ...
    async def replace(self, conn: Connection, client_id: UUID, fields: ClientFields) -> None: ...
    async def delete(self, conn: Connection, client_id: UUID) -> None: ...


class CampaignStore(Protocol):
    """Campaigns that were not deleted."""

    async def insert(self, conn: Connection, campaign_id: UUID, client_id: UUID, fields: CampaignFields) -> None: ...
    async def find(self, conn: Connection, campaign_id: UUID, *, for_update: bool = False) -> Campaign | None: ...
    async def fields_of(self, conn: Connection, campaign_id: UUID) -> CampaignFields | None:
        """The fields of a campaign that may have been deleted since."""

    async def list(
        self,
        conn: Connection,
        *,
        client_id: UUID | None,
        status: CampaignStatus | None,
        query: str,
        page: PageRequest,
    ) -> Page[Campaign]: ...
    async def ids_of(self, conn: Connection, client_id: UUID) -> Sequence[UUID]: ...
    async def replace(self, conn: Connection, campaign_id: UUID, fields: CampaignFields) -> None: ...
    async def delete(self, conn: Connection, campaign_id: UUID) -> None: ...


class RequestStore(Protocol):
    """Requests that have made or changed something, by their keys."""

    async def find(self, conn: Connection, key: str) -> UUID | None:
        """What the request of this key made or changed."""

    async def remember(self, conn: Connection, key: str, subject: UUID) -> UUID | None:
        """Note what the request makes or changes; where one of this key did before: what that was, nothing noted."""


@dataclass(frozen=True, slots=True)
class LockedStoryboard:
    """A storyboard as scenes locked it."""

    version: int
    scenes: tuple[LockedScene, ...]


@dataclass(frozen=True, slots=True)
class StoryboardEstimate:
    scenes: int
    lines: tuple[CostLine, ...]


class ScenesPort(Protocol):
    """The scenes service. Raises what it raised, or SERVICE_UNAVAILABLE."""

    async def lock(self, job_id: UUID, version: int) -> LockedStoryboard:
        """Lock this version, or the latest where zero; safe to repeat."""

    async def reopen(self, job_id: UUID, version: int) -> int:
        """Open the locked `version` as a new one, which is returned; safe to repeat."""

    async def read(self, job_id: UUID) -> LockedStoryboard | None:
        """The storyboard as it stands, locked or not; None while there is none."""

    async def estimate(
        self,
        *,
        duration_seconds: float,
        asset_count: int,
        brief_characters: int,
        backend: str,
        tone: str = "",
        style: str = "",
    ) -> StoryboardEstimate: ...


@dataclass(frozen=True, slots=True)
class Backend:
    name: str
    is_available: bool
    problem: str
    # The problem as a sentence that says which setting to change.
    message: str = ""


@dataclass(frozen=True, slots=True)
class Backends:
    known: tuple[Backend, ...]
    default: str


@dataclass(frozen=True, slots=True)
class FilmPrice:
    """The lines of a whole film; `open_micros` is what of it has not been bought yet."""

    lines: tuple[CostLine, ...]
    open_micros: int


class RenderPort(Protocol):
    """The render service. Raises what it raised, or SERVICE_UNAVAILABLE."""

    async def backends(self) -> Backends: ...

    async def ensure_preview(self, request: Mapping[str, Any]) -> None:
        """Return once the animatic of this render request is there. Raises PREVIEW_NOT_READY while it is drawn."""

    async def price_film(self, request: Mapping[str, Any]) -> FilmPrice:
        """What the film of this render request costs, clip by clip."""

    async def estimate(
        self,
        *,
        backend: str,
        duration_seconds: float,
        scene_count: int,
        resolution: str,
        aspect_ratio: str,
        voiceover: bool,
    ) -> tuple[CostLine, ...]: ...


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one process; they have no state of their own."""

    jobs: JobStore
    queries: JobQueries
    clients: ClientStore
    campaigns: CampaignStore
    requests: RequestStore
