"""RIFF files (AVI, WAV, WebP) tell their own length in the first bytes; a cut one is shorter than it says.

The AVI and WAV readers take what is there without a word, so this is the only place where the cut shows.
"""

import struct
from typing import BinaryIO

from adreel_assets.adapters.media.verdict import Reason, Refusal

_HEADER_BYTES = 8
# Written by programs that stream and never come back to fill the length in.
_UNTOLD = (0, 0x7FFFFFFF, 0xFFFFFFFF)
_MISSING_PART = 0.02


def check_riff_length(file: BinaryIO) -> None:
    """Raise `Refusal` when clearly less is there than the header says; other files pass."""
    file.seek(0)
    head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES or head[:4] != b"RIFF":
        return
    told = struct.unpack_from("<I", head, 4)[0]
    there = file.seek(0, 2) - _HEADER_BYTES
    # Streaming writers also leave lengths near 4 GB; nothing we take is that long.
    if told not in _UNTOLD and told < 0xFFFF0000 and there < told * (1 - _MISSING_PART):
        raise Refusal(Reason.TRUNCATED)
