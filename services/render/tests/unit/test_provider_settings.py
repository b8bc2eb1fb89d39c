"""Settings of the paid backends that guard money, and what the backends say of themselves."""

from decimal import Decimal
from typing import Any

import pytest
from adreel_render.domain.backends import Backends
from adreel_render.domain.prices import VIDEO_PRICES, estimate_video
from adreel_render.settings import ProviderSettings
from pydantic import ValidationError


def settings(**values: Any) -> ProviderSettings:
    return ProviderSettings.model_validate(values)


def test_a_call_on_its_way_is_never_taken_for_one_left_by_a_crash() -> None:
    settings()
    settings(adreel_provider_create_seconds=5, adreel_submit_stale_seconds=15)
    with pytest.raises(ValidationError, match="ADREEL_SUBMIT_STALE_SECONDS"):
        settings(adreel_submit_stale_seconds=69)


@pytest.mark.parametrize("url", ["http://api.example.com/v1", "ftp://127.0.0.1", "//api.replicate.com"])
def test_a_key_goes_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        settings(replicate_base_url=url)


def states(**keys: bool) -> dict[str, tuple[str, str]]:
    keys = {"has_replicate_key": False, "has_gemini_key": False} | keys
    prices = dict(VIDEO_PRICES)
    prices["gemini"] = prices["gemini"].replaced(model="veo-3.1-generate-preview", usd_per_second=None)
    return {one.name: (one.problem, one.message) for one in Backends(**keys, prices=prices).all()}


def test_a_backend_that_cannot_be_used_names_the_setting_to_change() -> None:
    problem, message = states()["replicate"]
    assert problem == "MISSING_API_KEY"
    assert "REPLICATE_API_TOKEN" in message
    problem, message = states(has_gemini_key=True)["gemini"]
    assert problem == "BACKEND_UNAVAILABLE"
    assert "ADREEL_GEMINI_VIDEO_MODEL" in message
    assert states(has_replicate_key=True)["replicate"] == ("", "")


def test_a_backend_whose_model_is_gone_is_not_the_default() -> None:
    prices = dict(VIDEO_PRICES)
    prices["replicate"] = prices["replicate"].replaced(model="veo-3.0-generate-001", usd_per_second=None)
    assert Backends(has_replicate_key=True, has_gemini_key=True, prices=prices).default == "gemini"
    assert Backends(has_replicate_key=True, has_gemini_key=False, prices=prices).default == "local"


@pytest.mark.parametrize(
    ("backend", "seconds", "resolution", "with_audio", "usd"),
    [
        ("replicate", [3.0, 4.0, 4.5], "720p", False, "2.80"),  # 4 + 4 + 6 s at 0.20
        ("replicate", [8.0], "1080p", True, "3.20"),
        ("replicate", [10.0], "1080p", False, "2.40"),  # two of 6 s: no clip is longer than 8 s
        ("gemini", [2.0, 7.5], "720p", False, "0.77"),  # 3 + 8 s at 0.07
        ("gemini", [2.0, 7.5], "1080p", True, "1.155"),
        ("local", [60.0], "1080p", False, "0"),
    ],
)
def test_clips_are_paid_whole(backend: str, seconds: list[float], resolution: str, with_audio: bool, usd: str) -> None:
    line = estimate_video(backend, seconds, with_audio=with_audio, resolution=resolution)
    assert Decimal(line.amount_micros) / 1_000_000 == Decimal(usd)


def test_a_price_of_the_settings_holds_at_every_resolution_and_sound_costs_as_much_more() -> None:
    gemini = VIDEO_PRICES["gemini"].replaced(model=None, usd_per_second=Decimal("0.05"))
    assert gemini.micros_per_second("720p", with_audio=True) == 50_000
    replicate = VIDEO_PRICES["replicate"].replaced(model="google/veo-3.1-fast", usd_per_second=Decimal("0.10"))
    assert replicate.model == "google/veo-3.1-fast"
    assert replicate.micros_per_second("1080p", with_audio=True) == 200_000
