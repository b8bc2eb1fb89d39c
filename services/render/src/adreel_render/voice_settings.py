"""Settings of the voices: who speaks, how, and what it costs."""

from decimal import ROUND_CEILING, Decimal
from typing import Literal, Self
from urllib.parse import urlsplit

from adreel_kit.settings import FrozenSettings
from pydantic import Field, SecretStr, field_validator, model_validator

from adreel_render.adapters import espeak


class VoiceSettings(FrozenSettings):
    """Who speaks in films that are to have a voice."""

    voice_provider: Literal["openai", "local"] | None = Field(
        None, description="openai or local; unset: openai where OPENAI_API_KEY is set, else local."
    )
    voice_model: str | None = Field(None, max_length=100, description="Speech model at OpenAI; unset: gpt-4o-mini-tts.")
    voice_name: str | None = Field(
        None, max_length=64, description="A voice of the speech model, or a voice variant of espeak-ng for local."
    )
    voice_language: str | None = Field(
        None,
        pattern="^[a-z]{2,3}$",
        description="Language of all scripts for the local voice, as ISO 639; unset: what each looks like.",
    )
    openai_api_key: SecretStr | None = Field(None, description="OpenAI's key; makes its voices usable.")
    openai_base_url: str | None = Field(
        None, description="Where OpenAI's API is, if not at OpenAI, with its /v1; plain http to loopback alone."
    )
    adreel_voice_usd_per_million_characters: Decimal | None = Field(
        None, ge=0, le=100_000, description="What a million characters of speech cost, if the table is old."
    )

    @property
    def has_paid_voice(self) -> bool:
        """Whether films are spoken by a bought voice."""
        if self.voice_provider is not None:
            return self.voice_provider == "openai"
        return self.openai_api_key is not None

    @property
    def voice_micros_per_character(self) -> int | None:
        """The price that takes the table's place, if one does; a broken millionth counts whole."""
        usd = self.adreel_voice_usd_per_million_characters
        return None if usd is None else int(usd.to_integral_value(ROUND_CEILING))

    @property
    def scratch_variant(self) -> str | None:
        """The local voice's variant; a name that is meant for the bought voice is none."""
        return None if self.has_paid_voice else self.voice_name

    @field_validator("voice_language")
    @classmethod
    def _known_language(cls, value: str | None) -> str | None:
        if value is not None and not espeak.has_language(value):
            raise ValueError("espeak-ng has no sounds for this language")
        return value

    @model_validator(mode="after")
    def _voices_can_speak(self) -> Self:
        if self.voice_provider == "openai" and self.openai_api_key is None:
            raise ValueError("VOICE_PROVIDER is openai, and its key in OPENAI_API_KEY is missing")
        if self.has_paid_voice and not self._is_safe_address():
            raise ValueError(
                "OPENAI_BASE_URL has to be https, or http to loopback, because a key is sent there; a server that only "
                "writes needs VOICE_PROVIDER=local"
            )
        if espeak.package_dir() is None:
            raise ValueError("the package espeakng-loader is missing, without which there is no local voice")
        if self.scratch_variant is not None and not espeak.has_variant(self.scratch_variant):
            raise ValueError("VOICE_NAME is no voice variant of espeak-ng, which the local voice needs")
        return self

    def _is_safe_address(self) -> bool:
        # Asked of it only where it is used: the same variable may name a server for storyboards alone.
        parts = urlsplit(self.openai_base_url or "https://unset")
        return parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
        )
