"""Which network addresses a request made on a stranger's behalf may reach.

Invariant: `is_public` is true only when connecting to it leaves our own networks. IPv4 is a
deny-list (the special-purpose registry, nearly all of the rest is public); IPv6 is an allow-list (2000::/3 less its
special parts), because transition mechanisms (6to4, NAT64, Teredo, IPv4-compatible, site-local) hide IPv4 addresses
all over the rest of it. `ipaddress.is_global` is not used: it calls 2002:7f00:1::, 64:ff9b::7f00:1 and ff02::1 global.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

_DENIED_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, also used inside clouds
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, where cloud metadata lives
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

_ALLOWED_IPV6 = IPv6Network("2000::/3")
_DENIED_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "3fff::/20",  # documentation
    )
)
# Azure answers its platform channel (DNS, health, wire server) on this one public-looking address.
_DENIED_HOSTS = frozenset({IPv4Address("168.63.129.16")})


def is_public(address: IPAddress) -> bool:
    """True when the address belongs to the public internet; a mapped IPv4 address is judged as IPv4."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _ALLOWED_IPV6 and not any(address in block for block in _DENIED_IPV6)
    return address not in _DENIED_HOSTS and not any(address in block for block in _DENIED_IPV4)


def parse_address(text: str) -> IPAddress | None:
    """The address a resolver named, with ::ffff:a.b.c.d unwrapped; None for text that is no plain address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None and address.scope_id is None:
        return address.ipv4_mapped
    return address
