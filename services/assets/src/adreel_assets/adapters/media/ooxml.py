"""Recognising and checking a Word 2007+ file (.docx): a ZIP whose content types name a Word document.

Invariant: nothing is unpacked but two named entries, each read up to a cap, so what the archive would unpack to does
not matter. Macro-carrying and encrypted kinds are not Word documents as we take them.
"""

import re
import struct
import zipfile
import zlib
from typing import BinaryIO
from xml.parsers import expat

from adreel_assets.adapters.media.verdict import Reason, Refusal

_CONTENT_TYPES = "[Content_Types].xml"
_MAIN_PART_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MAIN_PART = re.compile(rb'PartName="/([^"]{1,200})"[^>]{0,300}ContentType="' + re.escape(_MAIN_PART_TYPE) + rb'"')
_MAIN_PART_REVERSED = re.compile(
    rb'ContentType="' + re.escape(_MAIN_PART_TYPE) + rb'"[^>]{0,300}PartName="/([^"]{1,200})"'
)
_MAX_ENTRIES = 10_000
_MAX_CONTENT_TYPES_BYTES = 1_000_000
_MAX_MAIN_PART_BYTES = 64_000_000
# Real documents pack about 20 to 1; text alone can reach 100 to 1.
_MAX_RATIO = 500
_MAX_UNPACKED_BYTES = 1_000_000_000
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, KeyError, ValueError, EOFError,
               struct.error, OSError)  # fmt: skip


def is_word_package(file: BinaryIO) -> bool:
    """Whether the archive says it is a Word document."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as package:
            return _main_part(package) is not None
    except _ZIP_ERRORS:
        return False


def check_word_package(file: BinaryIO) -> None:
    """Raise `Refusal` when the archive would unpack to too much or its main part is not whole XML."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as package:
            _check_sizes(package)
            name = _main_part(package)
            if name is None:
                raise Refusal(Reason.UNKNOWN_FORMAT)
            _check_main_part(package, name)
    except _ZIP_ERRORS as error:
        raise Refusal(Reason.DAMAGED) from error


def _main_part(package: zipfile.ZipFile) -> str | None:
    with package.open(_CONTENT_TYPES) as entry:
        types = entry.read(_MAX_CONTENT_TYPES_BYTES)
    found = _MAIN_PART.search(types) or _MAIN_PART_REVERSED.search(types)
    if found is None:
        return None
    name = found[1].decode("utf-8", errors="replace")
    return name if name in package.namelist() else None


def _check_sizes(package: zipfile.ZipFile) -> None:
    entries = package.infolist()
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_UNPACKED_BYTES:
        raise Refusal(Reason.UNPACKS_TOO_LARGE)
    for entry in entries:
        if entry.file_size > 1_000_000 and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
            raise Refusal(Reason.UNPACKS_TOO_LARGE)
        if entry.flag_bits & 1:
            raise Refusal(Reason.ENCRYPTED)


def _check_main_part(package: zipfile.ZipFile, name: str) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.EntityDeclHandler = _refuse_declarations
    seen = 0
    try:
        with package.open(name) as part:
            while chunk := part.read(65_536):
                seen += len(chunk)
                if seen > _MAX_MAIN_PART_BYTES:
                    raise Refusal(Reason.UNPACKS_TOO_LARGE)
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Refusal(Reason.DAMAGED) from error


def _refuse_declarations(*_declaration: object) -> None:
    raise Refusal(Reason.ENTITIES)
