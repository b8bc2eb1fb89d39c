"""`ETag` and `If-Match` of things that are numbered by revision (RFC 9110 section 13.1.1)."""

import re

from adreel_gateway.errors import PreconditionFailed

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def etag_of(revision: int) -> str:
    """The strong tag of a revision."""
    return f'"{revision}"'


def expected_revision(if_match: str, current: int) -> int:
    """The revision the caller insists on; 0 for `*`. Raises PreconditionFailed where it is not the present one.

    Weak tags never match here, as the RFC has it. The owner checks once more, so an edit in between is still found.
    """
    if if_match.strip() == "*":
        return 0
    strong = [match.group(2) for match in _TAG.finditer(if_match) if match.group(1) is None]
    if str(current) not in strong:
        raise PreconditionFailed(
            "The scene was changed since it was read. Read it again and repeat the edit.",
            details={"currentRevision": current},
        )
    return current
