"""Guarded POST."""

import dataclasses

import pytest
from adreel_kit.guarded_http import UrlForbidden, guarded_post

URL = "http://files.example/hook?a=1"


async def test_body_and_headers_arrive_and_the_answer_is_kept(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 202 Accepted\r\nX-Id: 7\r\nContent-Length: 5\r\n\r\nthank")
    result = await guarded_post(
        URL, b'{"a":1}', {"Content-Type": "application/json", "webhook-id": "msg_1"}, policy, network=public_network
    )
    assert (result.status, result.is_success, result.body, result.headers["x-id"]) == (202, True, b"thank", "7")
    head = listener.requests[0].lower()
    assert head.startswith(b"post /hook?a=1 http/1.1\r\n")
    assert b"content-length: 7\r\n" in head
    assert b"webhook-id: msg_1\r\n" in head


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status, listener, forbidden, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(
        b"HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % (status, forbidden.port)
    )
    result = await guarded_post(URL, b"{}", {}, policy, network=public_network)
    assert (result.status, result.is_success) == (status, False)
    assert (listener.connections, forbidden.connections) == (1, 0)


@pytest.mark.parametrize("status", [400, 404, 410, 500])
async def test_a_refusal_is_a_result(status, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
    assert (await guarded_post(URL, b"{}", {}, policy, network=public_network)).status == status


async def test_only_the_beginning_of_a_long_answer_is_read(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", b"x" * 500_000)
    policy = dataclasses.replace(policy, max_bytes=1000)
    result = await guarded_post(URL, b"{}", {}, policy, network=public_network)
    assert len(result.body) == 1000


async def test_internal_addresses_get_no_post(forbidden, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    policy = dataclasses.replace(policy, ports=frozenset({forbidden.port}))
    for host in ("127.0.0.1", "localhost", "[::1]", "2130706433"):
        with pytest.raises(UrlForbidden):
            await guarded_post(f"http://{host}:{forbidden.port}/", b"{}", {}, policy)
    assert forbidden.connections == 0


@pytest.mark.parametrize("header", [{"X-A": "1\r\nX-B: 2"}, {"X\n": "1"}, {"X-A": "1\0"}])
async def test_a_line_break_in_a_header_is_never_sent(header, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="line break"):
        await guarded_post(URL, b"{}", header, policy, network=public_network)
    assert listener.connections == 0
