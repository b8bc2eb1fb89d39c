"""A URL that passed every check that needs no network: the only thing the transport accepts.

Invariant: the host and port in a `Target` are the ones that will be resolved and connected to; there is no second
parser whose opinion could differ. What a name resolves to is checked later, when the connection is made.
"""

import re
from dataclasses import dataclass

import httpx

from adreel_kit.guarded_http.addresses import is_public, parse_address
from adreel_kit.guarded_http.errors import UrlForbidden
from adreel_kit.guarded_http.policy import DEFAULT_PORTS, GuardPolicy

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9.])?")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and what to ask for."""

    scheme: str
    host: str
    port: int
    path_and_query: bytes
    url: str
    is_trusted: bool

    @property
    def host_header(self) -> bytes:
        """The Host header: the name as given, with the port when it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return (name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}").encode("ascii")


def check_url(url: str, policy: GuardPolicy, *, came_from: Target | None = None) -> Target:
    """Turn a URL (a redirect's Location when `came_from` is given) into a target. Raises `UrlForbidden`."""
    if len(url) > policy.max_url_length:
        raise UrlForbidden("too long")
    if url != url.strip() or not url.isprintable() or "\\" in url or not url:
        # Spaces inside a path are harmless and common; anywhere else the checks below refuse them.
        raise UrlForbidden("empty, or an outer space, control character or backslash in the URL")
    try:
        parsed = httpx.URL(url) if came_from is None else httpx.URL(came_from.url).join(url)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise UrlForbidden(f"cannot be parsed: {error}") from error
    target = _target_of(parsed, policy)
    if came_from is not None and came_from.scheme == "https" and target.scheme != "https":
        raise UrlForbidden("redirect from https to http")
    return target


def _target_of(parsed: httpx.URL, policy: GuardPolicy) -> Target:
    scheme = parsed.scheme
    if scheme not in DEFAULT_PORTS:
        raise UrlForbidden(f"scheme {scheme[:20]!r}")
    if parsed.userinfo:
        raise UrlForbidden("user info in the URL")
    host = _checked_host(parsed.raw_host)
    port = _checked_port(parsed)
    is_trusted = policy.trusts(host, port)
    if not is_trusted:
        _check_untrusted(scheme, host, port, policy)
    return Target(scheme, host, port, parsed.raw_path or b"/", str(parsed.copy_with(fragment=None)), is_trusted)


def _checked_host(raw_host: bytes) -> str:
    host = raw_host.decode("ascii", errors="strict").lower()
    if ":" in host:
        if "%" in host or parse_address(host) is None:
            raise UrlForbidden("zone id or malformed IPv6 address")
        return host
    if len(host) > 253 or not _HOST_NAME.fullmatch(host) or ".." in host:
        raise UrlForbidden("malformed host name")
    return host


def _checked_port(parsed: httpx.URL) -> int:
    port = parsed.port if parsed.port is not None else DEFAULT_PORTS[parsed.scheme]
    if not 0 < port < 65536:
        raise UrlForbidden("port out of range")
    return port


def _check_untrusted(scheme: str, host: str, port: int, policy: GuardPolicy) -> None:
    if scheme not in policy.schemes:
        raise UrlForbidden(f"scheme {scheme!r} is not in the policy")
    if port not in policy.ports:
        raise UrlForbidden(f"port {port}")
    if not policy.is_wanted_domain(host):
        raise UrlForbidden("not one of the domains in the policy")
    literal = parse_address(host.rstrip("."))
    if literal is not None and not is_public(literal):
        raise UrlForbidden(f"address {literal}")
