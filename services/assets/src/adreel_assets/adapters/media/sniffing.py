"""What a file is, from its bytes: strict magic numbers and small structural rules, before anything decodes it.

Invariant: a format is named only when the bytes earn it; a file name or a declared type is never looked at. The
answer chooses the one decoder that then has to confirm it.
"""

from typing import BinaryIO

from adreel_assets.adapters.media.ooxml import is_word_package
from adreel_assets.adapters.media.sound_frames import sniff_sound_frames
from adreel_assets.adapters.media.svg import has_svg_root
from adreel_assets.adapters.media.word_binary import is_word_binary
from adreel_assets.domain.media_types import MediaFormat

HEAD_BYTES = 65_536

_MAGIC: tuple[tuple[bytes, MediaFormat], ...] = (
    (b"\xff\xd8\xff", MediaFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaFormat.PNG),
    (b"GIF87a", MediaFormat.GIF),
    (b"GIF89a", MediaFormat.GIF),
    (b"OggS\x00", MediaFormat.OGG),
    (b"%PDF-", MediaFormat.PDF),
    (b"\xef\xbb\xbf%PDF-", MediaFormat.PDF),
)
_RIFF_KINDS = {b"WEBP": MediaFormat.WEBP, b"AVI ": MediaFormat.AVI, b"WAVE": MediaFormat.WAV}
# Brands of the ISO base media family that are pictures or phone formats, not films as we take them.
_FOREIGN_BRANDS = (b"hei", b"hev", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 ", b"jpx ", b"3g2", b"3gp")
# QuickTime files older than the brand atom begin with one of these.
_BARE_MOV_ATOMS = (b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip")
_EBML = b"\x1a\x45\xdf\xa3"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"


def sniff(file: BinaryIO) -> MediaFormat | None:
    """The format the bytes earn, or None. Leaves the position anywhere."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    for magic, media_format in _MAGIC:
        if head.startswith(magic):
            return media_format
    return _sniff_container(head) or _sniff_document(head, file) or sniff_sound_frames(head, file)


def _sniff_container(head: bytes) -> MediaFormat | None:
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF_KINDS.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _sniff_brand(head[8:12])
    if head[4:8] in _BARE_MOV_ATOMS:
        return MediaFormat.MOV
    if head.startswith(_EBML):
        return _sniff_ebml(head[:4096])
    return None


def _sniff_brand(brand: bytes) -> MediaFormat | None:
    if brand.startswith(_FOREIGN_BRANDS):
        return None
    return MediaFormat.MOV if brand == b"qt  " else MediaFormat.MP4


def _sniff_ebml(head: bytes) -> MediaFormat | None:
    """Find DocType (0x4282) in the EBML header: id, a one-byte size, the text."""
    at = head.find(b"\x42\x82")
    if at < 0 or at + 3 > len(head):
        return None
    length = head[at + 2] & 0x7F
    doc_type = head[at + 3 : at + 3 + length].rstrip(b"\0")
    return {b"webm": MediaFormat.WEBM, b"matroska": MediaFormat.MKV}.get(doc_type)


def _sniff_document(head: bytes, file: BinaryIO) -> MediaFormat | None:
    if head.startswith(_OLE):
        return MediaFormat.DOC if is_word_binary(file) else None
    if head.startswith(_ZIP):
        return MediaFormat.DOCX if is_word_package(file) else None
    return MediaFormat.SVG if has_svg_root(head) else None
