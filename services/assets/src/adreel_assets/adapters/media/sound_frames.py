"""Telling MP3 from AAC (ADTS) by their frame headers; both are bare sequences of frames, perhaps after an ID3 tag.

A sync word alone occurs in any data, so two frames in a row must agree. Layouts: ISO/IEC 11172-3 section 2.4.1.3 and
ISO/IEC 13818-7 section 6.2 (ADTS).
"""

from typing import BinaryIO

from adreel_assets.domain.media_types import MediaFormat

_ID3_HEADER_BYTES = 10
_MAX_PADDING_BYTES = 4096
_MAX_TAGS = 4
# kbit/s by bitrate index, layer III: MPEG-1, then MPEG-2 and 2.5.
_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def sniff_sound_frames(head: bytes, file: BinaryIO) -> MediaFormat | None:
    """MP3 or AAC when two consecutive frames are found where the sound begins."""
    start = 0
    for _ in range(_MAX_TAGS):
        tag_bytes = _id3_bytes(head)
        if tag_bytes == 0:
            break
        start += tag_bytes
        file.seek(start)
        head = file.read(16_384)
    head = head[:_MAX_PADDING_BYTES].lstrip(b"\0") + head[_MAX_PADDING_BYTES:]
    for media_format, frame_bytes in ((MediaFormat.MP3, _mp3_frame_bytes), (MediaFormat.AAC, _adts_frame_bytes)):
        first = frame_bytes(head)
        # The only frame of a very short file has no successor.
        if first and (first == len(head) or frame_bytes(head[first : first + 8])):
            return media_format
    return None


def _id3_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag that begins here, or 0; sizes have seven bits a byte."""
    if not head.startswith(b"ID3") or len(head) < _ID3_HEADER_BYTES or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    has_footer = bool(head[5] & 0x10)
    return _ID3_HEADER_BYTES * (2 if has_footer else 1) + size


def _mp3_frame_bytes(header: bytes) -> int:
    """Length of the layer III frame that begins here, or 0."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer != 1 or bitrate_index in (0, 15) or rate_index == 3:
        return 0
    is_mpeg1 = version == 3
    bits_per_second = _BITRATES[0 if is_mpeg1 else 1][bitrate_index] * 1000
    return (144 if is_mpeg1 else 72) * bits_per_second // _SAMPLE_RATES[version][rate_index] + padding


def _adts_frame_bytes(header: bytes) -> int:
    """Length of the ADTS frame that begins here, or 0."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0
