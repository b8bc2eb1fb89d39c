"""What clients and campaigns must be like."""

from typing import Any

import pytest
from adreel_jobs.domain.campaign import CampaignFields, check_campaign
from adreel_jobs.domain.client import BrandGuidelines, ClientFields, check_client
from adreel_jobs.domain.errors import FieldsInvalid


def faults(check: Any, fields: Any) -> list[str]:
    try:
        check(fields)
    except FieldsInvalid as error:
        return [one.field for one in error.problems]
    return []


def test_full_client_passes() -> None:
    brand = BrandGuidelines(("#1F3D2B", "rebeccapurple", "rgb(1, 2, 3)", "#fff"), ("Inter",), "Warm", "")
    fields = ClientFields("Vereda", "Walks", "https://vereda.example", brand, {"industry": "travel", "n": [1, {}]})
    assert faults(check_client, fields) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (ClientFields(""), "name"),
        (ClientFields("n" * 201), "name"),
        (ClientFields("a\x07"), "name"),
        (ClientFields("a", homepage="vereda.example"), "homepage"),
        (ClientFields("a", homepage="javascript:alert(1)"), "homepage"),
        (ClientFields("a", brand=BrandGuidelines(colors=("#12",))), "brandGuidelines.colors.0"),
        (ClientFields("a", brand=BrandGuidelines(colors=("red; }",))), "brandGuidelines.colors.0"),
        (ClientFields("a", brand=BrandGuidelines(colors=("red",) * 13)), "brandGuidelines.colors"),
        (ClientFields("a", brand=BrandGuidelines(fonts=("f" * 101,))), "brandGuidelines.fonts.0"),
        (ClientFields("a", brand=BrandGuidelines(logo_asset_id="logo.png")), "brandGuidelines.logoAssetId"),
        (ClientFields("a", metadata={"x": "y" * 17_000}), "metadata"),
        (ClientFields("a", metadata={"x": float("nan")}), "metadata"),
        (ClientFields("a", metadata={"x": ["\x00"]}), "metadata"),
        (ClientFields("a", metadata={"\x00": 1}), "metadata"),
        (ClientFields("a", metadata={"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}), "metadata"),
    ],
)
def test_client_faults(fields: ClientFields, field: str) -> None:
    assert faults(check_client, fields) == [field]


def test_metadata_that_only_speaks_of_nul_passes() -> None:
    assert faults(check_client, ClientFields("a", metadata={"x": "\\u0000"})) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (CampaignFields(" "), "name"),
        (CampaignFields("a", goal="g" * 1001), "goal"),
        (CampaignFields("a", brief="b" * 8001), "brief"),
        (CampaignFields("a", product_url="vereda"), "productUrl"),
    ],
)
def test_campaign_faults(fields: CampaignFields, field: str) -> None:
    assert faults(check_campaign, fields) == [field]
