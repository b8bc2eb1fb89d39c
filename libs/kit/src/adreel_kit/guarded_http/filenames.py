"""A file's name as a stranger's server tells it, made harmless: a bare name, no path, no control characters."""

import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes, urlsplit

MAX_NAME_LENGTH = 200
_MAX_HEADER_LENGTH = 4_000

_EXTENDED = re.compile(r"filename\*\s*=\s*(?P<charset>utf-8|iso-8859-1)'[^']*'(?P<value>[^\s;]+)", re.IGNORECASE)
_QUOTED = re.compile(r'filename\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TOKEN = re.compile(r"filename\s*=\s*(?P<value>[^\s;\"]+)", re.IGNORECASE)


def file_name(content_disposition: str | None, url: str) -> str | None:
    """The name from the header, else the last segment of the URL's path, else None."""
    for candidate in (_from_header((content_disposition or "")[:_MAX_HEADER_LENGTH]), _from_path(url)):
        name = clean_name(candidate)
        if name:
            return name
    return None


def _from_path(url: str) -> str:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:  # stricter than the parser that took the URL
        return ""


def clean_name(text: str) -> str:
    """What is left of a name once paths, control and format characters and edge dots are gone; may be empty."""
    last_segment = text.replace("\\", "/").rsplit("/", 1)[-1]
    # Cc, Cf, Cs, Co, Cn: control and format characters, among them the right-to-left override.
    visible = "".join(character for character in last_segment if unicodedata.category(character)[0] != "C")
    return visible.strip(" .")[:MAX_NAME_LENGTH]


def _from_header(header: str) -> str:
    if found := _EXTENDED.search(header):
        return unquote_to_bytes(found["value"]).decode(found["charset"], errors="replace")
    if found := _QUOTED.search(header):
        return re.sub(r"\\(.)", r"\1", found["value"])
    if found := _TOKEN.search(header):
        return found["value"]
    return ""
