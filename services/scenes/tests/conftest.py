"""Builders shared by the tests of this service."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest
from adreel_scenes.domain.brief import AdBrief, AssetType, Brand, Campaign, SceneAsset, StoryBrief, VideoWish
from adreel_scenes.domain.limits import LOCAL_BACKEND, BackendLimits
from adreel_scenes.domain.scene import SceneContent, StoryboardDraft
from adreel_scenes.domain.storyboard import Storyboard

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Build:
    """Makes valid values; every argument changes one thing."""

    def __init__(self) -> None:
        self._ids = count(1)

    def new_id(self) -> UUID:
        return UUID(int=next(self._ids))

    def asset(
        self,
        name: str = "Product Shot",
        role: str = "hero",
        *,
        kind: AssetType = AssetType.IMAGE,
        size: tuple[int, int] = (1600, 900),
        asset_id: str | None = None,
    ) -> SceneAsset:
        return SceneAsset(asset_id or str(self.new_id()), kind, name, role, *size)

    def brief(
        self,
        product: str = "Smart Watch",
        *,
        audience: str = "Tech enthusiasts",
        message: str = "Stay connected",
        call: str = "Buy Now",
        style: str = "Modern",
        tone: str = "Energetic",
        elements: tuple[str, ...] = ("city",),
        assets: tuple[SceneAsset, ...] = (),
        seconds: float = 30,
        ratio: str = "16:9",
        backend: BackendLimits = LOCAL_BACKEND,
        feedback: tuple[str, ...] = (),
        brand: Brand | None = None,
        campaign: Campaign | None = None,
    ) -> StoryBrief:
        return StoryBrief(
            ad=AdBrief(product, audience, message, call, style, tone, elements),
            brand=brand or Brand(),
            campaign=campaign or Campaign(),
            assets=assets,
            video=VideoWish(duration_ms=round(seconds * 1000), aspect_ratio=ratio),
            feedback=feedback,
            backend=backend,
        )

    def content(self, seconds: float = 10, script: str = "Here it is. Buy now.", **changes: object) -> SceneContent:
        values: dict[str, object] = {
            "duration_ms": round(seconds * 1000),
            "description": "A runner ties a shoe on a wet street.",
            "script": script,
            "shot_type": "medium",
            "transition": "cut",
        }
        return SceneContent(**(values | changes))  # type: ignore[arg-type]

    def storyboard(self, brief: StoryBrief, *lengths: float) -> Storyboard:
        contents = [
            self.content(seconds, script=f"Scene {number}. Buy now.", description=f"A street, seen {number} times.")
            for number, seconds in enumerate(lengths or (10, 10, 10), start=1)
        ]
        draft = StoryboardDraft(tuple(contents))
        return Storyboard.from_draft(self.new_id(), draft, brief, "template", NOW, self.new_id)


@pytest.fixture
def build() -> Build:
    return Build()


@pytest.fixture
def now() -> datetime:
    return NOW
