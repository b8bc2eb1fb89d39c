"""From messages to the public shapes: money, times, JSON objects, assets within a job."""

import pytest
from adreel.assets.v1 import assets_pb2
from adreel.jobs.v1 import jobs_pb2
from adreel_gateway.entrypoints.http.dependencies import Preference, _preference
from adreel_gateway.entrypoints.http.preconditions import expected_revision
from adreel_gateway.entrypoints.http.scopes import is_scope, opens
from adreel_gateway.entrypoints.http.v3.models.assets import AssetOut, split_commas
from adreel_gateway.entrypoints.http.v3.models.base import from_struct, money, to_struct
from adreel_gateway.entrypoints.http.v3.models.jobs import ProgressOut
from adreel_gateway.errors import PreconditionFailed
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.00"), (3_020_000, "3.02"), (125, "0.000125"), (1_000_000, "1.00"), (-50_000, "-0.05"), (100_000, "0.10")],
)
def test_money_has_two_digits_at_least_and_loses_none(micros: int, text: str) -> None:
    assert money(micros) == text


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.text("xyz", min_size=1), _json))
def test_metadata_comes_back_as_it_was_given(value: dict[str, object]) -> None:
    assert from_struct(to_struct(value)) == value


@pytest.mark.parametrize(
    ("given_value", "parts"),
    [("a, b,,c ", ["a", "b", "c"]), (["a,b", "c"], ["a", "b", "c"]), ("", []), ([], []), (7, 7), ([7], [7])],
)
def test_lists_may_be_text_with_commas(given_value: object, parts: object) -> None:
    assert split_commas(given_value) == parts


def test_an_asset_that_is_not_fetched_yet_is_shown_as_its_job_knows_it() -> None:
    job = jobs_pb2.Job(id="j", client_id="c")
    named = jobs_pb2.JobAsset(asset_id="a", status="pending", role="hero", name="Shot", type="image", source_url="u")
    shown = AssetOut.of_job(named, None, job)
    assert (shown.id, shown.status, shown.role, shown.type, shown.client_id) == ("a", "pending", "hero", "image", "c")
    assert shown.size is None
    assert shown.created_at is None


def test_a_failure_of_an_asset_within_a_job_stands_on_the_asset() -> None:
    named = jobs_pb2.JobAsset(asset_id="a", status="failed")
    named.error.code = "ASSET_TIMEOUT"
    named.error.message = "It took too long."
    shown = AssetOut.of_job(named, assets_pb2.Asset(id="a", name="n"), jobs_pb2.Job())
    assert shown.status == "failed"
    assert shown.error is not None
    assert shown.error.code == "ASSET_TIMEOUT"


def test_an_unknown_time_left_is_null() -> None:
    assert ProgressOut.of(jobs_pb2.Progress(eta_seconds=-1)).eta_seconds is None
    assert ProgressOut.of(jobs_pb2.Progress(eta_seconds=12)).eta_seconds == 12


@pytest.mark.parametrize(
    ("prefer", "allowed", "seconds"),
    [
        (None, 60, 60),
        ("respond-async", 60, 0),
        ("respond-async, wait=10", 60, 10),
        ("wait=100", 60, 60),
        ("return=minimal", 60, 60),
        ("wait=ten", 60, 60),
    ],
)
def test_a_client_says_how_long_it_waits(prefer: str | None, allowed: float, seconds: float) -> None:
    preference: Preference = _preference(prefer)
    assert preference.wait_seconds(allowed) == seconds


@pytest.mark.parametrize("header", ['"3"', '"1", "3"', '"x","3" ', "*"])
def test_an_etag_that_matches_lets_the_edit_through(header: str) -> None:
    assert expected_revision(header, 3) in (0, 3)


@pytest.mark.parametrize("header", ['"2"', 'W/"3"', "3", "", '"33"', '""'])
def test_an_etag_that_does_not_match_is_stale(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        expected_revision(header, 3)


@pytest.mark.parametrize(
    ("scopes", "needed", "is_open"),
    [
        (("*",), "jobs:write", True),
        (("jobs:read",), "jobs:read", True),
        (("jobs:read",), "jobs:write", False),
        (("jobs",), "jobs:write", True),
        (("*:read",), "assets:read", True),
        (("*:read",), "assets:write", False),
        (("assets:*",), "jobs:read", False),
        ((), "jobs:read", False),
        (("jobs:*",), "none:read", False),
    ],
)
def test_scopes_open_what_they_name(scopes: tuple[str, ...], needed: str, is_open: bool) -> None:
    assert opens(scopes, needed) is is_open


@pytest.mark.parametrize("text", ["jobs:read", "*", "*:read", "clients:*", "mv"])
def test_scopes_that_are(text: str) -> None:
    assert is_scope(text)


@pytest.mark.parametrize("text", ["", "jobs:delete", "everything", ":", "jobs:read:write"])
def test_scopes_that_are_not(text: str) -> None:
    assert not is_scope(text)
