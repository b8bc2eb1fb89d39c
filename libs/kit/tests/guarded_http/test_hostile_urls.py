"""URLs that try to lead inside: no connection is ever dialled, and none arrives at a real listener."""

import dataclasses

import pytest
from adreel_kit.guarded_http import (
    GuardPolicy,
    Network,
    Resolver,
    SystemResolver,
    UrlForbidden,
    check_url,
    fetch,
    parse_host_rules,
)
from adreel_kit.guarded_http.errors import GuardedHttpError, Unreachable
from adreel_kit.guarded_http.transport import default_ssl_context

# {p} is the port of a real listener on every address of this machine; the policy even allows that port.
LOOPBACK_SPELLINGS = [
    "http://127.0.0.1:{p}/", "http://127.0.0.1.:{p}/", "http://127.1:{p}/", "http://127.0.1:{p}/",
    "http://127.0.0.2:{p}/",
    "http://127.255.255.254:{p}/", "http://127.127.127.127:{p}/", "http://2130706433:{p}/", "http://017700000001:{p}/",
    "http://0x7f000001:{p}/", "http://0x7F000001:{p}/", "http://0x7f.1:{p}/", "http://0x7f.0.0.1:{p}/",
    "http://0x7f.0x0.0x0.0x1:{p}/", "http://0177.0.0.1:{p}/", "http://0177.1:{p}/", "http://0177.0000.0000.0001:{p}/",
    "http://00000177.0.0.1:{p}/", "http://127.0x0.00.1:{p}/", "http://127.0.0.0x1:{p}/",
    "http://127.00000000000000.1:{p}/",
    "http://0:{p}/", "http://0.0.0.0:{p}/", "http://00.00.00.00:{p}/", "http://0x0:{p}/", "http://0.0:{p}/",
    "http://0.1:{p}/",
    "http://localhost:{p}/", "http://LOCALHOST:{p}/", "http://localhost.:{p}/", "http://LocalHost.:{p}/",
    "http://localhost.localdomain:{p}/", "http://ip6-localhost:{p}/", "http://ip6-loopback:{p}/",
    "http://foo.localhost:{p}/",
    "http://[::1]:{p}/", "http://[0:0:0:0:0:0:0:1]:{p}/", "http://[0000:0000:0000:0000:0000:0000:0000:0001]:{p}/",
    "http://[::]:{p}/", "http://[0::0]:{p}/", "http://[::0001]:{p}/", "http://[::127.0.0.1]:{p}/",
    "http://[::7f00:1]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/", "http://[::FFFF:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{p}/", "http://[0:0:0:0:0:ffff:7f00:0001]:{p}/",
    "http://[::ffff:0:127.0.0.1]:{p}/",
    "http://[::ffff:0.0.0.0]:{p}/", "http://[::ffff:127.1.2.3]:{p}/", "http://[64:ff9b::127.0.0.1]:{p}/",
    "http://[64:ff9b::7f00:1]:{p}/", "http://[64:ff9b:1::127.0.0.1]:{p}/", "http://[2002:7f00:1::]:{p}/",
    "http://[2002:7f00:0001::1]:{p}/", "http://[2001:0:7f00:1::]:{p}/", "http://[2001::1]:{p}/",
    "http://[::1%25lo]:{p}/", "http://[::1%lo]:{p}/", "http://[fe80::1%25eth0]:{p}/", "http://[fe80::1%eth0]:{p}/",
    "http://[fe80::1%1]:{p}/", "http://[fe80::1]:{p}/", "http://[fec0::1]:{p}/", "http://[fc00::1]:{p}/",
    "http://[fd00::1]:{p}/", "http://[ff02::1]:{p}/", "http://[ff01::1]:{p}/", "http://[100::1]:{p}/",
    "http://[2001:db8::1]:{p}/", "http://[3fff::1]:{p}/",
    # Digits and dots that are not ASCII, and names that fold to "localhost".
    "http://１２７.０.０.１:{p}/", "http://127。0。0。1:{p}/", "http://127．0．0．1:{p}/", "http://127｡0｡0｡1:{p}/",
    "http://①②⑦.0.0.1:{p}/", "http://𝟙𝟚𝟟.0.0.1:{p}/", "http://١٢٧.٠.٠.١:{p}/", "http://۱۲۷.0.0.1:{p}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{p}/", "http://ｌｏｃａｌｈｏｓｔ:{p}/", "http://loc\u00adalhost:{p}/", "http://local\u200bhost:{p}/",
    "http://ſocalhost:{p}/", "http://localhoſt:{p}/", "http://ᴸocalhost:{p}/", "http://xn--localhost-:{p}/",
    # Percent-encoded hosts.
    "http://%31%32%37%2e0%2e0%2e1:{p}/", "http://127%2e0%2e0%2e1:{p}/", "http://%6c%6f%63%61%6c%68%6f%73%74:{p}/",
    "http://localhost%00.example.com:{p}/", "http://127.0.0.1%00:{p}/", "http://127.0.0.1%09:{p}/",
    "http://127.0.0.1%20:{p}/",
    # User info and confusion over where the host begins.
    "http://user@127.0.0.1:{p}/", "http://user:pass@localhost:{p}/", "http://example.com@127.0.0.1:{p}/",
    "http://example.com:80@127.0.0.1:{p}/", "http://127.0.0.1:{p}@example.com/", "http://example.com%40127.0.0.1:{p}/",
    "http://:@127.0.0.1:{p}/", "http://@127.0.0.1:{p}/", "http://a:b@c:d@127.0.0.1:{p}/",
    "http://example.com%00@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@example.com/", "http://example.com\\@127.0.0.1:{p}/", "http:\\\\127.0.0.1:{p}\\",
    "http:/\\127.0.0.1:{p}/", "http:///127.0.0.1:{p}/", "http:////127.0.0.1:{p}/", "http:127.0.0.1:{p}/",
    "http:/127.0.0.1:{p}/",
    "//127.0.0.1:{p}/", "127.0.0.1:{p}/", "http://example.com#@127.0.0.1:{p}/ x\r\n",
    "http://127.0.0.1:{p}#@example.com/",
    "http://127.0.0.1:{p}?@example.com/", "http://127.0.0.1:{p};@example.com/", "http://127.0.0.1:{p},example.com/",
    # Control characters, spaces, request smuggling.
    "http://127.0.0.1:{p}/\r\nHost: internal", "http://127.0.0.1:{p}/%0d%0aX: 1", "http://127.0.0.1\r\n:{p}/",
    "http://127.0.0.1\t:{p}/", "http://127.0.0.1 :{p}/", " http://127.0.0.1:{p}/", "\thttp://127.0.0.1:{p}/",
    "http://127.0.0.1:{p}/\n", "http://127.0.0.1:{p}/\x00", "http://127.0.\n0.1:{p}/", "ht\ntp://127.0.0.1:{p}/",
    "\x01http://127.0.0.1:{p}/",
]  # fmt: skip

INTERNAL_ADDRESSES = [
    "http://169.254.169.254/latest/meta-data/", "http://169.254.169.254./", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0xA9.0xFE.0xA9.0xFE/", "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://169.16689662/",
    "http://0251.254.169.254/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/", "http://[fd00:ec2::254]/", "http://[::a9fe:a9fe]/",
    "http://169.254.170.2/v2/credentials",
    "http://168.63.129.16/", "http://100.100.100.200/latest/meta-data/", "http://192.0.0.192/opc/v1/",
    "http://10.0.0.1/", "http://10.255.255.255/", "http://167772161/", "http://012.0.0.1/", "http://0xa.1/",
    "http://10.1/",
    "http://172.16.0.1/", "http://172.31.255.255/", "http://0xac100001/", "http://192.168.0.1/", "http://192.168.1/",
    "http://0xc0a80001/", "http://3232235521/", "http://0300.0250.0.1/", "http://100.64.0.1/", "http://198.18.0.1/",
    "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://224.0.0.1/", "http://239.255.255.250/",
    "http://240.0.0.1/", "http://255.255.255.255/", "http://4294967295/", "http://192.88.99.1/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:192.168.0.1]/", "http://[fc00::1]/", "http://[fdff:ffff::1]/", "http://[feb0::1]/",
    "http://[2002:c0a8:1::]/",
    "https://169.254.169.254/", "https://10.0.0.1/", "https://[::1]/", "https://localhost/",
]  # fmt: skip

FORBIDDEN_WITHOUT_A_LOOKUP = [
    "ftp://files.example/", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:70/_x",
    "dict://127.0.0.1:11211/",
    "ldap://127.0.0.1/", "sftp://files.example/", "tftp://files.example/", "jar:http://files.example!/",
    "netdoc:///etc/passwd",
    "data:text/plain,hello", "javascript:alert(1)", "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "ws://files.example/", "wss://files.example/", "HTTPX://files.example/", "h2c://files.example/", "about:blank",
    "mailto:a@b", "s3://bucket/key",
    "blob:http://files.example/1", "view-source:http://files.example/", "phar://x", "php://filter", "expect://id",
    "concat:/etc/passwd",
    "http://files.example:22/", "http://files.example:25/", "http://files.example:5432/", "http://files.example:6379/",
    "http://files.example:8080/", "http://files.example:0/", "http://files.example:65536/", "http://files.example:-80/",
    "http://files.example:80a/", "http://files.example:99999999999999999999/", "http://[::1", "http://::1/",
    "http://[::1]x/", "http://[v1.x]/",
    "http://", "https://", "http:", "http://?", "http://#", "http://.", "http://..", "http://./",
    "http://-files.example/", "http://files..example/",
    "http://a" + "b" * 300 + ".example/", "http://files.example/" + "a" * 9000, "", " ", "\r\n", "not a url", "http",
    "://files.example/",
    "http://files.example/\r\nX-Injected: 1", "http://files.example/\x7f", "http://files.example/\u2028",
    "http://files example/",
    "http://user@files.example/", "http://user:secret@files.example/", "http://files.example\\@evil/",
    "http://fi\u200bles.example/",
]  # fmt: skip


class NoLookups:
    """A resolver that must not be asked."""

    async def resolve(self, host: str, port: int) -> list[str]:
        raise AssertionError(f"looked up {host!r}")


async def _discard(_chunk: bytes) -> None:
    return None


def _network(resolver: Resolver, wires) -> Network:  # type: ignore[no-untyped-def]
    return Network(resolver, wires, default_ssl_context())


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len({*LOOPBACK_SPELLINGS, *INTERNAL_ADDRESSES, *FORBIDDEN_WITHOUT_A_LOOKUP}) >= 150


@pytest.mark.parametrize("url", LOOPBACK_SPELLINGS)
async def test_no_spelling_of_loopback_reaches_a_listener_there(url, forbidden, wires, policy) -> None:  # type: ignore[no-untyped-def]
    spy = wires({})
    policy = dataclasses.replace(policy, ports=frozenset({80, 443, forbidden.port}))
    with pytest.raises((UrlForbidden, Unreachable)):  # Unreachable: a spelling this machine's resolver does not know
        await fetch(url.format(p=forbidden.port), _discard, policy, network=_network(SystemResolver(), spy))
    assert spy.dialled == []
    assert forbidden.connections == 0


@pytest.mark.parametrize("url", INTERNAL_ADDRESSES)
async def test_no_spelling_of_an_internal_address_is_dialled(url, wires, policy) -> None:  # type: ignore[no-untyped-def]
    spy = wires({})
    with pytest.raises(UrlForbidden):
        await fetch(url, _discard, policy, network=_network(SystemResolver(), spy))
    assert spy.dialled == []


@pytest.mark.parametrize("url", FORBIDDEN_WITHOUT_A_LOOKUP)
async def test_malformed_and_foreign_urls_are_refused_before_any_lookup(url, wires, policy) -> None:  # type: ignore[no-untyped-def]
    spy = wires({})
    with pytest.raises(UrlForbidden):
        await fetch(url, _discard, policy, network=_network(NoLookups(), spy))
    assert spy.dialled == []


async def test_the_listener_of_these_tests_can_be_reached_where_it_is_allowed(forbidden, wires, policy) -> None:  # type: ignore[no-untyped-def]
    """Without this the tests above could pass because nothing listens."""
    policy = dataclasses.replace(policy, allowed_hosts=parse_host_rules(f"127.0.0.1:{forbidden.port}"))
    result = await fetch(
        f"http://127.0.0.1:{forbidden.port}/", _discard, policy, network=_network(SystemResolver(), wires({}))
    )
    assert (result.size, forbidden.connections) == (6, 1)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{p}/", "//127.0.0.1:{p}/", "http://localhost:{p}/", "http://[::1]:{p}/",
        "http://2130706433:{p}/",
        "http://0x7f.1:{p}/", "http://169.254.169.254/", "http://inside.example/", "file:///etc/passwd",
        "ftp://files.example/",
        "http://user@files.example/", "http://files.example:22/", "gopher://127.0.0.1:{p}/", "http://mixed.example/",
        "\\\\127.0.0.1:{p}",
        "http:////127.0.0.1:{p}/", "http://files.example%00.x/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_inside_is_refused(location, status, listener, forbidden, names, wires, policy) -> None:  # type: ignore[no-untyped-def]
    where = location.format(p=forbidden.port)
    listener.answers(f"HTTP/1.1 {status} Moved\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
    table = {
        "files.example": [["93.184.216.34"]],
        "inside.example": [["10.0.0.7"]],
        "mixed.example": [["93.184.216.34", "127.0.0.1"]],
        "localhost": [["127.0.0.1"]],
        "127.0.0.1": [["127.0.0.1"]],
        "2130706433": [["127.0.0.1"]],
        "0x7f.1": [["127.0.0.1"]],
    }
    spy = wires({"93.184.216.34": listener.port})
    policy = dataclasses.replace(policy, ports=frozenset({80, 443, forbidden.port}))
    with pytest.raises(UrlForbidden):
        await fetch("http://files.example/a", _discard, policy, network=_network(names(table), spy))
    assert spy.dialled == [("93.184.216.34", 80)]
    assert forbidden.connections == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["93.184.216.34", "::1"],
        ["93.184.216.34", "fe80::1%2"], ["93.184.216.34", "nonsense"], ["2606:4700::1111", "10.0.0.1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"], ["fe80::1%eth0"], ["0.0.0.0"],
    ],
)  # fmt: skip
async def test_one_bad_address_among_the_answers_spoils_the_name(answers, names, wires, policy) -> None:  # type: ignore[no-untyped-def]
    spy = wires({})
    with pytest.raises(UrlForbidden):
        await fetch(
            "http://mixed.example/", _discard, policy, network=_network(names({"mixed.example": [answers]}), spy)
        )
    assert spy.dialled == []


async def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(listener, names, wires, policy) -> None:  # type: ignore[no-untyped-def]
    """Rebinding: the second answer is loopback, but nobody asks a second time."""
    listener.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    table = names({"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]})
    spy = wires({"93.184.216.34": listener.port})
    await fetch("http://rebind.example/", _discard, policy, network=_network(table, spy))
    assert table.asked == ["rebind.example"]
    assert spy.dialled == [("93.184.216.34", 80)]


async def test_a_name_that_turns_inward_between_redirects_is_refused(listener, forbidden, names, wires, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
    table = names({"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]})
    spy = wires({"93.184.216.34": listener.port})
    with pytest.raises(UrlForbidden):
        await fetch("http://rebind.example/", _discard, policy, network=_network(table, spy))
    assert spy.dialled == [("93.184.216.34", 80)]
    assert forbidden.connections == 0


async def test_https_never_goes_down_to_http(policy: GuardPolicy) -> None:
    secure = check_url("https://files.example/", policy)
    with pytest.raises(UrlForbidden):
        check_url("http://files.example/", policy, came_from=secure)
    assert check_url("/other", policy, came_from=secure).url == "https://files.example/other"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_a_proxy_in_the_environment_is_not_used(
    variable, monkeypatch, listener, forbidden, public_network, policy
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv(variable, f"http://127.0.0.1:{forbidden.port}")
    listener.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await fetch("http://files.example/", _discard, policy, network=public_network)
    assert forbidden.connections == 0
    assert listener.connections == 1


def test_closed_ports_and_unknown_names_read_the_same() -> None:
    messages = {Unreachable("refused").message, Unreachable("no such name").message, Unreachable("tls").message}
    assert len(messages) == 1
    assert UrlForbidden("port 22").message == UrlForbidden("address 10.0.0.1").message


async def test_refused_and_slow_connections_are_the_same_error(names, wires, policy) -> None:  # type: ignore[no-untyped-def]
    network = _network(names({"closed.example": [["93.184.216.34"]]}), wires({"93.184.216.34": 1}))
    with pytest.raises(GuardedHttpError) as refused:
        await fetch("http://closed.example/", _discard, policy, network=network)
    assert refused.value.code == "UNREACHABLE"
