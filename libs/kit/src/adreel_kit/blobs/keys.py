"""Where a blob's bytes lie, in a directory and in a bucket alike: `<prefix>/ab/cd/<sha256>`.

The prefix lets several owners share one directory or bucket: nobody's list or sweep sees another's blobs, since only
keys of exactly this form below the own prefix count.
"""

import re

_CONTENT_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def checked_prefix(prefix: str) -> str:
    """The prefix itself: empty, or one plain word such as a service's name."""
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError("a key prefix is one word of lower-case letters, digits, dots and dashes")
    return prefix


def key_of(sha256: str, prefix: str = "") -> str:
    key = f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
    return f"{prefix}/{key}" if prefix else key


def sha256_of_key(key: str, prefix: str = "") -> str | None:
    """The blob a key stands for; None for anything that is not a blob below this prefix."""
    if prefix:
        if not key.startswith(f"{prefix}/"):
            return None
        key = key[len(prefix) + 1 :]
    match = _CONTENT_KEY.fullmatch(key)
    return match[3] if match else None
