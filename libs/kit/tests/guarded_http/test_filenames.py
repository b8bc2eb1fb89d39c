"""Names told by servers, made harmless."""

import pytest
from adreel_kit.guarded_http.filenames import MAX_NAME_LENGTH, clean_name, file_name


@pytest.mark.parametrize(
    ("header", "url", "name"),
    [
        ('attachment; filename="cat.jpg"', "http://x/", "cat.jpg"),
        ("inline; filename=cat.jpg; x=1", "http://x/", "cat.jpg"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20cat.jpg; filename=\"x.jpg\"", "http://x/", "naïve cat.jpg"),
        ('attachment; filename="a \\"b\\".jpg"', "http://x/", 'a "b".jpg'),
        (None, "https://x/a/b%20c.png?d=e.gif#f", "b c.png"),
        (None, "https://x/", None), ('attachment; filename=""', "https://x/a.png", "a.png"),
        ('attachment; filename="../../etc/passwd"', "http://x/", "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.png"', "http://x/", "a.png"),
        (None, "http://x/..%2f..%2fsecret", "secret"), (None, "http://x/%2e%2e", None),
        ("garbage;;;=", "http://x/y", "y"),
    ],
)  # fmt: skip
def test_the_header_comes_first_then_the_path(header: str | None, url: str, name: str | None) -> None:
    assert file_name(header, url) == name


@pytest.mark.parametrize(
    "text", ["a\r\nb.jpg", "a\x00b.jpg", "a\u202eb.jpg", "\u200bab.jpg", "/x/ab.jpg", "..ab.jpg..", " ab.jpg "]
)
def test_control_characters_paths_and_edges_go(text: str) -> None:
    assert clean_name(text) == "ab.jpg"


def test_a_name_has_a_bounded_length() -> None:
    assert len(clean_name("x" * 5000)) == MAX_NAME_LENGTH
