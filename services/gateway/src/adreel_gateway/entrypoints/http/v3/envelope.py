"""The one envelope of every `/api/v3` answer, and pages of lists."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from adreel.common.v1 import common_pb2
from fastapi import Depends, Query

from adreel_gateway.entrypoints.http.context import request_id
from adreel_gateway.entrypoints.http.v3.models.base import ErrorOut, Wire
from adreel_gateway.errors import invalid_field

T = TypeVar("T")

MOST_PER_PAGE = 200


class Pagination(Wire):
    """Which part of a list this is; `nextCursor` is null on the last page."""

    limit: int
    offset: int
    total: int
    next_cursor: str | None


class Meta(Wire):
    """About the answer itself."""

    timestamp: datetime
    version: Literal["v3"] = "v3"
    request_id: str


class ListMeta(Meta):
    """About a list."""

    pagination: Pagination


class Envelope(Wire, Generic[T]):
    """A success: `data` is the thing asked for."""

    success: Literal[True] = True
    data: T
    meta: Meta
    error: None = None


class ListEnvelope(Wire, Generic[T]):
    """A success with a page of a list."""

    success: Literal[True] = True
    data: list[T]
    meta: ListMeta
    error: None = None


class ErrorEnvelope(Wire):
    """A failure."""

    success: Literal[False] = False
    data: None = None
    meta: Meta
    error: ErrorOut


class Deleted(Wire):
    """What a DELETE answers with."""

    id: str
    deleted: Literal[True] = True


def answer(data: T) -> Envelope[T]:
    """`data` in the envelope."""
    return Envelope(data=data, meta=Meta(timestamp=_now(), request_id=request_id.get()))


def page_answer(data: list[T], page: common_pb2.PageInfo) -> ListEnvelope[T]:
    """A page of a list in the envelope."""
    pagination = Pagination(
        limit=page.limit, offset=page.offset, total=page.total, next_cursor=page.next_cursor or None
    )
    return ListEnvelope(data=data, meta=ListMeta(timestamp=_now(), request_id=request_id.get(), pagination=pagination))


def sliced(data: list[T], page: common_pb2.PageRequest | None = None) -> ListEnvelope[T]:
    """The page asked for of a list that is at hand whole; its beginning where none was asked for."""
    wanted = page or common_pb2.PageRequest(limit=MOST_PER_PAGE)
    start = page_start(wanted)
    after = start + wanted.limit
    info = common_pb2.PageInfo(
        limit=wanted.limit, offset=start, total=len(data), next_cursor=str(after) if after < len(data) else ""
    )
    return page_answer(data[start:after], info)


def page_start(page: common_pb2.PageRequest) -> int:
    """Where a page begins in a list whose cursors are places. Raises ValidationFailed for a cursor that is none."""
    if not page.cursor:
        return page.offset
    if not (page.cursor.isascii() and page.cursor.isdigit() and len(page.cursor) < 9):
        raise invalid_field("cursor", "is not a cursor of this list")
    return int(page.cursor)


def _page(
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="How many at most.")] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="How many to skip.")] = 0,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`nextCursor` of the page before; wins over `offset`.")
    ] = None,
) -> common_pb2.PageRequest:
    return common_pb2.PageRequest(limit=limit, offset=offset, cursor=cursor or "")


Page = Annotated[common_pb2.PageRequest, Depends(_page)]

# For the `responses` of a route: what a status means there.
_MEANING = {
    401: "No valid API key.",
    402: "A quota or spending cap is used up.",
    403: "The API key lacks the scope.",
    404: "No such thing, or not for this key.",
    409: "The state does not allow it.",
    410: "The link expired or was revoked.",
    412: "It changed since it was read.",
    413: "Too many bytes.",
    415: "A type that is not taken here.",
    416: "The range lies outside the data.",
    422: "The request is not valid; `details.fields` says where.",
    429: "Too many requests.",
    503: "A service behind this one cannot be reached.",
}


Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int, also: Responses | None = None) -> Responses:
    """Documented errors of a route, with those that any route can have, and what else it answers."""
    return (also or {}) | {
        status: {"model": ErrorEnvelope, "description": _MEANING[status]}
        for status in sorted({401, 403, 422, 429, 503, *statuses})
    }


def _now() -> datetime:
    return datetime.now(UTC)
