"""The name of an output directory, as a request gives it: hostile until checked.

Only letters, digits and a few signs are let through, in any script: what file systems, shells and other operating
systems give a meaning of its own is refused rather than cleaned, so that no two names meet in one directory.
Whether the directory can be entered (it may be a link by now) is for whoever opens it.
"""

import unicodedata

from adreel_scenes.domain.errors import OutputDirRefused

_MOST_CHARACTERS = 200
_MOST_PART_BYTES = 120
_MOST_PARTS = 6
_SIGNS = frozenset(" -_.+()")
# Letters, marks that belong to them, and digits.
_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"})
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)


def output_dir_parts(text: str) -> tuple[str, ...]:
    """The directories named, from the output root down; none for the empty name. Raises OutputDirRefused."""
    name = unicodedata.normalize("NFC", text).removesuffix("/")
    if not name:
        if text:
            raise OutputDirRefused("must be a name below the output root, not the root of the file system.")
        return ()
    if len(name) > _MOST_CHARACTERS:
        raise OutputDirRefused(f"has at most {_MOST_CHARACTERS} characters.")
    if name.startswith("/"):
        raise OutputDirRefused("must be a name below the output root, not an absolute path.")
    if unicodedata.normalize("NFKC", name) != name:
        raise OutputDirRefused("holds characters that stand for other characters.")
    parts = tuple(name.split("/"))
    if len(parts) > _MOST_PARTS:
        raise OutputDirRefused(f"has at most {_MOST_PARTS} directories.")
    for part in parts:
        _check(part)
    return parts


def _check(part: str) -> None:
    if not part or not part.strip(".") or part.startswith((".", " ")) or part.endswith((".", " ")):
        raise OutputDirRefused(
            'must be made of names: not "..", ".", empty ones, or ones with a dot or space at an end.'
        )
    if any(sign not in _SIGNS and unicodedata.category(sign) not in _CATEGORIES for sign in part):
        raise OutputDirRefused("takes letters, digits, spaces and - _ . + ( ) alone, with / between directories.")
    if len(part.encode()) > _MOST_PART_BYTES:
        raise OutputDirRefused(f"has a directory whose name is longer than {_MOST_PART_BYTES} bytes.")
    if part.partition(".")[0].strip().casefold() in _WINDOWS_DEVICES:
        raise OutputDirRefused(f"must not use {part!r}, which is the name of a device.")
