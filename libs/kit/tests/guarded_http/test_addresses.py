"""Which addresses count as public."""

from ipaddress import ip_address

import pytest
from adreel_kit.guarded_http.addresses import is_public, parse_address


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "169.253.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700:4700::1111",
        "2001:4860:4860::8888", "2a00:1450:4001:81b::200e", "2001:200::1",
    ],
)  # fmt: skip
def test_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.254", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.8",
        "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b::808:808",
        "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:2::1", "2001:db8::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1",
        "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%1", "febf::1", "fec0::1", "feff::1", "ff02::1",
        "ff0e::1", "ffff::1", "2606:4700::1%2",
    ],
)  # fmt: skip
def test_addresses_that_may_lead_inside_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_mapped_address_is_unwrapped_so_that_what_is_checked_is_what_is_dialled() -> None:
    assert str(parse_address("::ffff:127.0.0.1")) == "127.0.0.1"


@pytest.mark.parametrize(
    "text", ["", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost", "1.2.3.4/8", "１.1.1.1"]
)
def test_only_canonical_literals_are_addresses(text: str) -> None:
    assert parse_address(text) is None
