"""Conditional requests (RFC 9110, 13): what the client has seen before, and whether that still holds."""

import re
from enum import StrEnum

from adreel_kit.http_ranges.dates import parse_http_date
from adreel_kit.http_ranges.representation import Representation
from adreel_kit.http_ranges.request_headers import RequestHeaders

# Between them these look at each character of a list at most a few times, however the list is made.
_SEPARATORS = re.compile(r"[ \t,]*")
_ETAG = re.compile(r'(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*")(?=[ \t]*(?:,|$))')
_NOT_A_COMMA = re.compile(r"[^,]*")


class Verdict(StrEnum):
    PROCEED = "proceed"  # answer as if there were no condition
    NOT_MODIFIED = "not_modified"  # the client's copy is current: 304
    PRECONDITION_FAILED = "precondition_failed"  # it is not what the client insists on: 412


def evaluate(request: RequestHeaders, representation: Representation) -> Verdict:
    """The verdict for GET and HEAD, in the order of precedence of section 13.2.2."""
    if not _insisted_holds(request, representation):
        return Verdict.PRECONDITION_FAILED
    if _is_known(request, representation):
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def if_range_holds(request: RequestHeaders, representation: Representation) -> bool:
    """Whether a `Range` counts: there is no `If-Range`, or it names the bytes as they are now.

    A date is a strong validator here when it is equal to the second, as in nginx.
    """
    if request.joined("if-range") is None:
        return True
    value = request.single("if-range") or ""
    if value.endswith('"'):
        return value == representation.etag  # a weak tag never is
    date = parse_http_date(value)
    return date is not None and date == representation.last_modified_second


def _insisted_holds(request: RequestHeaders, representation: Representation) -> bool:
    tags = request.joined("if-match")
    if tags is not None:
        return _matches(tags, representation.etag, is_weak_enough=False)
    date = parse_http_date(request.single("if-unmodified-since") or "")
    last_modified = representation.last_modified_second
    return date is None or last_modified is None or last_modified <= date


def _is_known(request: RequestHeaders, representation: Representation) -> bool:
    tags = request.joined("if-none-match")
    if tags is not None:
        return _matches(tags, representation.etag, is_weak_enough=True)
    date = parse_http_date(request.single("if-modified-since") or "")
    last_modified = representation.last_modified_second
    return date is not None and last_modified is not None and last_modified <= date


def _matches(tags: str, etag: str, *, is_weak_enough: bool) -> bool:
    """Whether a list of entity tags has `etag`, which is strong; elements that are no tags are passed over."""
    if tags == "*":
        return True
    at = _end_of(_SEPARATORS, tags, 0)
    while at < len(tags):
        match = _ETAG.match(tags, at)
        if match and match["tag"] == etag and (is_weak_enough or not match["weak"]):
            return True
        at = _end_of(_SEPARATORS, tags, match.end() if match else _end_of(_NOT_A_COMMA, tags, at))
    return False


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
