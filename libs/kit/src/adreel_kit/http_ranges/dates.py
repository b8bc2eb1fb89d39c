"""HTTP dates: the one form that is sent, and the three that are understood (RFC 9110, 5.6.7)."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_FULL_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # Sun, 06 Nov 1994 08:49:37 GMT
        f"{_WEEKDAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        # Sunday, 06-Nov-94 08:49:37 GMT
        f"{_FULL_WEEKDAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        # Sun Nov  6 08:49:37 1994
        f"{_WEEKDAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)


def format_http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def parse_http_date(text: str, *, now: datetime | None = None) -> datetime | None:
    """The moment the text names, or None when it is not an HTTP date. `now` settles what two digits of a year mean."""
    match = next((match for form in _FORMS if (match := form.fullmatch(text.strip()))), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _full_year(year, now or datetime.now(UTC))
    try:
        return datetime(
            year,
            _MONTHS.index(match["month"].lower()) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            59 if match["second"] == "60" else int(match["second"]),  # a leap second
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _full_year(two_digits: int, now: datetime) -> int:
    """A year that seems more than 50 years ahead is the last one that ended so."""
    year = now.year - now.year % 100 + two_digits
    return year - 100 if year > (now + timedelta(days=50 * 365.25)).year else year
