"""Hosts that the operator names, and domains a request is held to."""

import dataclasses

import pytest
from adreel_kit.guarded_http import GuardPolicy, HostRule, UrlForbidden, check_url, parse_host_rules


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [
        ("cdn.internal", "cdn.internal", None), ("CDN.Internal.:9000", "cdn.internal", 9000),
        (" 10.0.0.5 ", "10.0.0.5", None),
        ("10.0.0.5:81", "10.0.0.5", 81), ("[::1]:81", "::1", 81), ("[0:0::1]", "::1", None), ("::1", "::1", None),
    ],
)  # fmt: skip
def test_entries_are_hosts_with_or_without_a_port(entry: str, host: str, port: int | None) -> None:
    assert HostRule.parse(entry) == HostRule(host, port)


@pytest.mark.parametrize(
    "entry",
    [
        "", ":80", "host:", "host:0", "host:70000", "host:x", "http://host", "host/path", "a@b", "a b", "[::1",
        "[x]", "[::1]80", "*", "h:1:2",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_entry_named(entry: str) -> None:
    if entry == "*":
        # Not a wildcard: a host of that literal name, which no URL can have.
        assert not HostRule.parse(entry).admits("example.com", 80, frozenset({80}))
        return
    with pytest.raises(ValueError, match="host"):
        HostRule.parse(entry)


def test_a_list_is_comma_separated_and_may_be_empty() -> None:
    assert parse_host_rules(" ,") == ()
    assert parse_host_rules("a, b:81,") == (HostRule("a"), HostRule("b", 81))


@pytest.mark.parametrize(
    ("url", "is_let_through"),
    [
        ("http://10.0.0.5/", True), ("https://10.0.0.5/", True), ("http://10.0.0.5:81/", False),
        ("http://cdn.internal:9000/", True), ("http://CDN.internal.:9000/", True), ("http://cdn.internal:9001/", False),
        ("http://167772165/", False), ("http://10.0.0.6/", False), ("http://xcdn.internal:9000/", False),
        ("http://user@10.0.0.5/", False), ("ftp://10.0.0.5/", False),
    ],
)  # fmt: skip
def test_only_the_named_host_and_port_are_trusted(url: str, is_let_through: bool, policy: GuardPolicy) -> None:
    policy = dataclasses.replace(policy, allowed_hosts=parse_host_rules("10.0.0.5, cdn.internal:9000"))
    try:
        is_trusted = check_url(url, policy).is_trusted
    except UrlForbidden:
        is_trusted = False
    assert is_trusted is is_let_through


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://replicate.delivery/a.mp4", True), ("https://pb.xezq.replicate.delivery/a", True),
        ("http://replicate.delivery/a", False),
        ("https://evilreplicate.delivery/", False), ("https://replicate.delivery.evil.example/", False),
        ("https://example.com/", False),
        ("http://127.0.0.1:4010/out.mp4", True), ("http://127.0.0.1:4011/out.mp4", False),
    ],
)  # fmt: skip
def test_a_request_can_be_held_to_domains_and_https(url: str, is_taken: bool, policy: GuardPolicy) -> None:
    policy = dataclasses.replace(
        policy,
        schemes=frozenset({"https"}),
        only_domains=("replicate.delivery",),
        allowed_hosts=parse_host_rules("127.0.0.1:4010"),
    )
    if is_taken:
        check_url(url, policy)
    else:
        with pytest.raises(UrlForbidden):
            check_url(url, policy)
