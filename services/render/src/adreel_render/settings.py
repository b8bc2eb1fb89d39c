"""The render service's settings."""

from pathlib import Path

from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings, RpcServerSettings
from pydantic import Field, SecretStr


class RenderSettings(ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings):
    """Read from the environment by `__main__`; the blob store's settings are read by the kit."""

    assets_grpc_target: str = Field(description="host:port of the assets service.")
    adreel_render_dir: Path = Field(description="Directory for copies of assets, cached segments and scratch files.")
    adreel_render_concurrency: int = Field(2, ge=1, le=64, description="Engine processes side by side.")
    adreel_render_stall_seconds: float = Field(
        120.0, gt=0, description="An engine process that reports nothing for this long is ended."
    )
    replicate_api_token: SecretStr | None = Field(None, description="Key of Replicate; makes its backend usable.")
    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API; makes its backend usable.")
