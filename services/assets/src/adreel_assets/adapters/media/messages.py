"""What the service and its decoder process say to each other: JSON lines, file descriptors beside them.

The service believes nothing it reads here that it has not checked: the child has been in a stranger's hands.
"""

import json
import re
from dataclasses import asdict, replace
from typing import cast

from adreel_assets.adapters.media.verdict import Reason
from adreel_assets.domain.inspection import Inspection, InspectionLimits
from adreel_assets.domain.media_types import AssetType, MediaFormat, media_type

_CODEC_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_MAX_SIDE_PX = 1_000_000
_MAX_PAGES = 10_000_000
_Json = dict[str, object]


class BadReply(ValueError):
    """The child answered something that it never would by itself."""


def inspection_to_json(inspection: Inspection) -> _Json:
    """Plain values of an inspection."""
    return asdict(inspection)


def inspection_from_json(values: object) -> Inspection:
    """An inspection from plain values, each checked, type names and MIME types taken from our own table."""
    if not isinstance(values, dict):
        raise BadReply("no object")
    try:
        asset_type, media_format = AssetType(str(values.get("type"))), MediaFormat(str(values.get("format")))
    except ValueError as error:
        raise BadReply("type or format") from error
    row = media_type(media_format, asset_type)
    if row is None:
        raise BadReply("no such pair")
    has_audio = values.get("has_audio")
    return Inspection(
        type=asset_type,
        format=media_format,
        content_type=row.content_type,
        is_inline_safe=row.is_inline_safe,
        width=_whole(values, "width", _MAX_SIDE_PX),
        height=_whole(values, "height", _MAX_SIDE_PX),
        orientation=_whole(values, "orientation", 8),
        duration_seconds=_number(values, "duration_seconds", 1e7),
        fps=_number(values, "fps", 1e4),
        has_audio=None if has_audio is None else has_audio is True,
        codecs=_codecs(values),
        page_count=_whole(values, "page_count", _MAX_PAGES),
        is_fully_decoded=values.get("is_fully_decoded") is True,
    )


def limits_to_json(limits: InspectionLimits) -> _Json:
    """Plain values of the limits."""
    return asdict(limits)


def limits_from_json(values: object) -> InspectionLimits:
    """The limits as the service sent them; read in the child, which trusts the service."""
    return replace(InspectionLimits(), **cast("dict[str, int]", values))


def reason_from_json(value: object) -> Reason:
    """A reason for a refusal; raises `BadReply` for any other text."""
    try:
        return Reason(str(value))
    except ValueError as error:
        raise BadReply("reason") from error


def decode_line(line: bytes) -> _Json:
    """One JSON object."""
    try:
        values = json.loads(line)
    except ValueError as error:
        raise BadReply("not JSON") from error
    if not isinstance(values, dict):
        raise BadReply("no object")
    return values


def encode_line(values: _Json) -> bytes:
    """One JSON object on one line."""
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _whole(values: _Json, name: str, ceiling: int) -> int | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= ceiling:
        raise BadReply(name)
    return value


def _number(values: _Json, name: str, ceiling: float) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= ceiling:
        raise BadReply(name)
    return float(value)


def _codecs(values: _Json) -> tuple[str, ...]:
    names = values.get("codecs") or []
    if not isinstance(names, list) or len(names) > 2:
        raise BadReply("codecs")
    if not all(isinstance(name, str) and _CODEC_NAME.fullmatch(name) for name in names):
        raise BadReply("codecs")
    return tuple(names)
