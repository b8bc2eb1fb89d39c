"""The five services as the embedded stack runs them: which settings each gets, and when it counts as ready.

The same settings, with other values, run the deployed stack; `Addresses` is all that differs between ways to run.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adreel_embedded.child import ChildSpec, service_spec
from adreel_embedded.probes import http_answers

BACKEND_SERVICES = ("jobs", "assets", "scenes", "render")
SERVICES = (*BACKEND_SERVICES, "gateway")
LOOPBACK = "127.0.0.1"

# What a service may see of the caller's own environment: the machine's, and the settings of the contract.
_PASSED_ON = (
    "AI_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_GEMINI_", "REPLICATE_", "VOICE_", "MV_", "SCENES_PER_VIDEO_",
    "MAX_ASSET_", "ASSET_", "PROVIDER_OUTPUT_", "JOB_CREATE_", "ADREEL_", "PATH", "HOME", "LANG", "LC_", "TZ",
    "TMPDIR", "PYTHON", "VIRTUAL_ENV", "SSL_CERT_", "LD_LIBRARY_PATH",
)  # fmt: skip


@dataclass(frozen=True)
class Addresses:
    """Where everything is. One bus and one blob store of those that there are."""

    database_urls: Mapping[str, str]
    grpc_ports: Mapping[str, int]
    health_ports: Mapping[str, int]
    http_port: int
    bus: Mapping[str, str]
    blobs: Mapping[str, str]


@dataclass(frozen=True)
class StackOptions:
    """Choices of whoever starts the stack. `extra` settings win over all others."""

    bind_host: str = LOOPBACK
    extra: Mapping[str, str] = field(default_factory=dict)
    render_concurrency: int = field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)))


def environment(
    name: str, addresses: Addresses, files: Path, options: StackOptions, caller: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of service `name`."""
    inherited = os.environ if caller is None else caller
    values = {key: value for key, value in inherited.items() if key.startswith(_PASSED_ON)}
    values |= {
        "DATABASE_URL": addresses.database_urls[name],
        "ADREEL_BIND_HOST": LOOPBACK,
        "ADREEL_HEALTH_PORT": str(addresses.health_ports.get(name, 0)),
        "PYTHONUNBUFFERED": "1",
        **addresses.bus,
        **addresses.blobs,
    }
    for service, port in addresses.grpc_ports.items():
        values[f"{service.upper()}_GRPC_TARGET"] = f"{LOOPBACK}:{port}"
    if name in addresses.grpc_ports:
        values["ADREEL_GRPC_PORT"] = str(addresses.grpc_ports[name])
    if name == "render":
        values["ADREEL_RENDER_DIR"] = str(files / "render")
        values.setdefault("ADREEL_RENDER_CONCURRENCY", str(options.render_concurrency))
    if name == "assets":
        values["ADREEL_ASSETS_DIR"] = str(files / "assets")
    if name == "gateway":
        values["ADREEL_BIND_HOST"] = options.bind_host
        values["ADREEL_HTTP_PORT"] = str(addresses.http_port)
        values["ADREEL_HEALTH_PORT"] = "0"
        values.setdefault("ADREEL_ADOPT_UNKNOWN_CLIENTS", "true")
        if options.bind_host == LOOPBACK:
            values.setdefault("ADREEL_AUTH", "open")
    values.setdefault("ADREEL_NO_KEY_FALLBACK", "true")
    values.setdefault("MV_OUTPUT_DIR", str(files / "mv"))
    return values | dict(options.extra)


def specs(addresses: Addresses, files: Path, logs: Path, options: StackOptions) -> list[ChildSpec]:
    """All five services; ready means that each answers its own readiness check."""
    return [
        service_spec(
            name,
            f"adreel_{name}",
            env=environment(name, addresses, files, options),
            log=logs / f"{name}.log",
            is_ready=http_answers(
                f"http://{LOOPBACK}:{addresses.health_ports.get(name) or addresses.http_port}/readyz"
            ),
        )
        for name in SERVICES
    ]
