"""Who speaks, by the settings; and what stops the service at start."""

import pytest
from adreel_render.domain.voice_prices import estimate_voice, voice_price
from adreel_render.voice_settings import VoiceSettings
from pydantic import ValidationError

KEY = {"OPENAI_API_KEY": "sk-secret-value"}


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> VoiceSettings:
    for name in ("VOICE_PROVIDER", "VOICE_MODEL", "VOICE_NAME", "VOICE_LANGUAGE", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return VoiceSettings()


@pytest.mark.parametrize(
    ("environment", "is_paid"),
    [
        ({}, False),
        (KEY, True),
        ({"VOICE_PROVIDER": "local"} | KEY, False),
        ({"VOICE_PROVIDER": "openai"} | KEY, True),
        ({"VOICE_PROVIDER": ""} | KEY, True),
        ({"VOICE_PROVIDER": "local", "VOICE_NAME": "Andrea", "VOICE_LANGUAGE": "de"}, False),
        ({"OPENAI_BASE_URL": "http://writer.example:11434/v1"}, False),
        ({"OPENAI_BASE_URL": "http://writer.example:11434/v1", "VOICE_PROVIDER": "local"} | KEY, False),
        ({"VOICE_NAME": "coral", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"} | KEY, True),
    ],
)
def test_voice_is_the_one_that_is_named_or_whose_key_is_set(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_paid: bool
) -> None:
    assert settings(monkeypatch, **environment).has_paid_voice is is_paid


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"VOICE_PROVIDER": "openai"}, "OPENAI_API_KEY is missing"),
        ({"VOICE_PROVIDER": "elevenlabs"}, "'openai' or 'local'"),
        ({"VOICE_NAME": "coral"}, "VOICE_NAME is no voice variant"),
        ({"VOICE_NAME": "../../etc/passwd"}, "VOICE_NAME is no voice variant"),
        ({"VOICE_LANGUAGE": "xx"}, "no sounds for this language"),
        ({"VOICE_LANGUAGE": "English"}, "pattern"),
        ({"OPENAI_BASE_URL": "http://example.com/v1"} | KEY, "https"),
        ({"ADREEL_VOICE_USD_PER_MILLION_CHARACTERS": "-1"}, "greater"),
    ],
)
def test_wrong_settings_stop_the_service(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        settings(monkeypatch, **environment)
    assert "sk-secret-value" not in str(refused.value)


def test_price_is_the_tables_the_settings_or_the_dearest_known() -> None:
    assert voice_price("openai", "gpt-4o-mini-tts").micros_per_character == 17
    assert voice_price("openai", "gpt-4o-mini-tts-2025-12-15").micros_per_character == 17
    assert voice_price("openai", "tts-1-hd").micros_per_character == 30
    assert voice_price("openai", "tts-1").micros_per_character == 15
    assert voice_price("openai", "something-new").micros_per_character == 30
    assert voice_price("openai", "tts-1", 5).micros_per_character == 5
    assert voice_price("local", "local").micros_per_character == 0


def test_estimate_is_a_line_of_characters() -> None:
    line = estimate_voice(voice_price("openai", "gpt-4o-mini-tts"), 30.0)
    assert (line.kind, line.unit, line.quantity, line.amount_micros) == ("voice", "character", 375, 375 * 17)
    assert estimate_voice(voice_price("local", "local"), 30.0).amount_micros == 0
