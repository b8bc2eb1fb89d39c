"""What a job is asked to make, as given and as completed with defaults. Values only; `job_rules` judges them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class JobContext:
    """For whom, in the caller's own words: the ids may be external ones."""

    client_id: str
    campaign_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class AdBasics:
    product: str
    target_audience: str
    key_message: str
    call_to_action: str


@dataclass(frozen=True, slots=True)
class Direction:
    style: str
    tone: str = ""
    visual_elements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetInput:
    """One asset, by `url` or by `asset_id`. An empty `type` leaves it to the bytes."""

    url: str = ""
    asset_id: str = ""
    type: str = ""
    name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """The video asked for. `backend` is empty until the render service has named the default."""

    duration_seconds: float = 30.0
    aspect_ratio: str = "16:9"
    resolution: str = "1080p"
    fps: int = 30
    captions: bool = True
    voiceover: bool = False
    music_asset_id: str = ""
    backend: str = ""


@dataclass(frozen=True, slots=True)
class JobInput:
    context: JobContext
    ad_basics: AdBasics
    direction: Direction
    assets: tuple[AssetInput, ...] = ()
    video: VideoSpec = field(default_factory=VideoSpec)
    webhook_url: str = ""

    @property
    def brief_characters(self) -> int:
        """All text of the brief together, from which writing is priced."""
        basics, direction = self.ad_basics, self.direction
        texts = (
            basics.product,
            basics.target_audience,
            basics.key_message,
            basics.call_to_action,
            direction.style,
            direction.tone,
            *direction.visual_elements,
        )
        return sum(map(len, texts))
