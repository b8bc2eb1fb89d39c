"""What every running render service of these tests has: assets taken from disk, and a bus to hand it messages."""

import hashlib
import uuid
from pathlib import Path

from adreel_kit.bus import Bus, WireMessage
from adreel_kit.envelope import Envelope
from adreel_render.domain.errors import AssetBytesUnavailable


class FolderAssets:
    """Assets as files named by digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        (self.folder / sha256).write_bytes(content)
        return sha256

    async def local_copy(self, asset_id: uuid.UUID, sha256: str) -> Path:
        path = self.folder / sha256
        if not path.exists():
            raise AssetBytesUnavailable("gone")
        return path

    async def digest_of(self, asset_id: uuid.UUID) -> str | None:
        return None


async def deliver(bus: Bus, type_: str, job_id: uuid.UUID, data: dict) -> None:
    """Have the service receive an event of jobs."""
    envelope = Envelope(
        id=uuid.uuid4(), type=type_, source="jobs", subject=str(job_id), time="2026-01-02T03:04:05Z",
        correlation_id="story", data=data,
    )  # fmt: skip
    await bus.deliver(WireMessage(message_id=str(envelope.id), dest=type_, body=envelope.to_json()))
