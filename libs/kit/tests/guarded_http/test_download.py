"""Downloads over real sockets: what comes back, and that every way of misbehaving ends within the limits."""

import asyncio
import dataclasses
import gzip
import hashlib
import tracemalloc

import pytest
from adreel_kit.guarded_http import (
    GuardPolicy,
    HttpStatusRefused,
    Network,
    RequestTimedOut,
    ResponseTooLarge,
    Unreachable,
    fetch,
    fetch_to_file,
    guarded_stream,
)
from adreel_kit.guarded_http.transport import default_ssl_context

URL = "http://files.example/pictures/cat.jpg?size=2"
HEAD = b"HTTP/1.1 200 OK\r\n"


async def _discard(_chunk: bytes) -> None:
    return None


async def test_a_download_tells_type_name_size_and_digest(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    body = bytes(range(256)) * 1000
    listener.answers(
        HEAD + b'Content-Type: Image/JPEG; charset=x\r\nContent-Disposition: attachment; filename="my cat.jpg"\r\n'
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )
    received = bytearray()

    async def keep(chunk: bytes) -> None:
        received.extend(chunk)

    result = await fetch(URL, keep, policy, network=public_network)
    assert bytes(received) == body
    assert (result.status, result.size, result.sha256) == (200, len(body), hashlib.sha256(body).hexdigest())
    assert (result.content_type, result.filename, result.final_url) == ("image/jpeg", "my cat.jpg", URL)


async def test_the_request_carries_no_secret_and_asks_for_plain_bytes(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 0\r\n\r\n")
    await fetch(URL, _discard, policy, network=public_network)
    head = listener.requests[0].lower()
    assert head.startswith(b"get /pictures/cat.jpg?size=2 http/1.1\r\n")
    assert b"host: files.example\r\n" in head
    assert b"accept-encoding: identity\r\n" in head
    for absent in (b"cookie", b"authorization", b"referer", b"proxy"):
        assert absent not in head


async def test_redirects_are_followed_up_to_the_limit_without_cookies(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    async def handler(head: bytes, writer: asyncio.StreamWriter) -> None:
        step = int(head.split(b" ")[1].rsplit(b"/", 1)[1])
        if step < 3:
            writer.write(
                b"HTTP/1.1 302 Found\r\nSet-Cookie: session=1\r\nLocation: /step/%d\r\nContent-Length: 0\r\n\r\n"
                % (step + 1)
            )
        else:
            writer.write(HEAD + b"Content-Length: 2\r\n\r\nok")

    listener.handler = handler
    result = await fetch("http://files.example/step/0", _discard, policy, network=public_network)
    assert result.final_url == "http://files.example/step/3"
    assert all(b"session" not in request for request in listener.requests)
    with pytest.raises(Unreachable):
        await fetch("http://files.example/step/-1", _discard, policy, network=public_network)


async def test_a_redirect_loop_ends(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Unreachable):
        await fetch(URL, _discard, policy, network=public_network)
    assert listener.connections == policy.max_redirects + 1


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 503])
async def test_other_statuses_are_reported_with_their_number(status, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
    with pytest.raises(HttpStatusRefused) as refused:
        await fetch(URL, _discard, policy, network=public_network)
    assert refused.value.status == status
    assert refused.value.code == "HTTP_ERROR"


async def test_a_declared_size_over_the_limit_is_refused_before_the_body(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 99999999\r\n\r\n" + b"x" * 1000)
    chunks = 0

    async def count(_chunk: bytes) -> None:
        nonlocal chunks
        chunks += 1

    with pytest.raises(ResponseTooLarge):
        await fetch(URL, count, policy, network=public_network)
    assert chunks == 0


async def test_an_endless_body_is_cut_at_the_limit(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0

    async def endless(_head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(block)
            await writer.drain()
            sent += 0x10000

    listener.handler = endless
    taken = 0

    async def count(chunk: bytes) -> None:
        nonlocal taken
        taken += len(chunk)

    with pytest.raises(ResponseTooLarge):
        await fetch(URL, count, policy, network=public_network)
    assert taken <= policy.max_bytes


async def test_memory_does_not_grow_with_the_body(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    block = b"x" * 0x10000

    async def large(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (len(block) * 1600))
        for _ in range(1600):
            writer.write(block)
            await writer.drain()

    listener.handler = large
    policy = dataclasses.replace(policy, max_bytes=200_000_000, total_seconds=60)
    tracemalloc.start()
    try:
        result = await fetch(URL, _discard, policy, network=public_network)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.size == 1600 * 0x10000  # 105 MB
    assert peak < 8_000_000


async def test_a_slow_drip_ends_at_the_total_time(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    async def drip(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    listener.handler = drip
    policy = dataclasses.replace(policy, total_seconds=0.5, read_seconds=0.3)
    with pytest.raises(RequestTimedOut) as slow:
        await asyncio.wait_for(fetch(URL, _discard, policy, network=public_network), 30)
    assert slow.value.code == "TIMEOUT"


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200", HEAD + b"Content-Length: 10\r\n\r\n123"])
async def test_silence_ends_at_the_read_time(beginning, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    async def hang(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await writer.drain()
        await asyncio.sleep(20)

    listener.handler = hang
    policy = dataclasses.replace(policy, read_seconds=0.2)
    with pytest.raises(RequestTimedOut):
        await asyncio.wait_for(fetch(URL, _discard, policy, network=public_network), 30)


async def test_headers_dripped_for_ever_end_at_the_total_time(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    async def drip(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for number in range(100_000):
            writer.write(b"X-%d: y\r\n" % number)
            await writer.drain()
            await asyncio.sleep(0.01)

    listener.handler = drip
    policy = dataclasses.replace(policy, total_seconds=0.5)
    with pytest.raises(RequestTimedOut):
        await fetch(URL, _discard, policy, network=public_network)


async def test_a_resolver_that_hangs_ends_within_the_limits(wires, policy) -> None:  # type: ignore[no-untyped-def]
    class Hanging:
        async def resolve(self, host: str, port: int) -> list[str]:
            await asyncio.sleep(60)
            return []

    policy = dataclasses.replace(policy, connect_seconds=0.2)
    with pytest.raises(Unreachable):
        await asyncio.wait_for(
            fetch(URL, _discard, policy, network=Network(Hanging(), wires({}), default_ssl_context())), 30
        )


async def test_a_body_shorter_than_declared_is_an_error(listener, public_network, policy, tmp_path) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 999)
    target = tmp_path / "file"
    with pytest.raises(Unreachable):
        await fetch_to_file(URL, target, policy, network=public_network)
    assert not target.exists()


async def test_a_chunked_body_without_its_end_is_an_error(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    with pytest.raises(Unreachable):
        await fetch(URL, _discard, policy, network=public_network)


async def test_bytes_beyond_the_declared_length_are_not_taken(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 5\r\n\r\nhello" + b"x" * 100_000)
    result = await fetch(URL, _discard, policy, network=public_network)
    assert (result.size, result.sha256) == (5, hashlib.sha256(b"hello").hexdigest())


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity", "x-unknown"])
async def test_a_packed_body_is_refused_unopened(encoding, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    bomb = gzip.compress(b"\0" * 50_000_000)
    listener.answers(HEAD + f"Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)
    with pytest.raises(Unreachable):
        await fetch(URL, _discard, policy, network=public_network)


async def test_a_gzip_file_that_claims_no_encoding_stays_as_it_is(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    packed = gzip.compress(b"\0" * 5_000_000)
    listener.answers(HEAD + b"Content-Encoding: identity\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    assert (await fetch(URL, _discard, policy, network=public_network)).size == len(packed)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 5000,
        HEAD + b"Content-Length: -5\r\n\r\n", HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
        HEAD + b"Content-Length: 5x\r\n\r\nhello", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Bad Header\r\n\r\n",
        HEAD + b"X: " + b"a" * 300_000 + b"\r\n\r\n", HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ],
)  # fmt: skip
async def test_answers_that_are_not_proper_http_are_plain_errors(answer, listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(answer)
    with pytest.raises((Unreachable, HttpStatusRefused)):
        await fetch(URL, _discard, policy, network=public_network)


async def test_tls_that_is_none_is_unreachable(listener, public_network, policy, wires, names) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 2\r\n\r\nok")
    with pytest.raises(Unreachable):
        await fetch("https://files.example/", _discard, policy, network=public_network)


async def test_a_file_is_written_whole_and_an_existing_one_is_left_alone(
    listener, public_network, policy, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    body = b"0123456789" * 50_000
    listener.answers(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    target = tmp_path / "file"
    result = await fetch_to_file(URL, target, policy, network=public_network)
    assert target.read_bytes() == body
    assert result.size == len(body)
    with pytest.raises(FileExistsError):
        await fetch_to_file(URL, target, policy, network=public_network)
    assert target.read_bytes() == body


async def test_a_cancelled_download_leaves_no_file_and_no_connection(
    listener, public_network, policy, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    begun, closed = asyncio.Event(), asyncio.Event()

    async def slow(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 1000)
        await writer.drain()
        begun.set()
        try:
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:
            closed.set()

    listener.handler = slow
    target = tmp_path / "file"
    task = asyncio.create_task(fetch_to_file(URL, target, policy, network=public_network))
    await asyncio.wait_for(begun.wait(), 10)
    assert target.exists()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not target.exists()
    await asyncio.wait_for(closed.wait(), 10)


async def test_an_error_of_the_consumer_is_not_mistaken_for_the_servers(listener, public_network, policy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 2\r\n\r\nok")
    with pytest.raises(TimeoutError, match="mine"):
        async with guarded_stream(URL, policy, network=public_network):
            raise TimeoutError("mine")


async def test_a_dead_first_address_does_not_hide_a_live_second(listener, names, wires, policy: GuardPolicy) -> None:  # type: ignore[no-untyped-def]
    listener.answers(HEAD + b"Content-Length: 2\r\n\r\nok")
    spy = wires({"93.184.216.33": 1, "93.184.216.34": listener.port})
    network = Network(names({"files.example": [["93.184.216.33", "93.184.216.34"]]}), spy, default_ssl_context())
    assert (await fetch(URL, _discard, policy, network=network)).size == 2
