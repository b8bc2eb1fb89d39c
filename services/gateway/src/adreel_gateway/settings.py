"""The gateway's settings: read once at start, passed on as values."""

from typing import Literal, Self

from adreel_kit.guarded_http import parse_host_rules
from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings
from pydantic import Field, field_validator, model_validator

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class GatewaySettings(ProcessSettings, DatabaseSettings, BusSettings):
    """Where to listen, whom to call, whom to let in, and how much."""

    adreel_http_port: int = Field(ge=1, le=65535, description="Port of the REST API.")
    jobs_grpc_target: str = Field(min_length=1, description="host:port of the jobs service.")
    assets_grpc_target: str = Field(min_length=1, description="host:port of the assets service.")
    scenes_grpc_target: str = Field(min_length=1, description="host:port of the scenes service.")
    render_grpc_target: str = Field(min_length=1, description="host:port of the render service.")

    adreel_auth: Literal["open", "keys"] = Field("keys", description="open: anyone, on loopback only; keys: API keys.")
    adreel_adopt_unknown_clients: bool = Field(False, description="Make a client on the first job that names it.")
    adreel_cors_origins: str = Field("", description="Web origins that may call the API, separated by commas.")
    adreel_rate_limit_per_minute: int = Field(
        6000, ge=0, le=1_000_000, description="Requests a minute per key and per address; 0 is no limit."
    )
    adreel_trusted_proxies: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-For is believed, separated by commas."
    )

    job_create_wait_seconds: float = Field(60, ge=0, le=600, description="How long a creating call waits for its job.")
    mv_request_timeout_seconds: float = Field(420, ge=1, le=3600, description="How long a music-video call waits.")
    mv_debug_mode: bool = Field(False, description="Log what music-video requests say and how they end; never a key.")
    adreel_call_timeout_seconds: float = Field(15, ge=1, le=120, description="Deadline of one call to a service.")
    max_asset_download_size_mb: int = Field(100, ge=1, le=10_000, description="Largest asset taken, in megabytes.")
    adreel_max_json_body_bytes: int = Field(1_048_576, ge=1024, le=16_777_216, description="Largest JSON body taken.")
    asset_download_timeout_seconds: float = Field(
        60, ge=1, le=600, description="How long an asset's download may take."
    )
    asset_allowed_hosts: str = Field("", description="Private hosts that assets and webhooks may be on.")
    blob_delivery: Literal["proxy", "redirect"] = Field(
        "proxy",
        description="redirect: clients are sent to the S3 store for an asset's bytes, by short-lived addresses.",
    )
    adreel_public_url: str = Field("", description="Address under which clients see this API, for links in webhooks.")

    @model_validator(mode="after")
    def _open_on_loopback_only(self) -> Self:
        if self.adreel_auth == "open" and self.adreel_bind_host not in _LOOPBACK:
            raise ValueError("ADREEL_AUTH=open is for a loopback ADREEL_BIND_HOST only; use ADREEL_AUTH=keys")
        return self

    @field_validator("asset_allowed_hosts")
    @classmethod
    def _readable_hosts(cls, value: str) -> str:
        parse_host_rules(value)
        return value

    @property
    def adreel_grpc_port(self) -> int:
        """The gateway serves no gRPC."""
        return 0

    @property
    def max_upload_bytes(self) -> int:
        return self.max_asset_download_size_mb * 1024 * 1024

    @property
    def cors_origins(self) -> tuple[str, ...]:
        return tuple(entry.strip() for entry in self.adreel_cors_origins.split(",") if entry.strip())

    @property
    def trusted_proxies(self) -> frozenset[str]:
        return frozenset(entry.strip() for entry in self.adreel_trusted_proxies.split(",") if entry.strip())
