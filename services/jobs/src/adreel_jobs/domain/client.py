"""A client: who pays, with a brand whose guidelines reach the storyboard writer and the local renderer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from adreel_jobs.domain.field_checks import FieldChecks

NAME_CHARACTERS = 200
_MOST_COLORS = 12
_MOST_FONTS = 10

# CSS colours as people write them in guidelines: hexadecimal, a function, or a name.
_COLOR = re.compile(
    r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(?:rgb|hsl)a?\([0-9.,%/ deg+-]{3,40}\)|[a-z]{3,30}", re.I
)


@dataclass(frozen=True, slots=True)
class BrandGuidelines:
    colors: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    tone: str = ""
    logo_asset_id: str = ""


@dataclass(frozen=True, slots=True)
class ClientFields:
    """What a caller sets of a client."""

    name: str
    description: str = ""
    homepage: str = ""
    brand: BrandGuidelines | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    id: UUID
    external_id: str
    fields: ClientFields
    created_at: datetime
    updated_at: datetime


def check_client(fields: ClientFields) -> None:
    """Raises FieldsInvalid with every problem found."""
    checks = FieldChecks()
    checks.text("name", fields.name, most=NAME_CHARACTERS, required=True)
    checks.text("description", fields.description, most=4000)
    if fields.homepage:
        checks.url("homepage", fields.homepage)
    if fields.brand is not None:
        _check_brand(checks, fields.brand)
    checks.metadata("metadata", fields.metadata)
    checks.finish()


def _check_brand(checks: FieldChecks, brand: BrandGuidelines) -> None:
    checks.texts("brandGuidelines.colors", brand.colors, most=_MOST_COLORS, most_each=60)
    for index, color in enumerate(brand.colors[:_MOST_COLORS]):
        if color.strip() and _COLOR.fullmatch(color.strip()) is None:
            checks.add(f"brandGuidelines.colors.{index}", "This is not a CSS colour such as #0f766e.")
    checks.texts("brandGuidelines.fonts", brand.fonts, most=_MOST_FONTS, most_each=100)
    checks.text("brandGuidelines.tone", brand.tone, most=1000)
    if brand.logo_asset_id:
        checks.identifier("brandGuidelines.logoAssetId", brand.logo_asset_id)
