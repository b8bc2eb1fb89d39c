"""`Content-Disposition` with any file name a person can give (RFC 6266, RFC 8187).

The name comes from outside: it must not be able to end the header, to name a directory, or to look like another name
than it is.
"""

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

Disposition = Literal["inline", "attachment"]

# RFC 8187 attr-char: what stands for itself in an extended value; letters and digits are safe in `quote` anyhow.
_ATTR_CHAR = "!#$&+-.^_`|~"
_UNSAFE_IN_QUOTES = re.compile(r"[^ !#$&-\[\]^-~]")  # not printable ASCII, or one of `"`, `%`, `\`
_LONGEST_NAME = 200


def content_disposition(disposition: Disposition, filename: str | None) -> str:
    """The header's value. A name beyond ASCII is given twice, plain for old readers and exact in `filename*`."""
    name = safe_filename(filename) if filename else ""
    if not name:
        return disposition
    if not _UNSAFE_IN_QUOTES.search(name):
        return f'{disposition}; filename="{name}"'
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    plain = _UNSAFE_IN_QUOTES.sub("_", plain).strip() or "file"
    if plain.startswith("."):
        plain = f"file{plain}"  # nothing but the extension was left
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def safe_filename(filename: str) -> str:
    """The last part of the name, without control characters and without marks that reorder what one sees."""
    last = re.split(r"[/\\]", filename)[-1]
    visible = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    trimmed = visible.strip(" .") if set(visible) <= {" ", "."} else visible.strip()
    return _shortened(trimmed)


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"
