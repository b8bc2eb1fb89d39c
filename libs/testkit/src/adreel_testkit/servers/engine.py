"""Whether a container engine answers on this machine, and which images it can have. Asked without a client library."""

import os
from collections.abc import Mapping
from functools import cache

import httpx

_ANSWER_SECONDS = 3.0
# A first pull of a server's image over a slow line.
_PULL_SECONDS = 600.0


def engine_answers(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the engine that `DOCKER_HOST` names (or the usual socket) answers a ping."""
    client = _client(os.environ if environ is None else environ)
    if client is None:
        return False
    with client:
        try:
            return client.get("/_ping").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


def engine_has(image: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the engine has `image` (`name:tag`) or can pull it now; an engine without a registry has what it has."""
    values = os.environ if environ is None else environ
    return _has(image, values.get("DOCKER_HOST", ""), values.get("DOCKER_TLS_VERIFY", ""))


@cache  # an engine without a way out takes its time to say so
def _has(image: str, host: str, tls: str) -> bool:
    client = _client({"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": tls})
    if client is None:
        return False
    name, _, tag = image.rpartition(":")
    with client:
        try:
            if _is_there(client, image):
                return True
            pull = {"fromImage": name, "tag": tag}
            client.post("/images/create", params=pull, timeout=httpx.Timeout(_ANSWER_SECONDS, read=_PULL_SECONDS))
            # What went wrong stands in the body, under status 200; that the image is there is what counts.
            return _is_there(client, image)
        except httpx.HTTPError:
            return False


def _is_there(client: httpx.Client, image: str) -> bool:
    return client.get(f"/images/{image}/json").status_code == httpx.codes.OK


def _client(values: Mapping[str, str]) -> httpx.Client | None:
    host = values.get("DOCKER_HOST", "") or "unix:///var/run/docker.sock"
    scheme, _, rest = host.partition("://")
    if scheme == "unix":
        transport, base = httpx.HTTPTransport(uds=rest), "http://engine"
    elif scheme in ("tcp", "http") and not values.get("DOCKER_TLS_VERIFY"):
        transport, base = httpx.HTTPTransport(), f"http://{rest}"
    else:
        return None
    return httpx.Client(transport=transport, base_url=base, timeout=_ANSWER_SECONDS, trust_env=False)
