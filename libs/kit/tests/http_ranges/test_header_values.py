"""What goes into headers: names of files, dates, tags, and nothing that ends a line."""

from datetime import UTC, datetime

import pytest
from adreel_kit.http_ranges.conditional import Verdict, evaluate
from adreel_kit.http_ranges.dates import format_http_date, parse_http_date
from adreel_kit.http_ranges.disposition import content_disposition
from adreel_kit.http_ranges.ranges import ByteRange, NoRange, _parse, select_ranges
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.request_headers import RequestHeaders
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("product.jpg", 'inline; filename="product.jpg"'),
        ("Product Shot (1).jpg", 'inline; filename="Product Shot (1).jpg"'),
        ("a;b=c.mp4", 'inline; filename="a;b=c.mp4"'),
        ("größe.mp4", "inline; filename=\"groe.mp4\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.mp4"),
        ("产品.mp4", "inline; filename=\"file.mp4\"; filename*=UTF-8''%E4%BA%A7%E5%93%81.mp4"),
        ("🎬.mp4", "inline; filename=\"file.mp4\"; filename*=UTF-8''%F0%9F%8E%AC.mp4"),
        ("产品", "inline; filename=\"file\"; filename*=UTF-8''%E4%BA%A7%E5%93%81"),
        ('say "hi".txt', "inline; filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"),
        ("100%.png", "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png"),
        ("../../etc/passwd", 'inline; filename="passwd"'),
        ("C:\\temp\\x.doc", 'inline; filename="x.doc"'),
        ("a\r\nSet-Cookie: x=1.txt", 'inline; filename="aSet-Cookie: x=1.txt"'),
        ("evil\u202egpj.exe", 'inline; filename="evilgpj.exe"'),
        ("nul\x00l.txt", 'inline; filename="null.txt"'),
        ("\ud800.txt", 'inline; filename=".txt"'),
        ("", "inline"),
        ("..", "inline"),
        ("dir/", "inline"),
    ],
)
def test_file_name_is_given_plain_and_exact(filename: str, expected: str) -> None:
    assert content_disposition("inline", filename) == expected


def test_long_name_keeps_its_extension() -> None:
    value = content_disposition("attachment", "n" * 5000 + ".jpeg")
    assert value == f'attachment; filename="{"n" * 195}.jpeg"'


@given(st.text())
def test_no_file_name_can_leave_its_header(filename: str) -> None:
    value = content_disposition("attachment", filename)
    assert value.startswith("attachment")
    assert all(0x20 <= ord(char) < 0x7F for char in value)
    assert value.count('"') in (0, 2)


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_of_a_date_are_understood(text: str) -> None:
    assert parse_http_date(text, now=NOW) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 +0200",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    assert parse_http_date(text, now=NOW) is None


@pytest.mark.parametrize(("digits", "year"), [("94", 1994), ("26", 2026), ("75", 2075), ("77", 1977), ("00", 2000)])
def test_two_digits_of_a_year_are_at_most_fifty_years_ahead(digits: str, year: int) -> None:
    date = parse_http_date(f"Sunday, 06-Nov-{digits} 08:49:37 GMT", now=NOW)
    assert date is not None
    assert date.year == year


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_sent_is_understood(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert parse_http_date(format_http_date(at)) == at


@given(st.text(st.sampled_from("bytes=0123456789-, \t")), st.integers(0, 40))
def test_any_text_selects_ranges_within_the_bytes(text: str, size_bytes: int) -> None:
    chosen = select_ranges(f"bytes={text}", size_bytes, max_ranges=4)
    if not isinstance(chosen, NoRange):
        assert 1 <= len(chosen) <= 4
        assert all(0 <= part.start < part.stop <= size_bytes for part in chosen)
        assert sum(part.length for part in chosen) <= size_bytes


def test_very_long_numbers_are_no_more_than_large() -> None:
    assert select_ranges("bytes=" + "9" * 8_000 + "-", 10, max_ranges=4) is NoRange.UNSATISFIABLE
    assert select_ranges("bytes=" + "0" * 8_000 + "-", 10, max_ranges=4) == [ByteRange(0, 10)]


def test_very_long_lists_are_ignored() -> None:
    assert select_ranges("bytes=" + ",".join(["50-"] * 2_000), 10, max_ranges=4) is NoRange.UNSATISFIABLE
    assert select_ranges("bytes=" + ",".join(["50-"] * 3_000), 10, max_ranges=4) is NoRange.IGNORED


@pytest.mark.parametrize("unit", [" ", "\t", ",", "1", "-", '"', "W/", '",', '"a,', "1-,", " ,", "0 "])
def test_hostile_headers_are_read_in_one_pass(unit: str) -> None:
    """A pattern that tried again from every place would not end within the time limit of a test."""
    long = unit * 100_000
    for value in (long, f"0-{long}x", f"0{long}-x", f"-{long}x"):
        _parse(f"bytes={value}")
    representation = Representation(size_bytes=1, etag='"e"', content_type="text/plain")
    for name in (b"if-none-match", b"if-match", b"if-range", b"if-modified-since", b"if-unmodified-since"):
        assert evaluate(RequestHeaders([(name, long.encode())]), representation) is not Verdict.NOT_MODIFIED


@pytest.mark.parametrize(
    "wrong",
    [
        {"etag": "unquoted"},
        {"etag": 'W/"weak"'},
        {"etag": '"a"b"'},
        {"content_type": "text/html\r\nSet-Cookie: a=b"},
        {"content_type": ""},
        {"cache_control": "no-store\nX: y"},
        {"extra_headers": (("x-name", "a\x00b"),)},
        {"extra_headers": (("x name", "a"),)},
        {"extra_headers": (("x-name", "€"),)},
        {"size_bytes": -1},
        {"last_modified": NOW.replace(tzinfo=None)},
    ],
)
def test_representation_with_an_impossible_header_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"size_bytes": 1, "etag": '"a"', "content_type": "text/plain"}
    Representation(**right)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"header|tag|size|zone"):
        Representation(**(right | wrong))  # type: ignore[arg-type]
