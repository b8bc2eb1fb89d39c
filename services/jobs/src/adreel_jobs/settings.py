"""The service's settings, by the names of the environment."""

from decimal import Decimal

from adreel_kit.settings import BusSettings, DatabaseSettings, ProcessSettings, RpcServerSettings
from pydantic import Field


class NeighbourSettings(ProcessSettings):
    """Where the neighbours are."""

    scenes_grpc_target: str = Field(description="host:port of the scenes service's gRPC server.", min_length=3)
    render_grpc_target: str = Field(description="host:port of the render service's gRPC server.", min_length=3)


class PatienceSettings(ProcessSettings):
    """How long a step of a job may be silent before it is asked again, and how often."""

    adreel_ingest_patience_seconds: float = Field(300, gt=0, description="Silence of assets that is borne.")
    adreel_writing_patience_seconds: float = Field(600, gt=0, description="Silence of a storyboard writer borne.")
    adreel_lock_patience_seconds: float = Field(20, gt=0, description="Wait for the scenes of an approved storyboard.")
    adreel_render_patience_seconds: float = Field(1200, gt=0, description="Silence of a render that is borne.")
    adreel_watchdog_interval_seconds: float = Field(5, gt=0, description="How often silent jobs are looked for.")
    adreel_watchdog_nudges: int = Field(3, ge=0, description="How often a silent step is asked again before it fails.")


class SpendingSettings(ProcessSettings):
    """Caps on spending; empty is no cap."""

    adreel_spending_cap_per_job_usd: Decimal | None = Field(
        None, ge=0, description="Most that one job may spend, in USD; empty is no cap."
    )
    adreel_spending_cap_per_client_usd: Decimal | None = Field(
        None, ge=0, description="Most that all jobs of one client may spend, in USD; empty is no cap."
    )


class JobsSettings(
    SpendingSettings, PatienceSettings, NeighbourSettings, DatabaseSettings, BusSettings, RpcServerSettings
):
    """Everything the jobs service reads from its environment."""
