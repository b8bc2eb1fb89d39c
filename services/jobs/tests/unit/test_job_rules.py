"""What a job's input must be like, and the names under which its faults are told."""

from dataclasses import replace

import pytest
from adreel_jobs.domain.errors import FieldsInvalid
from adreel_jobs.domain.job_input import AssetInput, Direction, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.job_rules import check_job_input, complete


def faults(job: JobInput) -> dict[str, str]:
    try:
        check_job_input(complete(job))
    except FieldsInvalid as error:
        return {one["field"]: one["message"] for one in error.details["fields"]}
    return {}


def test_good_input_passes(good_input: JobInput) -> None:
    assert faults(good_input) == {}


def test_all_faults_are_told_at_once_under_public_names(good_input: JobInput) -> None:
    bad = replace(
        good_input,
        context=JobContext(""),
        ad_basics=replace(good_input.ad_basics, product="  "),
        video=VideoSpec(duration_seconds=4, aspect_ratio="4:3", resolution="4k", fps=60, backend="sora"),
        webhook_url="ftp://example.com",
    )
    assert set(faults(bad)) == {
        "context.clientId",
        "adBasics.product",
        "video.durationSeconds",
        "video.aspectRatio",
        "video.resolution",
        "video.fps",
        "video.backend",
        "webhookUrl",
    }


@pytest.mark.parametrize("seconds", [4.99, 120.01, -1, float("nan"), float("inf")])
def test_length_outside_what_is_taken(good_input: JobInput, seconds: float) -> None:
    assert "5 to 120" in faults(replace(good_input, video=VideoSpec(duration_seconds=seconds)))["video.durationSeconds"]


@pytest.mark.parametrize("seconds", [5, 120, 30.5])
def test_length_within_what_is_taken(good_input: JobInput, seconds: float) -> None:
    assert faults(replace(good_input, video=VideoSpec(duration_seconds=seconds))) == {}


def test_refusals_list_what_is_taken(good_input: JobInput) -> None:
    told = faults(replace(good_input, video=VideoSpec(aspect_ratio="4:3", fps=60)))
    assert told["video.aspectRatio"] == "Taken are 16:9, 9:16, 1:1."
    assert told["video.fps"] == "Taken are 24, 25, 30."


@pytest.mark.parametrize(
    ("asset", "field"),
    [
        (AssetInput(), "creative.assets.0"),
        (AssetInput(url="https://a.example/x", asset_id="0b9c0000-0000-7000-8000-000000000000"), "creative.assets.0"),
        (AssetInput(url="not an address"), "creative.assets.0.url"),
        (AssetInput(url="file:///etc/passwd"), "creative.assets.0.url"),
        (AssetInput(url="https://a.example/" + "x" * 3000), "creative.assets.0.url"),
        (AssetInput(url="http://[::1"), "creative.assets.0.url"),
        (AssetInput(url="http://a.example:99999/"), "creative.assets.0.url"),
        (AssetInput(asset_id="0b9c..."), "creative.assets.0.assetId"),
        (AssetInput(url="https://a.example/x", type="hologram"), "creative.assets.0.type"),
        (AssetInput(url="https://a.example/x", name="n" * 201), "creative.assets.0.name"),
        (AssetInput(url="https://a.example/x", role="\x00"), "creative.assets.0.role"),
    ],
)
def test_asset_faults(good_input: JobInput, asset: AssetInput, field: str) -> None:
    assert list(faults(replace(good_input, assets=(asset,)))) == [field]


def test_same_asset_twice_is_a_fault_and_same_address_is_not(good_input: JobInput) -> None:
    by_id = AssetInput(asset_id="0B9C0000-0000-7000-8000-000000000000")
    lower = AssetInput(asset_id="0b9c0000-0000-7000-8000-000000000000")
    by_url = AssetInput(url="https://a.example/x")
    assert list(faults(replace(good_input, assets=(by_id, lower)))) == ["creative.assets.1.assetId"]
    assert faults(replace(good_input, assets=(by_url, by_url))) == {}


def test_too_many_assets(good_input: JobInput) -> None:
    assets = tuple(AssetInput(url=f"https://a.example/{n}") for n in range(21))
    assert list(faults(replace(good_input, assets=assets))) == ["creative.assets"]
    assert faults(replace(good_input, assets=assets[:20])) == {}


def test_defaults_of_the_video(good_input: JobInput) -> None:
    empty = VideoSpec(0, "", "", 0, False, False, "", "")
    video = complete(replace(good_input, video=empty)).video
    assert (video.duration_seconds, video.aspect_ratio, video.resolution, video.fps) == (30.0, "16:9", "1080p", 30)
    assert (video.captions, video.voiceover) == (False, False)
    assert VideoSpec().captions


def test_blanks_around_and_empty_elements_are_dropped(good_input: JobInput) -> None:
    given = replace(
        good_input, context=JobContext(" acme "), direction=Direction(" Modern ", " ", ("city", " ", " rain "))
    )
    done = complete(given)
    assert (done.context.client_id, done.direction) == ("acme", Direction("Modern", "", ("city", "rain")))


def test_text_in_any_language_passes_and_control_characters_do_not(good_input: JobInput) -> None:
    basics = good_input.ad_basics
    assert faults(replace(good_input, ad_basics=replace(basics, product="時計 🕰 ساعة\nline"))) == {}
    assert list(faults(replace(good_input, ad_basics=replace(basics, product="a\x00b")))) == ["adBasics.product"]
