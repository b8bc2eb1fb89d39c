"""Whether a container engine answers on this machine. Asked over its socket, without a client library."""

import os
from collections.abc import Mapping

import httpx

_ANSWER_SECONDS = 3.0


def engine_answers(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the engine that `DOCKER_HOST` names (or the usual socket) answers a ping."""
    values = os.environ if environ is None else environ
    host = values.get("DOCKER_HOST", "") or "unix:///var/run/docker.sock"
    scheme, _, rest = host.partition("://")
    if scheme == "unix":
        transport, base = httpx.HTTPTransport(uds=rest), "http://engine"
    elif scheme in ("tcp", "http") and not values.get("DOCKER_TLS_VERIFY"):
        transport, base = httpx.HTTPTransport(), f"http://{rest}"
    else:
        return False
    with httpx.Client(transport=transport, timeout=_ANSWER_SECONDS, trust_env=False) as client:
        try:
            return client.get(f"{base}/_ping").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
