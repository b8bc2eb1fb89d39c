"""Copying all blobs from one store to another, while both are in use.

A run may be stopped at any moment and started again: what is in the target with the right size is passed over. Nothing
is deleted from the source. Blobs put into the source during the run may be missed, so the order of a move is: copy,
switch the services to the target, copy once more.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from adreel_kit.blobs.errors import BlobChecksumMismatch, BlobCorrupt, BlobNotFound
from adreel_kit.blobs.port import BlobRef, BlobStore


class Outcome(StrEnum):
    COPIED = "copied"  # it is in the target now, and its checksum was right on the way
    PRESENT = "present"  # it was in the target already
    GONE = "gone"  # it was deleted from the source since it was listed
    CORRUPT = "corrupt"  # the source's bytes are damaged; the target holds nothing of it


@dataclass(frozen=True, slots=True)
class Progress:
    """The state after one blob: what became of it, and the sums so far."""

    ref: BlobRef
    outcome: Outcome
    copied_count: int
    copied_bytes: int
    present_count: int
    corrupt_count: int


async def copy_all(
    source: BlobStore, target: BlobStore, *, after: str | None = None, verify_present: bool = False
) -> AsyncIterator[Progress]:
    """Copy blob by blob in the order of their SHA-256, yielding after each.

    `after` takes a run up behind a name it has reached before. `verify_present` reads what the target has already and
    replaces what is damaged there. Damaged blobs of the source are reported, not copied, and do not end the run;
    a store that cannot be reached does (`BlobStoreUnavailable`).
    """
    counts = dict.fromkeys(Outcome, 0)
    copied_bytes = 0
    async for entry in source.list(after=after):
        outcome = await _copy(source, target, entry.ref, verify_present=verify_present)
        counts[outcome] += 1
        if outcome is Outcome.COPIED:
            copied_bytes += entry.ref.size_bytes
        yield Progress(
            ref=entry.ref,
            outcome=outcome,
            copied_count=counts[Outcome.COPIED],
            copied_bytes=copied_bytes,
            present_count=counts[Outcome.PRESENT],
            corrupt_count=counts[Outcome.CORRUPT],
        )


async def _copy(source: BlobStore, target: BlobStore, ref: BlobRef, *, verify_present: bool) -> Outcome:
    stored = await target.stat(ref)
    if stored == ref and (not verify_present or await _is_sound(target, ref)):
        return Outcome.PRESENT
    try:
        if stored is not None:
            if not await _is_sound(source, ref):  # a damaged copy is not given up for a damaged original
                return Outcome.CORRUPT if await source.stat(ref) else Outcome.GONE
            await target.delete(ref)
        await target.put(source.read(ref), expected_sha256=ref.sha256)
    except BlobNotFound:
        return Outcome.GONE
    except (BlobCorrupt, BlobChecksumMismatch):
        return Outcome.CORRUPT
    return Outcome.COPIED


async def _is_sound(store: BlobStore, ref: BlobRef) -> bool:
    try:
        async for _ in store.read(ref):
            pass
    except (BlobCorrupt, BlobNotFound):
        return False
    return True
