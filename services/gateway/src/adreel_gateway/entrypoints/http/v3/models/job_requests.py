"""What a job is ordered with, and the actions on it, as they are taken."""

from typing import Annotated, Any, Literal, Self

from adreel.jobs.v1 import jobs_pb2 as pb
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from adreel_gateway.entrypoints.http.v3.models.assets import AssetKind, split_commas
from adreel_gateway.entrypoints.http.v3.models.base import Line, Name, Reference, Text, Url, Uuid, Wire, Word
from adreel_gateway.entrypoints.http.v3.models.clients import WebAddress

Needed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Backend = Literal["local", "replicate", "gemini"]


def _one_of(*taken: Any) -> AfterValidator:
    def check(value: Any) -> Any:
        if value not in taken:
            raise ValueError(f"must be one of {', '.join(str(choice) for choice in taken)}")
        return value

    return AfterValidator(check)


class JobContext(Wire):
    """For whom the ad is made."""

    client_id: Reference = Field(examples=["123"])
    campaign_id: Uuid | None = None
    user_id: Line | None = None


class AdBasics(Wire):
    """What the ad says, and to whom."""

    product: Needed = Field(examples=["Smart Watch"])
    target_audience: Needed = Field(examples=["Tech enthusiasts"])
    key_message: Needed = Field(examples=["Stay connected"])
    call_to_action: Needed = Field(examples=["Buy Now"])


class Direction(Wire):
    """How the ad looks."""

    style: Needed = Field(examples=["Modern"])
    tone: Line | None = Field(None, examples=["Energetic"])
    visual_elements: Annotated[list[Line], BeforeValidator(split_commas)] = Field(
        default_factory=list, max_length=50, examples=[["city"]], description="A list, or text separated by commas."
    )


class AssetInput(Wire):
    """An asset by `url` or by `assetId`, never both."""

    url: Url | None = Field(None, examples=["https://example.com/product.jpg"])
    asset_id: Uuid | None = None
    type: AssetKind | None = None
    name: Name | None = Field(None, examples=["Product Shot"])
    role: Word | None = Field(None, examples=["hero"])

    @model_validator(mode="after")
    def _url_or_id(self) -> Self:
        if (self.url is None) == (self.asset_id is None):
            raise ValueError("give either url or assetId, not both")
        return self

    def to_message(self) -> pb.AssetInput:
        return pb.AssetInput(
            url=self.url or "",
            asset_id=self.asset_id or "",
            type=self.type or "",
            name=self.name or "",
            role=self.role or "",
        )


class Creative(Wire):
    """How the ad looks, and what it is made from."""

    direction: Direction
    assets: list[AssetInput] = Field(default_factory=list, max_length=50)


class VideoIn(Wire):
    """The film wanted."""

    duration_seconds: float = Field(30, ge=5, le=120, allow_inf_nan=False, description="5 to 120 seconds.")
    aspect_ratio: Literal["16:9", "9:16", "1:1"] = "16:9"
    resolution: Literal["720p", "1080p"] = "1080p"
    fps: Annotated[int, _one_of(24, 25, 30)] = Field(30, json_schema_extra={"enum": [24, 25, 30]})
    captions: bool = True
    voiceover: bool = False
    music: Uuid | None = Field(None, description="Asset id of the music.")
    backend: Backend | None = Field(None, description="Who makes the clips; the deployment's default if left out.")

    @model_validator(mode="before")
    @classmethod
    def _null_is_default(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if value is not None}
        return values

    def to_message(self) -> pb.VideoSpec:
        return pb.VideoSpec(
            duration_seconds=self.duration_seconds,
            aspect_ratio=self.aspect_ratio,
            resolution=self.resolution,
            fps=self.fps,
            captions=self.captions,
            voiceover=self.voiceover,
            music_asset_id=self.music or "",
            backend=self.backend or "",
        )


class JobIn(Wire):
    """An ad to be made."""

    context: JobContext
    ad_basics: AdBasics
    creative: Creative
    video: VideoIn = Field(default_factory=VideoIn)
    webhook_url: WebAddress | None = None

    @field_validator("video", mode="before")
    @classmethod
    def _null_video(cls, value: Any) -> Any:
        return {} if value is None else value

    def to_message(self) -> pb.JobInput:
        direction = self.creative.direction
        return pb.JobInput(
            context=pb.JobContext(
                client_id=self.context.client_id,
                campaign_id=self.context.campaign_id or "",
                user_id=self.context.user_id or "",
            ),
            ad_basics=pb.AdBasics(
                product=self.ad_basics.product,
                target_audience=self.ad_basics.target_audience,
                key_message=self.ad_basics.key_message,
                call_to_action=self.ad_basics.call_to_action,
            ),
            direction=pb.Direction(
                style=direction.style, tone=direction.tone or "", visual_elements=direction.visual_elements
            ),
            assets=[asset.to_message() for asset in self.creative.assets],
            video=self.video.to_message(),
            webhook_url=self.webhook_url or "",
        )

    def text_length(self) -> int:
        """Characters of the whole brief."""
        direction = self.creative.direction
        parts = (*self.ad_basics.model_dump().values(), direction.style, direction.tone or "")
        return sum(map(len, (*parts, *direction.visual_elements)))


ACTIONS = (
    "regenerate_scene",
    "regenerate_all_scenes",
    "reject_storyboard",
    "approve_storyboard",
    "reopen_storyboard",
    "cancel",
    "retry",
)
_ALIASES = {"regenerate": "regenerate_scene"}
# Those after which the caller waits for a storyboard.
REWRITING = frozenset({"regenerate_scene", "regenerate_all_scenes", "reject_storyboard"})


def _known_action(name: str) -> str:
    known = _ALIASES.get(name, name)
    if known not in ACTIONS:
        raise ValueError(f"there is no such action; known are {', '.join(ACTIONS)}")
    return known


class Constraints(Wire):
    """What a rewritten scene must keep to."""

    duration_seconds: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)] | None = None
    style: Line | None = None
    shot_type: Word | None = None


class ActionIn(Wire):
    """An action on a job, with its fields."""

    action: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=100),
        AfterValidator(_known_action),
    ] = Field(json_schema_extra={"enum": [*ACTIONS, *_ALIASES]}, examples=["approve_storyboard"])
    scene_number: int | None = Field(None, ge=1, le=1000)
    feedback: Text | None = Field(None, examples=["More of the product, less of the city."])
    constraints: Constraints | None = None
    storyboard_version: int | None = Field(None, ge=1, le=1_000_000)
    reason: Text | None = None
    accept_possible_duplicate: bool = Field(
        False, description="For `retry`: go on where a paid call may have been made already."
    )

    @model_validator(mode="after")
    def _fields_of_the_action(self) -> Self:
        if self.action == "regenerate_scene" and self.scene_number is None:
            raise ValueError("regenerate_scene needs sceneNumber")
        if self.action == "reject_storyboard" and not self.feedback:
            raise ValueError("reject_storyboard needs feedback: say what to change")
        return self

    def to_message(self, job_id: str, *, request_id: str, scope: str) -> pb.ApplyActionRequest:
        constraints = self.constraints or Constraints()
        return pb.ApplyActionRequest(
            job_id=job_id,
            action=self.action,
            scene_number=self.scene_number or 0,
            feedback=self.feedback or "",
            constraints=pb.SceneConstraints(
                duration_seconds=constraints.duration_seconds or 0,
                style=constraints.style or "",
                shot_type=constraints.shot_type or "",
            ),
            storyboard_version=self.storyboard_version or 0,
            reason=self.reason or "",
            accept_possible_duplicate=self.accept_possible_duplicate,
            request_id=request_id,
            scope_client_id=scope,
        )
