"""Reading an SVG as XML, never drawing it: is it one, is it whole, how large is it shown.

Invariant: no entity is ever defined or fetched. A DOCTYPE that only names the public DTD is common and harmless, one
that declares anything is refused. The parser sees the file in chunks and keeps no tree, so size costs no memory.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO
from xml.parsers import expat

from adreel_assets.adapters.media.verdict import Reason, Refusal

_CHUNK_BYTES = 65_536
_MAX_DEPTH = 5_000
_NAMESPACES = ("", "http://www.w3.org/2000/svg")
# CSS: an SVG that tells no size is shown as 300 x 150.
_DEFAULT_SIZE = (300, 150)
_MAX_SIDE_PX = 100_000
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?)\s*(px|pt|pc|mm|cm|in|em|ex|q)?\s*")
_PX_PER_UNIT = {
    None: 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "em": 16.0,
    "ex": 8.0, "q": 96 / 101.6,
}  # fmt: skip


class _StopParsing(Exception):
    """The root element was seen and nothing else is wanted."""


class _Reader:
    """Expat with handlers that keep the root's name and attributes and refuse declarations."""

    def __init__(self, *, stop_at_root: bool) -> None:
        self.root: str | None = None
        self.attributes: Mapping[str, str] = {}
        self._depth = 0
        self._stop_at_root = stop_at_root
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._refuse
        self.parser.UnparsedEntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse
        self.parser.SkippedEntityHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self.root is None:
            self.root, self.attributes = name, attributes
            if self._stop_at_root:
                raise _StopParsing
        if self._depth > _MAX_DEPTH:
            raise Refusal(Reason.DAMAGED)

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset and not self._stop_at_root:
            raise Refusal(Reason.ENTITIES)

    def _refuse(self, *_declaration: object) -> int:
        raise Refusal(Reason.ENTITIES)

    @property
    def is_svg(self) -> bool:
        namespace, _, name = (self.root or "").rpartition(" ")
        return name == "svg" and namespace in _NAMESPACES


def has_svg_root(head: bytes) -> bool:
    """Whether the first element is `svg`; also true when it hides behind declarations, which `read_svg` refuses."""
    text = head.lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n\0")
    if not text.startswith(b"<"):
        return False
    reader = _Reader(stop_at_root=True)
    try:
        reader.parser.Parse(head, False)
    except _StopParsing:
        return reader.is_svg
    except Refusal:
        return b"<svg" in head
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return False


def read_svg(file: BinaryIO, max_bytes: int) -> tuple[int, int]:
    """Width and height in CSS pixels. Raises `Refusal` for XML that is cut, malformed, too long, or declares things."""
    reader = _Reader(stop_at_root=False)
    file.seek(0)
    seen = 0
    try:
        while chunk := file.read(_CHUNK_BYTES):
            seen += len(chunk)
            if seen > max_bytes:
                raise Refusal(Reason.UNPACKS_TOO_LARGE)
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Refusal(Reason.DAMAGED) from error
    if not reader.is_svg:
        raise Refusal(Reason.UNKNOWN_FORMAT)
    return _shown_size(reader.attributes)


def _shown_size(attributes: Mapping[str, str]) -> tuple[int, int]:
    width, height = _length(attributes.get("width")), _length(attributes.get("height"))
    box = _view_box(attributes.get("viewBox"))
    if box is not None:
        if width is None and height is None:
            width, height = box
        elif width is None and height is not None:
            width = height * box[0] / box[1]
        elif width is not None and height is None:
            height = width * box[1] / box[0]
    return _whole_px(width, _DEFAULT_SIZE[0]), _whole_px(height, _DEFAULT_SIZE[1])


def _length(text: str | None) -> float | None:
    """Pixels; None for none, a percentage or nonsense."""
    found = _LENGTH.fullmatch((text or "").lower()[:40])
    return float(found[1]) * _PX_PER_UNIT[found[2]] if found and float(found[1]) > 0 else None


def _view_box(text: str | None) -> tuple[float, float] | None:
    numbers = re.split(r"[\s,]+", (text or "")[:200].strip())
    try:
        _, _, width, height = (float(number) for number in numbers)
    except ValueError:
        return None
    return (width, height) if 0 < width < float("inf") and 0 < height < float("inf") else None


def _whole_px(value: float | None, default: int) -> int:
    return default if value is None else max(1, round(min(value, _MAX_SIDE_PX)))
