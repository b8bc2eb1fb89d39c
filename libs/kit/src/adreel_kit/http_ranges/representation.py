"""What is known of the bytes before they are read."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from adreel_kit.http_ranges.dates import format_http_date
from adreel_kit.http_ranges.disposition import Disposition, content_disposition

_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")


@dataclass(frozen=True, slots=True)
class Representation:
    """The bytes' size and how they are announced.

    `etag` is strong, so in double quotes: it names these very bytes, `f'"{sha256}"'` for example. `extra_headers` go
    with every answer, errors too; `Content-Disposition` is made from `filename`. Nothing that could end a header line
    gets in: a value of several lines is a `ValueError`.
    """

    size_bytes: int
    etag: str
    content_type: str
    last_modified: datetime | None = None
    filename: str | None = None
    disposition: Disposition = "inline"
    cache_control: str | None = None
    extra_headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError("a size is not negative")
        if not _STRONG_ETAG.fullmatch(self.etag):
            raise ValueError("a strong entity tag is printable ASCII in double quotes")
        if self.last_modified is not None and self.last_modified.tzinfo is None:
            raise ValueError("last_modified needs a time zone")
        for name, value in self._given_headers():
            if not _FIELD_NAME.fullmatch(name) or not _FIELD_VALUE.fullmatch(value):
                raise ValueError(f"the header {name!r} has a name or a value that cannot be sent")

    def _given_headers(self) -> list[tuple[str, str]]:
        cache_control = [] if self.cache_control is None else [("cache-control", self.cache_control)]
        return [("content-type", self.content_type), *cache_control, *self.extra_headers]

    @property
    def last_modified_second(self) -> datetime | None:
        """`last_modified` as a header can say it."""
        return None if self.last_modified is None else self.last_modified.astimezone(UTC).replace(microsecond=0)

    def validators(self) -> list[tuple[str, str]]:
        """The headers a cache needs to go on using what it has, which 304 carries too."""
        headers = [("etag", self.etag)]
        if self.last_modified is not None:
            headers.append(("last-modified", format_http_date(self.last_modified)))
        if self.cache_control is not None:
            headers.append(("cache-control", self.cache_control))
        return headers

    def content_headers(self) -> list[tuple[str, str]]:
        """The headers of an answer with bytes, but for those that depend on which bytes."""
        headers = [*self.validators(), ("accept-ranges", "bytes")]
        if self.filename is not None or self.disposition == "attachment":
            headers.append(("content-disposition", content_disposition(self.disposition, self.filename)))
        return headers
