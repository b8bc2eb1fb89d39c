"""Builders shared by all tests of jobs: a good input, neighbours that answer from memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.job_input import AdBasics, AssetInput, Direction, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.ports import Backend, Backends, FilmPrice, LockedStoryboard, StoryboardEstimate
from adreel_kit.errors import AppError, Unavailable


def line(kind: str, micros: int, *, state: str = "estimated") -> CostLine:
    return CostLine(kind=kind, description=kind, provider="p", quantity=1, unit="x", amount_micros=micros, state=state)


def scene(number: int, seconds: float = 6.0) -> dict[str, object]:
    return {
        "id": f"22222222-2222-7222-8222-{number:012d}",
        "scene_number": number,
        "duration_seconds": seconds,
        "description": f"Scene {number}",
        "script": "Words.",
        "shot_type": "wide",
        "transition": "cut",
        "asset_ids": [],
        "revision": 1,
        "metadata": {},
    }


@dataclass
class MemoryScenes:
    """The scenes service in memory: one storyboard of three scenes per job, at the version it was told."""

    version: int = 1
    failure: AppError | None = None
    locks: list[tuple[UUID, int]] = field(default_factory=list)
    reopened: list[tuple[UUID, int]] = field(default_factory=list)
    on_lock: Callable[[], None] | None = None

    async def lock(self, job_id: UUID, version: int) -> LockedStoryboard:
        if self.failure is not None:
            raise self.failure
        self.locks.append((job_id, version))
        return LockedStoryboard(version or self.version, tuple(scene(number) for number in (1, 2, 3)))

    async def read(self, job_id: UUID) -> LockedStoryboard | None:
        return LockedStoryboard(self.version, tuple(scene(number) for number in (1, 2, 3))) if self.version else None

    async def reopen(self, job_id: UUID, version: int) -> int:
        if self.failure is not None:
            raise self.failure
        self.reopened.append((job_id, version))
        return version + 1

    async def estimate(
        self,
        *,
        duration_seconds: float,
        asset_count: int,
        brief_characters: int,
        backend: str,
        tone: str = "",
        style: str = "",
    ) -> StoryboardEstimate:
        if self.failure is not None:
            raise self.failure
        return StoryboardEstimate(4, (line("storyboard", 20_000),))


@dataclass
class MemoryRender:
    """The render service in memory: `local` and `replicate` are usable, `gemini` has no key."""

    micros_per_second: int = 100_000
    is_away: bool = False
    estimated_scenes: list[int] = field(default_factory=list)
    previews: list[Mapping[str, Any]] = field(default_factory=list)
    priced: list[Mapping[str, Any]] = field(default_factory=list)
    bought_micros: int = 0

    async def backends(self) -> Backends:
        self._answer()
        return Backends(
            (
                Backend("local", True, ""),
                Backend("replicate", True, ""),
                Backend("gemini", False, "MISSING_API_KEY"),
            ),
            "local",
        )

    async def ensure_preview(self, request: Mapping[str, Any]) -> None:
        self._answer()
        self.previews.append(request)

    async def price_film(self, request: Mapping[str, Any]) -> FilmPrice:
        self._answer()
        self.priced.append(request)
        total = round(request["video"]["duration_seconds"] * self.micros_per_second)
        return FilmPrice((line("video", total),), total - self.bought_micros)

    async def estimate(
        self,
        *,
        backend: str,
        duration_seconds: float,
        scene_count: int,
        resolution: str,
        aspect_ratio: str,
        voiceover: bool,
    ) -> tuple[CostLine, ...]:
        self._answer()
        self.estimated_scenes.append(scene_count)
        return (line("video", round(duration_seconds * self.micros_per_second)),)

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("The render service cannot be reached right now.")


@pytest.fixture
def scenes() -> MemoryScenes:
    return MemoryScenes()


@pytest.fixture
def render() -> MemoryRender:
    return MemoryRender()


@pytest.fixture
def good_input() -> JobInput:
    return JobInput(
        context=JobContext("acme"),
        ad_basics=AdBasics("Smart Watch", "Tech enthusiasts", "Stay connected", "Buy Now"),
        direction=Direction("Modern", "Energetic", ("city",)),
        assets=(AssetInput(url="https://example.com/product.jpg", type="image", name="Product Shot", role="hero"),),
        video=VideoSpec(duration_seconds=30, backend="local"),
    )


@pytest.fixture
def without_assets(good_input: JobInput) -> JobInput:
    return replace(good_input, assets=())
