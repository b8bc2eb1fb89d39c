"""Recognising a Word 97-2003 file (.doc): an OLE compound file whose directory names a `WordDocument` stream.

Layout: [MS-CFB] sections 2.2 (header), 2.3 (FAT), 2.6 (directory). Only the directory is read; every chain is bounded
and every sector checked against the file, so a looping or lying file ends as "no".
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from adreel_assets.adapters.media.verdict import Reason, Refusal

_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_MAX_DIRECTORY_SECTORS = 4_096
_LAST_REGULAR_SECTOR = 0xFFFFFFFA
_HEADER_FAT_SECTORS = 109
_STREAM = 2


class _CompoundFile:
    """Just enough of the format to walk one chain of sectors."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise ValueError("no header")
        self._shift = struct.unpack_from("<H", header, 30)[0]
        if self._shift not in (9, 12):
            raise ValueError("sector size")
        self.first_directory_sector = struct.unpack_from("<I", header, 48)[0]
        self._fat_sectors: tuple[int, ...] = struct.unpack_from(f"<{_HEADER_FAT_SECTORS}I", header, 76)

    def sector(self, number: int) -> bytes:
        """One sector's bytes; short at the end of a cut file."""
        self._file.seek((number + 1) << self._shift)
        return self._file.read(1 << self._shift)

    def chain(self, first: int) -> Iterator[bytes]:
        """The sectors of one stream, in order."""
        number, seen = first, set[int]()
        while number <= _LAST_REGULAR_SECTOR and number not in seen and len(seen) < _MAX_DIRECTORY_SECTORS:
            seen.add(number)
            yield self.sector(number)
            number = self._next(number)

    def _next(self, number: int) -> int:
        per_sector = (1 << self._shift) // 4
        index, offset = divmod(number, per_sector)
        # Files over about 7 MB go on in further tables; the directory of a Word file sits before that in practice.
        if index >= _HEADER_FAT_SECTORS or self._fat_sectors[index] > _LAST_REGULAR_SECTOR:
            return _LAST_REGULAR_SECTOR + 1
        table = self.sector(self._fat_sectors[index])
        return int(struct.unpack_from("<I", table, offset * 4)[0])


def _entries(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Names and kinds in the directory."""
    compound = _CompoundFile(file)
    for sector in compound.chain(compound.first_directory_sector):
        for start in range(0, len(sector) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            name_bytes, kind = struct.unpack_from("<HB", sector, start + 64)
            if kind and 2 <= name_bytes <= 64:
                yield sector[start : start + name_bytes - 2].decode("utf-16-le", errors="replace"), kind


def is_word_binary(file: BinaryIO) -> bool:
    """Whether the compound file holds a Word document."""
    try:
        return any(name == "WordDocument" and kind == _STREAM for name, kind in _entries(file))
    except (struct.error, ValueError):
        return False


def check_word_binary(file: BinaryIO) -> None:
    """Raise `Refusal` when the document's main stream does not begin as it must ([MS-DOC] section 2.5.1: 0xA5EC)."""
    try:
        compound = _CompoundFile(file)
        for sector in compound.chain(compound.first_directory_sector):
            for start in range(0, len(sector) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
                if sector[start : start + 26].decode("utf-16-le", errors="replace") == "WordDocument\0":
                    first = struct.unpack_from("<I", sector, start + 116)[0]
                    if compound.sector(first)[:2] == b"\xec\xa5":
                        return
    except (struct.error, ValueError) as error:
        raise Refusal(Reason.DAMAGED) from error
    raise Refusal(Reason.DAMAGED)
