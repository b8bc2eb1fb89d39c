"""Reading the environment once, with one sentence per mistake.

The concerns that every service shares are classes here; a service's `settings.py` composes them by inheritance into
one frozen class. Nothing is read at import.
"""

import os
import sys
from collections.abc import Mapping
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class FrozenSettings(BaseSettings):
    """Values by the names of the environment (`DATABASE_URL` sets `database_url`), unknown ones ignored."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True)


class ProcessSettings(FrozenSettings):
    """What any process needs."""

    adreel_bind_host: str = Field("127.0.0.1", description="Address that this process's servers listen on.")
    adreel_health_port: int = Field(0, ge=0, le=65535, description="Port of /healthz, /readyz and /metrics; 0 is off.")
    adreel_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged.")


class DatabaseSettings(FrozenSettings):
    """The service's own database."""

    database_url: str = Field(description="PostgreSQL address of this service's own database.", pattern="^postgres")
    adreel_database_pool_size: int = Field(8, ge=1, le=50, description="Connections at most per process.")


class BusSettings(FrozenSettings):
    """The event bus: a RabbitMQ address, or the database that takes its place in the embedded stack."""

    rabbitmq_url: str | None = Field(None, description="AMQP address of RabbitMQ.", pattern="^amqps?://")
    adreel_bus_database_url: str | None = Field(
        None, description="PostgreSQL address of the embedded bus, where no RabbitMQ is used.", pattern="^postgres"
    )

    @model_validator(mode="after")
    def _one_bus(self) -> Self:
        if bool(self.rabbitmq_url) == bool(self.adreel_bus_database_url):
            raise ValueError("set either RABBITMQ_URL or ADREEL_BUS_DATABASE_URL")
        return self


class RpcServerSettings(FrozenSettings):
    """The service's own gRPC server."""

    adreel_grpc_port: int = Field(ge=1, le=65535, description="Port that this service's gRPC server listens on.")


def load_settings(settings: type[S], environment: Mapping[str, str] | None = None) -> S:
    """Build `settings` from the environment, or end the process with a sentence that names what is wrong."""
    try:
        if environment is None:
            return settings()
        with _Environment(environment):
            return settings()
    except ValidationError as error:
        for mistake in error.errors():
            name = "_".join(str(part) for part in mistake["loc"]).upper()
            text = mistake["msg"].removeprefix("Value error, ")
            if mistake["type"] == "missing":
                print(f"The setting {name} is missing: {_describe(settings, name)}", file=sys.stderr)
            elif name:
                # The value itself is not shown: it may be a key.
                print(f"The setting {name} is wrong: {text}. {_describe(settings, name)}", file=sys.stderr)
            else:
                print(f"The settings do not fit together: {text}.", file=sys.stderr)
        raise SystemExit(2) from None


def _describe(settings: type[BaseSettings], name: str) -> str:
    field = settings.model_fields.get(name.lower())
    return (field.description if field and field.description else "see the service's README.").strip()


class _Environment:
    """Puts an environment in place for the length of a block; settings libraries read only the real one."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __enter__(self) -> None:
        self._saved = dict(os.environ)
        os.environ.clear()
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        os.environ.clear()
        os.environ.update(self._saved)
