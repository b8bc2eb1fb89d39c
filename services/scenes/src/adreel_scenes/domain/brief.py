"""What a storyboard is written from: the ad's brief, the brand, the campaign, the assets and the wishes for the film.

Values only. `StoryBrief.cleaned` is the one gate for the user's words: past it every text is plain and bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from adreel_scenes.domain.limits import LOCAL_BACKEND, BackendLimits, StoryLimits
from adreel_scenes.domain.plain_text import cut_at_word, plain_text

_TEXT_CHARACTERS = 1_000
_NAME_CHARACTERS = 200
_LIST_ITEMS = 20


class AssetType(StrEnum):
    """What an asset is; the first two can be shown."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class Orientation(StrEnum):
    """The shape of a picture."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AdBrief:
    """The user's own words on the ad; any language, any length until cleaned."""

    product: str
    target_audience: str = ""
    key_message: str = ""
    call_to_action: str = ""
    style: str = ""
    tone: str = ""
    visual_elements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """The client's brand guidelines, all optional."""

    client_name: str = ""
    colors: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    tone: str = ""
    has_logo: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the ad is part of."""

    goal: str = ""
    brief: str = ""
    product_url: str = ""


@dataclass(frozen=True, slots=True)
class SceneAsset:
    """A ready asset of the job, as far as a writer must know it."""

    asset_id: str
    type: AssetType
    name: str = ""
    role: str = ""
    width_px: int | None = None
    height_px: int | None = None
    duration_seconds: float | None = None

    @property
    def is_visual(self) -> bool:
        return self.type in (AssetType.IMAGE, AssetType.VIDEO)

    @property
    def is_hero(self) -> bool:
        return self.role.casefold().strip() in ("hero", "hero shot", "main", "primary")

    @property
    def orientation(self) -> Orientation:
        if not self.width_px or not self.height_px:
            return Orientation.UNKNOWN
        ratio = self.width_px / self.height_px
        if 0.9 <= ratio <= 1.1:
            return Orientation.SQUARE
        return Orientation.LANDSCAPE if ratio > 1 else Orientation.PORTRAIT


@dataclass(frozen=True, slots=True)
class VideoWish:
    """The film that was asked for. `duration_ms` is the length that the scenes must add up to."""

    duration_ms: int = 30_000
    aspect_ratio: str = "16:9"
    resolution: str = "1080p"
    fps: int = 30
    captions: bool = True
    voiceover: bool = False


@dataclass(frozen=True, slots=True)
class SceneConstraints:
    """What a regenerated scene must be, beyond the feedback. None leaves it to the writer."""

    duration_ms: int | None = None
    style: str | None = None
    shot_type: str | None = None


NO_CONSTRAINTS = SceneConstraints()


@dataclass(frozen=True, slots=True)
class StoryBrief:
    """Everything that a writer may know. `feedback` is all that was said so far, oldest first."""

    ad: AdBrief
    brand: Brand = Brand()
    campaign: Campaign = Campaign()
    assets: tuple[SceneAsset, ...] = ()
    video: VideoWish = VideoWish()
    feedback: tuple[str, ...] = ()
    limits: StoryLimits = field(default_factory=StoryLimits)
    backend: BackendLimits = LOCAL_BACKEND

    @property
    def visual_assets(self) -> tuple[SceneAsset, ...]:
        return tuple(asset for asset in self.assets if asset.is_visual)

    @property
    def asset_ids(self) -> frozenset[str]:
        return frozenset(asset.asset_id for asset in self.assets)

    def cleaned(self) -> "StoryBrief":
        """The same brief with every text plain and cut to a length that fits a prompt. Idempotent."""
        return replace(
            self,
            ad=AdBrief(
                product=_text(self.ad.product, _TEXT_CHARACTERS),
                target_audience=_text(self.ad.target_audience, _TEXT_CHARACTERS),
                key_message=_text(self.ad.key_message, _TEXT_CHARACTERS),
                call_to_action=_text(self.ad.call_to_action, _TEXT_CHARACTERS),
                style=_text(self.ad.style, _NAME_CHARACTERS),
                tone=_text(self.ad.tone, _NAME_CHARACTERS),
                visual_elements=_texts(self.ad.visual_elements),
            ),
            brand=replace(
                self.brand,
                client_name=_text(self.brand.client_name, _NAME_CHARACTERS),
                colors=_texts(self.brand.colors),
                fonts=_texts(self.brand.fonts),
                tone=_text(self.brand.tone, _NAME_CHARACTERS),
            ),
            campaign=Campaign(
                goal=_text(self.campaign.goal, _TEXT_CHARACTERS),
                brief=_text(self.campaign.brief, 4 * _TEXT_CHARACTERS),
                product_url=_text(self.campaign.product_url, _TEXT_CHARACTERS),
            ),
            assets=tuple(
                replace(asset, name=_text(asset.name, _NAME_CHARACTERS), role=_text(asset.role, _NAME_CHARACTERS))
                for asset in self.assets
            ),
            feedback=tuple(_text(note, 2 * _TEXT_CHARACTERS) for note in self.feedback if plain_text(note)),
        )


def _text(text: str, limit: int) -> str:
    return cut_at_word(plain_text(text), limit)


def _texts(texts: Sequence[str]) -> tuple[str, ...]:
    cleaned = (_text(text, _NAME_CHARACTERS) for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))[:_LIST_ITEMS]
