"""An asset: a thing with meaning, an owner and a type, and where its bytes are."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adreel_assets.domain.media_types import AssetType


class AssetStatus(StrEnum):
    """Where an asset stands."""

    PENDING = "pending"  # its bytes are on their way; ingest moves it on
    READY = "ready"  # kept, checked, can be used
    FAILED = "failed"  # cannot be had; `error` says why


@dataclass(frozen=True, slots=True)
class AssetFields:
    """What whoever gives an asset says of it. `asked_type` is held against the bytes; None lets them decide."""

    name: str = ""
    asked_type: AssetType | None = None
    client_id: uuid.UUID | None = None
    campaign_id: uuid.UUID | None = None
    user_id: str | None = None
    tags: tuple[str, ...] = ()
    role: str | None = None


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """Where a file is kept."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset as it is stored; measures are None where the format has none or nothing was read yet."""

    id: uuid.UUID
    name: str
    type: AssetType | None
    format: str | None
    content_type: str | None
    source_url: str | None
    size_bytes: int | None
    sha256: str | None
    width_px: int | None
    height_px: int | None
    duration_seconds: float | None
    fps: float | None
    has_audio: bool | None
    page_count: int | None
    is_inline_safe: bool
    thumbnail_sha256: str | None
    thumbnail_size_bytes: int | None
    thumbnail_content_type: str | None
    tags: tuple[str, ...]
    role: str | None
    user_id: str | None
    client_id: uuid.UUID | None
    campaign_id: uuid.UUID | None
    status: AssetStatus
    error: dict[str, object] | None
    created_at: datetime

    def is_visible_to(self, client_id: uuid.UUID | None) -> bool:
        """Whether a job or caller of this client may use it: its own assets and those of nobody."""
        return self.client_id is None or client_id is None or self.client_id == client_id
