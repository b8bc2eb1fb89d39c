"""The scenes service's settings."""

from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings, RpcServerSettings
from pydantic import Field


class ScenesSettings(ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings):
    """Read from the environment by `__main__`."""

    scenes_per_video_min: int = Field(3, ge=1, le=50, description="Fewest scenes of a storyboard.")
    scenes_per_video_max: int = Field(7, ge=1, le=50, description="Most scenes of a storyboard.")
    adreel_writer_concurrency: int = Field(8, ge=1, le=64, description="Storyboards written side by side.")
    adreel_writer_deadline_seconds: float = Field(
        120.0, gt=0, description="A writer that has not answered by then counts as timed out."
    )
