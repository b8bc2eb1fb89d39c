"""The fields of a request that this package reads, from the raw pairs of an ASGI scope."""

from collections.abc import Iterable


class RequestHeaders:
    """Looks fields up by lower-case name."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip(" \t"))

    def joined(self, name: str) -> str | None:
        """The value of a list field, which may come in several lines."""
        values = self._values.get(name)
        return ", ".join(values) if values else None

    def single(self, name: str) -> str | None:
        """The value of a field that comes once. Sent twice it means nothing, and counts as not sent."""
        values = self._values.get(name, [])
        return values[0] if len(values) == 1 else None
