"""A table of requests with the answers RFC 9110 asks for, and nginx's answers to the same requests.

Where the two disagree, the case says what nginx does, so that the difference is known and stays known.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

ETAG = '"6553f100-3e8"'
LAST_MODIFIED = "Tue, 14 Nov 2023 22:13:20 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
ALL = [(0, 1000)]
NOTHING: list[tuple[int, int]] = []


@dataclass(frozen=True)
class Case:
    name: str
    headers: dict[str, str] | list[tuple[str, str]]
    status: int
    parts: list[tuple[int, int]]
    method: str = "GET"
    file: str = "full"
    nginx: int | None = None  # nginx's status, where it is another one
    nginx_parts: list[tuple[int, int]] | None = None  # or the same status with other bytes

    @property
    def fields(self) -> list[tuple[str, str]]:
        return list(self.headers.items()) if isinstance(self.headers, dict) else self.headers


def ranged(value: str, parts: list[tuple[int, int]], **more: object) -> Case:
    return Case(f"range {value[:40]!r}", {"Range": value}, 206, parts, **more)  # type: ignore[arg-type]


def ignored(value: str, **more: object) -> Case:
    return Case(f"ignored {value[:40]!r}", {"Range": value}, 200, ALL, **more)  # type: ignore[arg-type]


def unsatisfiable(value: str, **more: object) -> Case:
    return Case(f"beyond {value[:40]!r}", {"Range": value}, 416, NOTHING, **more)  # type: ignore[arg-type]


def conditional(name: str, value: str, status: int, **more: object) -> Case:
    parts = ALL if status == 200 else NOTHING
    return Case(f"{name} {value!r}", {name: value}, status, parts, **more)  # type: ignore[arg-type]


CASES = [
    Case("plain", {}, 200, ALL),
    Case("plain head", {}, 200, ALL, method="HEAD"),
    # single ranges
    ranged("bytes=0-0", [(0, 1)]),
    ranged("bytes=0-9", [(0, 10)]),
    ranged("bytes=500-599", [(500, 600)]),
    ranged("bytes=999-999", [(999, 1000)]),
    ranged("bytes=0-999", ALL),
    ranged("bytes=0-", ALL),
    ranged("bytes=1-", [(1, 1000)]),
    ranged("bytes=999-", [(999, 1000)]),
    ranged("bytes=990-2000", [(990, 1000)]),
    ranged("bytes=-1", [(999, 1000)]),
    ranged("bytes=-500", [(500, 1000)]),
    ranged("bytes=-1000", ALL),
    ranged("bytes=-5000", ALL),
    ranged("BYTES=0-4", [(0, 5)]),
    ranged("bytes= 0-4", [(0, 5)]),
    ranged("bytes=0 - 4", [(0, 5)]),
    ranged("bytes=000000000000000000000000003-4", [(3, 5)]),
    # beyond the end
    unsatisfiable("bytes=1000-"),
    unsatisfiable("bytes=1000-1001"),
    unsatisfiable("bytes=5000-6000, 7000-"),
    unsatisfiable("bytes=-0"),
    unsatisfiable("bytes=-0, 2000-"),
    unsatisfiable("bytes=99999999999999999999999-"),
    ranged("bytes=0-99999999999999999999999", ALL, nginx=416),
    ranged("bytes=-99999999999999999999999", ALL, nginx=416),
    # several ranges
    ranged("bytes=0-0,999-999", [(0, 1), (999, 1000)]),
    ranged("bytes=0-9, 20-29, 40-49", [(0, 10), (20, 30), (40, 50)]),
    ranged("bytes=0-9,\t20-29", [(0, 10), (20, 30)], nginx=416),
    ranged("bytes=900-,0-9", [(900, 1000), (0, 10)]),
    ranged("bytes=0-9,-10", [(0, 10), (990, 1000)]),
    ranged("bytes=0-499,500-999", [(0, 500), (500, 1000)]),
    ranged("bytes=0-9,0-9", [(0, 10), (0, 10)]),
    ranged("bytes=0-99,50-149", [(0, 100), (50, 150)]),
    ranged("bytes=0-9,5000-6000", [(0, 10)]),
    ranged("bytes=5000-6000,0-9,-0", [(0, 10)]),
    ranged("bytes=0-0,2-2,4-4,6-6,8-8", [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]),
    ignored("bytes=0-0,2-2,4-4,6-6,8-8,10-10"),
    ignored("bytes=0-,0-,0-"),
    ignored("bytes=0-999,0-0"),
    ignored("bytes=0-,-1"),
    ranged("bytes=,0-9", [(0, 10)], nginx=416),
    ranged("bytes=0-9,", [(0, 10)], nginx=416),
    # what is no range of bytes
    ignored("bytes"),
    ignored("bytes="),
    ignored("items=0-9"),
    ignored("0-9"),
    ignored("bytes 0-9"),
    ignored("bytes=,", nginx=416),
    ignored("bytes=abc", nginx=416),
    ignored("bytes=a-9", nginx=416),
    ignored("bytes=0-b", nginx=416),
    ignored("bytes=--5", nginx=416),
    ignored("bytes=-", nginx=416),
    ignored("bytes=5", nginx=416),
    ignored("bytes=5-3", nginx=416),
    ignored("bytes=0-9-10", nginx=416),
    ignored("bytes=0x1-9", nginx=416),
    ignored("bytes=+1-9", nginx=416),
    ignored("bytes=0-9;1-2", nginx=416),
    ignored("bytes=0-9,nonsense", nginx=416),
    ignored("bytes=\xb2-9", nginx=416),
    # HEAD has no ranges
    Case("range on head", {"Range": "bytes=0-9"}, 200, ALL, method="HEAD", nginx=206, nginx_parts=[(0, 10)]),
    Case("bad range on head", {"Range": "bytes=5000-"}, 200, ALL, method="HEAD", nginx=416),
    # If-None-Match
    conditional("If-None-Match", ETAG, 304),
    conditional("If-None-Match", f"W/{ETAG}", 304),
    conditional("If-None-Match", "*", 304),
    conditional("If-None-Match", f'"other", {ETAG}', 304),
    conditional("If-None-Match", f'{ETAG} , "other"', 304),
    conditional("If-None-Match", f'"a","b",W/"c",{ETAG}', 304),
    conditional("If-None-Match", f'"with,comma", {ETAG}', 304),
    conditional("If-None-Match", '"other"', 200),
    conditional("If-None-Match", '"other", W/"another"', 200),
    conditional("If-None-Match", ETAG.strip('"'), 200),
    conditional("If-None-Match", ETAG[:-1], 200),
    conditional("If-None-Match", '""', 200),
    conditional("If-None-Match", f"nonsense, {ETAG}", 304),
    conditional("If-None-Match", f'"open, {ETAG}', 304),
    conditional("If-None-Match", f", ,{ETAG}", 304),
    conditional("If-None-Match", f"{ETAG} trailing", 200),
    conditional("If-None-Match", f"{ETAG}{ETAG}", 200),
    conditional("If-None-Match", f"*, {ETAG}", 304),
    conditional("If-None-Match", '"x", *', 200),
    conditional("If-None-Match", "", 200),
    conditional("If-None-Match", ETAG, 304, method="HEAD"),
    Case("If-None-Match with range", {"If-None-Match": ETAG, "Range": "bytes=0-9"}, 304, NOTHING),
    Case("other If-None-Match with range", {"If-None-Match": '"x"', "Range": "bytes=0-9"}, 206, [(0, 10)]),
    # If-Modified-Since
    conditional("If-Modified-Since", LAST_MODIFIED, 304),
    conditional("If-Modified-Since", LATER, 304),
    conditional("If-Modified-Since", EARLIER, 200),
    conditional("If-Modified-Since", "Tuesday, 14-Nov-23 22:13:20 GMT", 304),
    conditional("If-Modified-Since", "Tue Nov 14 22:13:20 2023", 304),
    conditional("If-Modified-Since", "yesterday", 200),
    conditional("If-Modified-Since", "Tue, 14 Nov 2023 25:13:20 GMT", 200),
    conditional("If-Modified-Since", LAST_MODIFIED, 304, method="HEAD"),
    # both: the tag alone decides
    Case("tag new, date old", {"If-None-Match": ETAG, "If-Modified-Since": EARLIER}, 304, NOTHING, nginx=200),
    Case("tag old, date new", {"If-None-Match": '"x"', "If-Modified-Since": LAST_MODIFIED}, 200, ALL),
    Case("both new", {"If-None-Match": ETAG, "If-Modified-Since": LAST_MODIFIED}, 304, NOTHING),
    # If-Match and If-Unmodified-Since
    conditional("If-Match", ETAG, 200),
    conditional("If-Match", "*", 200),
    conditional("If-Match", f'"other", {ETAG}', 200),
    conditional("If-Match", f"W/{ETAG}", 412),
    conditional("If-Match", '"other"', 412),
    conditional("If-Match", "nonsense", 412),
    conditional("If-Match", f"nonsense, {ETAG}", 200),
    conditional("If-Match", f"W/{ETAG}, {ETAG}", 200),
    conditional("If-Match", '"other"', 412, method="HEAD"),
    conditional("If-Unmodified-Since", LAST_MODIFIED, 200),
    conditional("If-Unmodified-Since", LATER, 200),
    conditional("If-Unmodified-Since", EARLIER, 412),
    conditional("If-Unmodified-Since", "yesterday", 200, nginx=412),
    Case("If-Match decides", {"If-Match": ETAG, "If-Unmodified-Since": EARLIER}, 200, ALL, nginx=412),
    Case("If-Match before If-None-Match", {"If-Match": '"x"', "If-None-Match": ETAG}, 412, NOTHING),
    Case("both tags hold", {"If-Match": ETAG, "If-None-Match": ETAG}, 304, NOTHING),
    Case("If-Match with range", {"If-Match": ETAG, "Range": "bytes=0-9"}, 206, [(0, 10)]),
    Case("failed If-Match with range", {"If-Match": '"x"', "Range": "bytes=0-9"}, 412, NOTHING),
    # If-Range
    Case("If-Range tag", {"If-Range": ETAG, "Range": "bytes=0-9"}, 206, [(0, 10)]),
    Case("If-Range other tag", {"If-Range": '"x"', "Range": "bytes=0-9"}, 200, ALL),
    Case("If-Range weak tag", {"If-Range": f"W/{ETAG}", "Range": "bytes=0-9"}, 200, ALL),
    Case("If-Range date", {"If-Range": LAST_MODIFIED, "Range": "bytes=0-9"}, 206, [(0, 10)]),
    Case("If-Range earlier date", {"If-Range": EARLIER, "Range": "bytes=0-9"}, 200, ALL),
    Case("If-Range later date", {"If-Range": LATER, "Range": "bytes=0-9"}, 200, ALL),
    Case("If-Range nonsense", {"If-Range": "nonsense", "Range": "bytes=0-9"}, 200, ALL),
    Case("If-Range without range", {"If-Range": '"x"'}, 200, ALL),
    Case("If-Range and several", {"If-Range": ETAG, "Range": "bytes=0-0,9-9"}, 206, [(0, 1), (9, 10)]),
    Case("If-Range hides a bad range", {"If-Range": '"x"', "Range": "bytes=5000-"}, 200, ALL),
    Case("If-Range and a bad range", {"If-Range": ETAG, "Range": "bytes=5000-"}, 416, NOTHING),
    # nothing to serve
    Case("empty", {}, 200, NOTHING, file="empty"),
    Case("empty, all", {"Range": "bytes=0-"}, 200, NOTHING, file="empty"),
    Case("empty, first byte", {"Range": "bytes=0-0"}, 200, NOTHING, file="empty"),
    Case("empty, last bytes", {"Range": "bytes=-5"}, 200, NOTHING, file="empty"),
    Case("empty, beyond", {"Range": "bytes=1-"}, 416, NOTHING, file="empty"),
]

# Versions of nginx differ in what they make of a field that comes twice: these have no measure.
SENT_TWICE = [
    Case("two If-None-Match", [("If-None-Match", '"x"'), ("If-None-Match", ETAG)], 304, NOTHING),
    Case("two ranges", [("Range", "bytes=0-1"), ("Range", "bytes=5-6")], 200, ALL),
]

COMPARED = ("content-length", "content-range", "content-type", "etag", "last-modified")
OF_ERROR_BODIES = ("content-length", "content-type")
BOUNDARY = re.compile(r"multipart/byteranges; boundary=([0-9a-z]+)")


def without_boundary(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """The answer as it would be with the boundary `B`, which is random in both servers."""
    match = BOUNDARY.fullmatch(headers.get("content-type", ""))
    if match is None:
        return headers, body
    part_count = body.count(b"\r\nContent-Range:")
    length = int(headers["content-length"]) - (len(match[1]) - 1) * (part_count + 1)
    plain = {**headers, "content-type": "multipart/byteranges; boundary=B", "content-length": str(length)}
    return plain, body.replace(match[1].encode(), b"B")


def expected_body(case: Case, data: bytes) -> bytes:
    if case.status >= 300 or case.method == "HEAD":
        return b""
    if len(case.parts) < 2:
        return b"".join(data[start:stop] for start, stop in case.parts)
    body = b"".join(
        b"\r\n--B\r\nContent-Type: video/mp4\r\n"
        + f"Content-Range: bytes {start}-{stop - 1}/{len(data)}\r\n\r\n".encode()
        + data[start:stop]
        for start, stop in case.parts
    )
    return body + b"\r\n--B--\r\n"


def expected_headers(case: Case, data: bytes) -> dict[str, str]:
    etag = f'"6553f100-{len(data):x}"'
    cached = {"etag": etag, "last-modified": LAST_MODIFIED, "cache-control": "public, max-age=31536000, immutable"}
    if case.status == 304:
        return cached
    if case.status == 412:
        return {}
    if case.status == 416:
        return {"content-range": f"bytes */{len(data)}"}
    about = {"accept-ranges": "bytes", "content-type": "video/mp4"}
    whole = len(data) if case.method == "HEAD" else len(expected_body(case, data))
    about["content-length"] = str(whole)
    if len(case.parts) > 1:
        about["content-type"] = "multipart/byteranges; boundary=B"
    elif case.status == 206:
        start, stop = case.parts[0]
        about["content-range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return cached | about


@pytest.mark.parametrize("case", CASES + SENT_TWICE, ids=lambda case: case.name)
async def test_answer_is_that_of_rfc_9110(case: Case, client_of: Callable, contents: dict[str, bytes]) -> None:
    client = client_of(case.file)
    answer = await client.request(case.method, case.fields)
    headers, body = without_boundary(answer.headers, answer.body)
    assert answer.status == case.status
    if case.status >= 400:
        assert int(headers["content-length"]) == len(body) or case.method == "HEAD"
        for name in OF_ERROR_BODIES:
            del headers[name]
        assert headers == expected_headers(case, contents[case.file])
    else:
        assert headers == expected_headers(case, contents[case.file])
        assert body == expected_body(case, contents[case.file])
    wanted = (
        [] if case.method == "HEAD" or case.status >= 300 else [(start, stop - start) for start, stop in case.parts]
    )
    assert client.opened == wanted, "the source is opened for the bytes sent, and no others"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_nginx_gives_the_same_answer(case: Case, client_of: Callable, nginx) -> None:  # type: ignore[no-untyped-def]
    theirs = nginx.request(f"/{case.file}", case.method, case.fields)
    if case.nginx is not None or case.nginx_parts is not None:
        assert theirs.status == (case.nginx or case.status), "nginx differs here in the way that is known"
        return
    ours = await client_of(case.file).request(case.method, case.fields)
    assert theirs.status == ours.status
    their_headers, their_body = without_boundary(theirs.headers, theirs.body)
    our_headers, our_body = without_boundary(ours.headers, ours.body)
    skipped = set(OF_ERROR_BODIES) if ours.status >= 400 else set()
    # On these two we say a little more, or less, on purpose: that ranges work also beside a range, and nothing
    # that would let a cache keep a 416.
    compared = set(COMPARED)
    if ours.status != 206:
        compared.add("accept-ranges")
    if ours.status < 400:
        compared.add("cache-control")
    for name in sorted(compared - skipped):
        assert our_headers.get(name) == their_headers.get(name), name
    if ours.status < 400:
        assert our_body == their_body


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len({case.name + case.method + str(case.fields) for case in CASES}) >= 60
