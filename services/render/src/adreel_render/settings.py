"""The render service's settings."""

from decimal import Decimal
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from adreel_kit.guarded_http import parse_host_rules
from adreel_kit.settings import BusSettings, DatabaseSettings, FrozenSettings, ProcessSettings, RpcServerSettings
from pydantic import Field, SecretStr, field_validator, model_validator

from adreel_render.voice_settings import VoiceSettings

CREATE_MARGIN_SECONDS = 10.0


class ProviderSettings(FrozenSettings):
    """The paid providers: keys, where they are, which models, how long, and who may call back."""

    replicate_api_token: SecretStr | None = Field(None, description="Key of Replicate; makes its backend usable.")
    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API; makes its backend usable.")
    replicate_base_url: str = Field(
        "https://api.replicate.com/v1", description="Where Replicate is; plain http to loopback alone."
    )
    google_gemini_base_url: str | None = Field(
        None, description="Where the Gemini API is, if not at Google; plain http to loopback alone."
    )
    google_genai_api_version: str = Field("v1beta", description="Version of the Gemini API: v1 or v1beta.")
    provider_output_allowed_hosts: str = Field(
        "", description="Private hosts that bought files may come from: host or host:port, by commas."
    )
    adreel_replicate_video_model: str | None = Field(None, description="Video model at Replicate, as owner/name.")
    adreel_replicate_image_model: str | None = Field(None, description="Image model at Replicate, as owner/name.")
    adreel_gemini_video_model: str | None = Field(None, description="Video model of Gemini.")
    adreel_gemini_image_model: str | None = Field(None, description="Image model of Gemini.")
    adreel_replicate_usd_per_second: Decimal | None = Field(
        None, ge=0, le=1000, description="What a second of video without sound costs at Replicate, if the table is old."
    )
    adreel_gemini_usd_per_second: Decimal | None = Field(
        None, ge=0, le=1000, description="What a second of video costs at Gemini, if the table is old."
    )
    adreel_provider_deadline_seconds: float = Field(
        1200.0, ge=60, le=7200, description="A provider that takes longer is told to stop."
    )
    adreel_provider_create_seconds: float = Field(
        60.0, gt=0, le=300, description="How long a provider may take to answer a paid call before its fate is unknown."
    )
    adreel_reconcile_gap_seconds: float = Field(
        30.0, gt=0, le=600, description="Pause between two looks for a paid call whose answer was lost."
    )
    adreel_submit_stale_seconds: float = Field(
        75.0,
        gt=0,
        le=600,
        description="A paid call older than this without an answer was left by a crash; at least 10 s over the time "
        "that it may take.",
    )
    adreel_provider_webhook_url: str | None = Field(
        None,
        pattern="^https://",
        description="Our public address of /api/v3/provider-webhooks, where providers shall call back.",
    )
    adreel_replicate_webhook_secret: SecretStr | None = Field(
        None, description="whsec_ secret of Replicate's webhooks; without it none is taken."
    )
    adreel_gemini_webhook_secret: SecretStr | None = Field(
        None, description="whsec_ secret of Gemini's webhooks; without it none is taken."
    )
    adreel_waiting_concurrency: int = Field(
        4, ge=1, le=64, description="Looks at providers side by side; between looks a purchase holds nothing."
    )

    @model_validator(mode="after")
    def _stale_after_the_last_answer(self) -> Self:
        # Connecting takes 5 s of its own, and a sender may have paused for 5 s before: a call that is still on its way
        # must never be taken for one that was left behind, or it could be sent twice.
        if self.adreel_submit_stale_seconds < self.adreel_provider_create_seconds + CREATE_MARGIN_SECONDS:
            raise ValueError(
                f"ADREEL_SUBMIT_STALE_SECONDS has to be at least {CREATE_MARGIN_SECONDS:g} s over "
                "ADREEL_PROVIDER_CREATE_SECONDS"
            )
        return self

    @field_validator("replicate_base_url", "google_gemini_base_url")
    @classmethod
    def _safe_address(cls, value: str | None) -> str | None:
        # A key goes to this address, so it goes encrypted or not beyond this machine.
        parts = urlsplit(value or "https://unset")
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
            return value
        raise ValueError("it has to be https, or http to loopback")

    @field_validator("provider_output_allowed_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        parse_host_rules(value)
        return value


class RenderSettings(
    ProviderSettings, VoiceSettings, ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings
):
    """Read from the environment by `__main__`; the blob store's settings are read by the kit."""

    assets_grpc_target: str = Field(description="host:port of the assets service.")
    adreel_render_dir: Path = Field(description="Directory for copies of assets, cached segments and scratch files.")
    adreel_render_concurrency: int = Field(2, ge=1, le=64, description="Engine processes side by side.")
    adreel_render_stall_seconds: float = Field(
        120.0, gt=0, description="An engine process that reports nothing for this long is ended."
    )
    adreel_no_key_fallback: bool = Field(
        False, description="A music-video request that names no backend is drawn here where the default has no key."
    )
    mv_output_dir: Path | None = Field(None, description="Directory where music-video results are put as files.")
    mv_debug_mode: bool = Field(False, description="Log what is decided about music-video requests; never a key.")
    adreel_mv_config_dir: Path | None = Field(
        None,
        description="Directory whose image_params.yaml, video_params.yaml, image_prompts.yaml and video_prompts.yaml "
        "take the place of the built-in ones.",
    )
