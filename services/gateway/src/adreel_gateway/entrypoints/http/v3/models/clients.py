"""Clients and campaigns on the wire, and the figures of either."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from adreel.assets.v1 import assets_pb2
from adreel.jobs.v1 import jobs_pb2 as pb
from pydantic import AfterValidator, Field, model_validator

from adreel_gateway.entrypoints.http.v3.models.base import (
    Line,
    Metadata,
    Name,
    Reference,
    Text,
    Url,
    Uuid,
    Wire,
    Word,
    from_struct,
    money,
    time_of,
    to_struct,
)

CampaignState = Literal["active", "paused", "archived"]
JOB_STATUSES = ("pending", "storyboard_review", "in_progress", "rendering", "completed", "failed", "cancelled")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def _web_address(text: str) -> str:
    if _SCHEME.match(text) and not text.lower().startswith(("http://", "https://")):
        raise ValueError("must be an http or https address")
    return text


WebAddress = Annotated[Url, AfterValidator(_web_address)]


class BrandGuidelines(Wire):
    """How the client's ads look and sound; it reaches the storyboard writer and the local renderer."""

    colors: list[Word] = Field(default_factory=list, max_length=20, examples=[["#0b3d2e", "#f2a65a"]])
    fonts: list[Line] = Field(default_factory=list, max_length=20, examples=[["Inter"]])
    tone: Line | None = Field(None, examples=["warm, plain"])
    logo_asset_id: Uuid | None = None

    def to_message(self) -> pb.BrandGuidelines:
        return pb.BrandGuidelines(
            colors=self.colors, fonts=self.fonts, tone=self.tone or "", logo_asset_id=self.logo_asset_id or ""
        )

    @classmethod
    def of(cls, message: pb.BrandGuidelines) -> Self:
        return cls(
            colors=list(message.colors),
            fonts=list(message.fonts),
            tone=message.tone or None,
            logo_asset_id=message.logo_asset_id or None,
        )


class ClientIn(Wire):
    """A client as it is to be. What is left out of a PUT is emptied."""

    name: Name = Field(examples=["Ridgeline Outdoor"])
    description: Text | None = None
    homepage: WebAddress | None = Field(None, examples=["https://ridgeline.example"])
    brand_guidelines: BrandGuidelines | None = None
    metadata: Metadata = Field(default_factory=dict)

    def to_message(self) -> pb.ClientFields:
        return pb.ClientFields(
            name=self.name,
            description=self.description or "",
            homepage=self.homepage or "",
            brand_guidelines=self.brand_guidelines.to_message() if self.brand_guidelines else None,
            metadata=to_struct(self.metadata),
        )


class ClientOut(Wire):
    """A client. `externalId` is the string it was first named by, where it was adopted from one."""

    id: str
    external_id: str | None
    name: str
    description: str | None
    homepage: str | None
    brand_guidelines: BrandGuidelines | None
    metadata: Metadata
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, message: pb.Client) -> Self:
        has_brand = message.HasField("brand_guidelines")
        return cls(
            id=message.id,
            external_id=message.external_id or None,
            name=message.name,
            description=message.description or None,
            homepage=message.homepage or None,
            brand_guidelines=BrandGuidelines.of(message.brand_guidelines) if has_brand else None,
            metadata=from_struct(message.metadata),
            created_at=time_of(message.created_at),
            updated_at=time_of(message.updated_at),
        )


class _CampaignFields(Wire):
    name: Name = Field(examples=["Autumn trail"])
    goal: Text | None = Field(None, examples=["Bring day hikers into the shop"])
    status: CampaignState = "active"
    brief: Text | None = None
    product_url: WebAddress | None = None
    metadata: Metadata = Field(default_factory=dict)

    def message_for(self, client_id: str) -> pb.CampaignFields:
        return pb.CampaignFields(
            client_id=client_id,
            name=self.name,
            goal=self.goal or "",
            status=pb.CampaignStatus.Value(f"CAMPAIGN_STATUS_{self.status.upper()}"),
            brief=self.brief or "",
            product_url=self.product_url or "",
            metadata=to_struct(self.metadata),
        )


class CampaignIn(_CampaignFields):
    """A campaign to be made."""

    client_id: Reference


class CampaignPut(_CampaignFields):
    """A campaign as it is to be; without `clientId` it stays with its client."""

    client_id: Reference | None = None


class CampaignOut(Wire):
    """A campaign."""

    id: str
    client_id: str
    name: str
    goal: str | None
    status: CampaignState
    brief: str | None
    product_url: str | None
    metadata: Metadata
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, message: pb.Campaign) -> Self:
        status: Any = pb.CampaignStatus.Name(message.status).removeprefix("CAMPAIGN_STATUS_").lower()
        return cls(
            id=message.id,
            client_id=message.client_id,
            name=message.name,
            goal=message.goal or None,
            status="active" if status == "unspecified" else status,
            brief=message.brief or None,
            product_url=message.product_url or None,
            metadata=from_struct(message.metadata),
            created_at=time_of(message.created_at),
            updated_at=time_of(message.updated_at),
        )


class JobFigures(Wire):
    """How many jobs there are, and in which status."""

    total: int
    by_status: dict[str, int]


class TypeFigures(Wire):
    """Assets of one type."""

    count: int
    size_bytes: int


class AssetFigures(Wire):
    """Assets and their bytes."""

    total: int
    size_bytes: int
    by_type: dict[str, TypeFigures]


class Spend(Wire):
    """What jobs were estimated to cost and what they did cost."""

    currency: str
    estimated: str
    actual: str


class StatsOut(Wire):
    """The figures of a client or campaign; `campaigns` is null for a campaign."""

    client_id: str | None = None
    campaign_id: str | None = None
    campaigns: int | None
    jobs: JobFigures
    assets: AssetFigures
    seconds_rendered: float
    spend: Spend

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        assert bool(self.client_id) or bool(self.campaign_id)
        return self

    @classmethod
    def of(
        cls,
        stats: pb.Stats,
        assets: assets_pb2.GetAssetStatsResponse,
        *,
        client_id: str | None = None,
        campaign_id: str | None = None,
    ) -> Self:
        by_type = {name: TypeFigures(count=0, size_bytes=0) for name in ("image", "video", "audio", "document")}
        by_type |= {
            name: TypeFigures(count=value.count, size_bytes=value.size_bytes) for name, value in assets.by_type.items()
        }
        by_status = dict.fromkeys(JOB_STATUSES, 0) | dict(stats.jobs_by_status)
        return cls(
            client_id=client_id,
            campaign_id=campaign_id,
            campaigns=stats.campaigns if client_id else None,
            jobs=JobFigures(total=sum(by_status.values()), by_status=by_status),
            assets=AssetFigures(
                total=sum(value.count for value in by_type.values()),
                size_bytes=sum(value.size_bytes for value in by_type.values()),
                by_type=by_type,
            ),
            seconds_rendered=stats.seconds_rendered,
            spend=Spend(
                currency=stats.estimated.currency or stats.actual.currency or "USD",
                estimated=money(stats.estimated.micros),
                actual=money(stats.actual.micros),
            ),
        )
