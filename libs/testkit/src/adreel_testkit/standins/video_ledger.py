"""The stand-in's own books: what was created, kept in a file so that they survive its restart.

One JSON line per fact, appended and flushed before the answer is sent: what a test counts here is what a provider would
have charged for, however the answer fared.
"""

import json
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Inputs as they were sent.
Inputs = Mapping[str, Any]


@dataclass(slots=True)
class Creation:
    """One thing that was created and would be charged for."""

    id: str
    provider: str
    model: str
    inputs: Inputs
    created_at: float
    work_seconds: float
    outcome: str
    price_micros: int
    extra: dict[str, Any] = field(default_factory=dict)
    canceled_at: float | None = None
    polls: int = 0

    @property
    def ends_at(self) -> float:
        return self.created_at + self.work_seconds

    def status(self, now: float) -> str:
        """Where it stands: `processing` until its work is done, then its outcome."""
        if self.canceled_at is not None and self.canceled_at < self.ends_at:
            return "canceled"
        if now < self.ends_at:
            return "processing"
        return {"safety": "failed", "wiped": "succeeded", "garbage": "succeeded"}.get(self.outcome, self.outcome)

    def is_charged(self, now: float) -> bool:
        """Replicate charges for what ran, cancelled runs among it; neither for failures nor for what never started."""
        return self.status(now) in ("succeeded", "canceled", "processing")


class VideoLedger:
    """All creations, by id; `path` is None for one that is forgotten with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._creations: dict[str, Creation] = {}
        self._downloads_with_key: list[str] = []
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._replay(json.loads(line))

    def create(
        self,
        provider: str,
        model: str,
        inputs: Inputs,
        *,
        work_seconds: float,
        outcome: str,
        price_micros: int,
        extra: dict[str, Any] | None = None,
    ) -> Creation:
        """Book a creation. From here on it counts, whatever is answered."""
        creation = Creation(
            id=f"{provider[0]}{uuid.uuid4().hex[:25]}",
            provider=provider,
            model=model,
            inputs=dict(inputs),
            created_at=time.time(),
            work_seconds=work_seconds,
            outcome=outcome,
            price_micros=price_micros,
            extra=extra or {},
        )
        self._creations[creation.id] = creation
        self._write({"create": {name: getattr(creation, name) for name in _STORED}})
        return creation

    def cancel(self, creation: Creation) -> None:
        if creation.canceled_at is None and time.time() < creation.ends_at:
            creation.canceled_at = time.time()
            self._write({"cancel": creation.id, "at": creation.canceled_at})

    def find(self, creation_id: str, provider: str) -> Creation | None:
        creation = self._creations.get(creation_id)
        return creation if creation is not None and creation.provider == provider else None

    def all(self, provider: str | None = None) -> list[Creation]:
        """Oldest first."""
        return [one for one in self._creations.values() if provider in (None, one.provider)]

    def note_key_on_download(self, path: str) -> None:
        """A client sent its credentials to the output host: it never should."""
        self._downloads_with_key.append(path)

    @property
    def downloads_with_key(self) -> list[str]:
        return list(self._downloads_with_key)

    def _replay(self, entry: Mapping[str, Any]) -> None:
        if "create" in entry:
            creation = Creation(**entry["create"])
            self._creations[creation.id] = creation
        elif "cancel" in entry:
            self._creations[entry["cancel"]].canceled_at = entry["at"]

    def _write(self, entry: Mapping[str, Any]) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())


_STORED = ("id", "provider", "model", "inputs", "created_at", "work_seconds", "outcome", "price_micros", "extra")
