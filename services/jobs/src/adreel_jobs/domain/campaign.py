"""A campaign: a set of ads of one client with one brief."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from adreel_jobs.domain.client import NAME_CHARACTERS
from adreel_jobs.domain.field_checks import FieldChecks


class CampaignStatus(StrEnum):
    """Where a campaign stands; it is for people to see and set, nothing is refused because of it."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class CampaignFields:
    """What a caller sets of a campaign, but for its client."""

    name: str
    goal: str = ""
    status: CampaignStatus = CampaignStatus.ACTIVE
    brief: str = ""
    product_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Campaign:
    id: UUID
    client_id: UUID
    fields: CampaignFields
    created_at: datetime
    updated_at: datetime


def check_campaign(fields: CampaignFields) -> None:
    """Raises FieldsInvalid with every problem found."""
    checks = FieldChecks()
    checks.text("name", fields.name, most=NAME_CHARACTERS, required=True)
    checks.text("goal", fields.goal, most=1000)
    checks.text("brief", fields.brief, most=8000)
    if fields.product_url:
        checks.url("productUrl", fields.product_url)
    checks.metadata("metadata", fields.metadata)
    checks.finish()
