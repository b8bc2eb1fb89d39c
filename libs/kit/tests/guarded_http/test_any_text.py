"""Whatever text is given, the answer is a checked target or the one error; nothing else ever comes out."""

import string

import pytest
from adreel_kit.guarded_http import GuardPolicy, UrlForbidden, check_url
from adreel_kit.guarded_http.addresses import is_public, parse_address
from adreel_kit.guarded_http.filenames import MAX_NAME_LENGTH, clean_name, file_name
from hypothesis import example, given, settings
from hypothesis import strategies as st

POLICY = GuardPolicy(max_bytes=1000, total_seconds=1)
_PIECES = st.sampled_from(
    ["http://", "https://", "//", "/", "\\", "@", ":", "[", "]", "%", "%00", "%2e", "?", "#", "..", "127.0.0.1", "::1",
     "localhost", "files.example", "xn--", "\u3002", "\uff11", "\u00df", "\u200d", "80", "65536", "0x7f", "ⓛ",
     " ", "\r\n"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(max_size=60), st.lists(_PIECES, max_size=9).map("".join), st.text(string.printable, max_size=40)
)


@settings(max_examples=600, deadline=None)
@given(_TEXTS)
@example("http://" + "ß" * 300)
@example("http://[::ffff:1.2.3.4%25x]/")
@example("http://\ud800/")
def test_a_url_is_a_safe_target_or_forbidden(text: str) -> None:
    try:
        target = check_url(text, POLICY)
    except UrlForbidden:
        return
    assert target.scheme in ("http", "https")
    assert target.port in (80, 443)
    assert not target.is_trusted
    assert target.host.isascii()
    assert not set(target.host) & set("/\\@?#%\r\n\t ")
    literal = parse_address(target.host)
    assert literal is None or is_public(literal)
    assert b"\r" not in target.path_and_query + target.host_header
    assert b"\n" not in target.path_and_query + target.host_header


@settings(max_examples=400, deadline=None)
@given(_TEXTS)
def test_a_location_is_a_safe_target_or_forbidden(text: str) -> None:
    first = check_url("https://files.example/a/b", POLICY)
    try:
        target = check_url(text, POLICY, came_from=first)
    except UrlForbidden:
        return
    assert target.scheme == "https"
    literal = parse_address(target.host)
    assert literal is None or is_public(literal)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.none(), _TEXTS), _TEXTS)
def test_a_name_is_harmless_whatever_the_server_says(header: str | None, url: str) -> None:
    name = file_name(header, url)
    assert name is None or (0 < len(name) <= MAX_NAME_LENGTH and not set(name) & set("/\\\r\n\0"))


@pytest.mark.parametrize("text", ["..", ".", "...", " . ", "/", "\\", "a/", "\ud800"])
def test_names_that_are_nothing_become_nothing(text: str) -> None:
    assert clean_name(text) == ""
