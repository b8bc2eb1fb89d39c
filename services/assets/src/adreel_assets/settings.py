"""The assets service's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from adreel_kit.guarded_http import HostRule, parse_host_rules
from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings, RpcServerSettings
from pydantic import Field, field_validator, model_validator

from adreel_assets.domain.limits import DownloadLimits


class AssetsSettings(ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings):
    """Read from the environment by `__main__`; the blob store's settings are read by the kit."""

    adreel_assets_dir: Path = Field(description="Directory for downloads and uploads under way.")
    max_asset_download_size_mb: int = Field(100, ge=1, le=10_000, description="Largest asset taken, in megabytes.")
    asset_download_timeout_seconds: float = Field(
        60, ge=1, le=600, description="How long an asset's download may take in all."
    )
    asset_allowed_hosts: str = Field("", description="Private hosts to take assets from: host or host:port, by commas.")
    adreel_asset_concurrency: int = Field(8, ge=1, le=64, description="Downloads side by side in one process.")
    adreel_asset_inspections: int = Field(2, ge=1, le=16, description="Files looked into side by side.")

    adreel_asset_downloads_per_host: int = Field(
        4, ge=1, le=1000, description="Downloads side by side from one host, over all processes."
    )
    adreel_asset_downloads_per_client: int = Field(
        6, ge=1, le=1000, description="Downloads side by side for one client, over all processes."
    )
    adreel_asset_rate_per_host_per_minute: int = Field(
        120, ge=0, le=1_000_000, description="Downloads begun a minute from one host; 0 is no limit."
    )
    adreel_asset_rate_per_client_per_minute: int = Field(
        120, ge=0, le=1_000_000, description="Downloads begun a minute for one client; 0 is no limit."
    )
    adreel_asset_quota_mb_per_client: int = Field(
        51_200, ge=0, description="Megabytes that one client's assets may take together; 0 is no limit."
    )

    blob_delivery: Literal["proxy", "redirect"] = Field(
        "proxy", description="redirect: clients reach the S3 store themselves, by short-lived addresses."
    )
    adreel_s3_public_endpoint: str = Field(
        "", pattern="^(https?://[^/@]+/?)?$", description="Address under which clients reach S3, if it is another one."
    )
    adreel_blob_address_seconds: int = Field(300, ge=10, le=86_400, description="How long such an address is good.")
    adreel_upload_seconds: int = Field(3600, ge=60, le=86_400, description="How long a direct upload may take.")
    adreel_sweep_interval_seconds: float = Field(600, ge=1, le=86_400, description="Time between two sweeps.")

    @field_validator("asset_allowed_hosts")
    @classmethod
    def _hosts_can_be_read(cls, value: str) -> str:
        parse_host_rules(value)
        return value

    @model_validator(mode="after")
    def _public_endpoint_is_of_use(self) -> Self:
        if self.blob_delivery == "proxy" and self.adreel_s3_public_endpoint:
            raise ValueError("ADREEL_S3_PUBLIC_ENDPOINT is of use with BLOB_DELIVERY=redirect only")
        return self

    @property
    def allowed_hosts(self) -> tuple[HostRule, ...]:
        return parse_host_rules(self.asset_allowed_hosts)

    @property
    def max_bytes(self) -> int:
        return self.max_asset_download_size_mb * 1024 * 1024

    @property
    def download_limits(self) -> DownloadLimits:
        return DownloadLimits(
            at_once_per_host=self.adreel_asset_downloads_per_host,
            at_once_per_client=self.adreel_asset_downloads_per_client,
            per_minute_per_host=self.adreel_asset_rate_per_host_per_minute,
            per_minute_per_client=self.adreel_asset_rate_per_client_per_minute,
            # The file is looked into while its download still counts; a killed worker's place is free after this.
            held_at_most=timedelta(seconds=self.asset_download_timeout_seconds + 120),
        )

    @property
    def quota_bytes(self) -> int | None:
        return self.adreel_asset_quota_mb_per_client * 1024 * 1024 or None
