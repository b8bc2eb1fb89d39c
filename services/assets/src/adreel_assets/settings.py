"""The assets service's settings."""

from pathlib import Path

from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings, RpcServerSettings
from pydantic import Field


class AssetsSettings(ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings):
    """Read from the environment by `__main__`; the blob store's settings are read by the kit."""

    adreel_assets_dir: Path = Field(description="Directory for downloads and uploads under way.")
    max_asset_download_size_mb: int = Field(100, ge=1, le=10_000, description="Largest asset taken, in megabytes.")
    asset_download_timeout_seconds: float = Field(
        60, ge=1, le=600, description="How long an asset's download may take in all."
    )
    asset_allowed_hosts: str = Field(
        "", description="Private hosts to take assets from: host or host:port, by commas."
    )
    adreel_asset_concurrency: int = Field(8, ge=1, le=64, description="Downloads side by side.")
    adreel_asset_inspections: int = Field(2, ge=1, le=16, description="Files looked into side by side.")

    @property
    def max_bytes(self) -> int:
        return self.max_asset_download_size_mb * 1024 * 1024
