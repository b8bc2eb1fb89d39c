"""What one guarded request may do: a value, passed with every call, never read from the environment here."""

from dataclasses import dataclass

from adreel_kit.guarded_http.addresses import parse_address

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HostRule:
    """One entry of an allow-list: a host as written, and the one port it is let through on besides the usual ones."""

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, entry: str) -> "HostRule":
        """Read `host`, `host:port`, `[v6]` or `[v6]:port`. Raises ValueError with the entry when it is neither."""
        text = entry.strip().lower()
        if text.startswith("["):
            host, bracket, tail = text[1:].partition("]")
            port = tail.removeprefix(":") if tail else ""
            well_formed = bool(bracket) and (not tail or tail.startswith(":")) and parse_address(host) is not None
        elif parse_address(text) is not None:
            host, port, well_formed = text, "", True
        else:
            host, colon, port = text.partition(":")
            well_formed = (not colon or bool(port)) and not set(host) & set("/@?#[]% \t\r\n")
        if not host or not well_formed or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
            raise ValueError(f"not a host or host:port: {entry!r}")
        return cls(canonical_host(host), int(port) if port else None)

    def admits(self, host: str, port: int, usual_ports: frozenset[int]) -> bool:
        """Whether this entry lets `host` through on `port`. A bare host opens the usual ports and no other."""
        if canonical_host(host) != self.host:
            return False
        return port == self.port if self.port is not None else port in usual_ports


def canonical_host(host: str) -> str:
    """The one spelling hosts are compared in: lower case, no trailing dot, IP literals in their short form."""
    bare = host.lower().rstrip(".")
    address = parse_address(bare)
    return str(address) if address is not None else bare


def parse_host_rules(entries: str) -> tuple[HostRule, ...]:
    """Read a comma-separated setting; empty text is an empty list."""
    return tuple(HostRule.parse(entry) for entry in entries.split(",") if entry.strip())


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """The limits of one request.

    `allowed_hosts` are named by the operator and trusted with their private addresses, their own port and plain http;
    everything else must be on `ports`, resolve to public addresses only and, where `only_domains` is not empty, be
    one of those domains or below one. `total_seconds` spans names, connections, redirects and the whole body.
    """

    max_bytes: int
    total_seconds: float
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    max_redirects: int = 3
    schemes: frozenset[str] = frozenset({"http", "https"})
    ports: frozenset[int] = frozenset({80, 443})
    allowed_hosts: tuple[HostRule, ...] = ()
    only_domains: tuple[str, ...] = ()
    max_url_length: int = 8192
    user_agent: str = "adreel/1"

    def trusts(self, host: str, port: int) -> bool:
        """Whether the operator named this host and port, so that the address checks do not apply."""
        return any(rule.admits(host, port, self.ports) for rule in self.allowed_hosts)

    def is_wanted_domain(self, host: str) -> bool:
        """Whether the host is within `only_domains` (always, when that is empty)."""
        if not self.only_domains:
            return True
        bare = canonical_host(host)
        return any(bare == domain or bare.endswith(f".{domain}") for domain in map(canonical_host, self.only_domains))
