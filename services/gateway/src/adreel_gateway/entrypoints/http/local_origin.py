"""Whether a call to an open gateway comes from its own machine.

An open gateway listens on loopback only, yet a web page from anywhere can make the browser on that machine call it,
under its own name by DNS rebinding too. So the Host must be a name of loopback, and a foreign Origin is refused.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope


def is_local_request(scope: Scope, allowed_origins: tuple[str, ...]) -> bool:
    """Whether the request may be served without a key."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
    host = headers.get(b"host", "")
    if host and not _is_loopback(f"//{host}"):
        return False
    origin = headers.get(b"origin")
    return origin is None or origin in allowed_origins or _is_loopback(origin)


def _is_loopback(address: str) -> bool:
    try:
        name = urlsplit(address).hostname
        return name is not None and (name == "localhost" or ip_address(name).is_loopback)
    except ValueError:
        return False
