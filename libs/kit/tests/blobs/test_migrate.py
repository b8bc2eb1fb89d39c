"""Moving from one store to another: everything arrives, whenever it is stopped, and damage does not spread."""

import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from adreel_kit.blobs.migrate import Outcome, Progress, copy_all
from adreel_kit.blobs.port import BlobRef, BlobStore

if TYPE_CHECKING:
    from .conftest import Shelf

DATAS = [bytes([n]) * (40_000 * n + 1) for n in range(12)]


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def contents(store: BlobStore) -> dict[BlobRef, bytes]:
    return {entry.ref: b"".join([chunk async for chunk in store.read(entry.ref)]) async for entry in store.list()}


async def filled(shelf: "Shelf", kind: str = "files") -> BlobStore:
    store = await shelf.make(kind)
    for data in DATAS:
        await store.put(stream(data))
    return store


PAIRS = [
    pytest.param("files", "postgres", marks=pytest.mark.connected),
    pytest.param("postgres", "s3-rclone", marks=pytest.mark.connected),
    pytest.param("s3-moto", "files", marks=pytest.mark.connected),
    ("files", "files"),
]


@pytest.mark.parametrize(("kind", "other"), PAIRS)
async def test_everything_arrives(shelf: "Shelf", kind: str, other: str) -> None:
    source = await filled(shelf, kind)
    target = await shelf.make(other)
    progress = [step async for step in copy_all(source, target)]
    assert await contents(target) == await contents(source)
    assert [step.outcome for step in progress] == [Outcome.COPIED] * len(DATAS)
    assert progress[-1].copied_bytes == sum(map(len, DATAS))


async def test_run_that_was_stopped_is_taken_up(shelf: "Shelf") -> None:
    source, target = await filled(shelf), await shelf.make("files")
    last: Progress | None = None
    async for step in copy_all(source, target):
        last = step
        if step.copied_count == 5:
            break
    assert last is not None
    again = [step async for step in copy_all(source, target)]
    assert again[-1].present_count == 5
    assert again[-1].copied_count == len(DATAS) - 5
    behind = [step async for step in copy_all(source, target, after=last.ref.sha256)]
    assert len(behind) == len(DATAS) - 5
    assert await contents(target) == await contents(source)


async def test_damaged_source_is_reported_and_the_rest_goes_on(shelf: "Shelf") -> None:
    source, target = await filled(shelf), await shelf.make("files")
    bad = BlobRef(hashlib.sha256(DATAS[7]).hexdigest(), len(DATAS[7]))
    path = source.local_path(bad)
    assert path is not None
    path.write_bytes(b"!" * bad.size_bytes)
    progress = [step async for step in copy_all(source, target)]
    assert [step.ref for step in progress if step.outcome is Outcome.CORRUPT] == [bad]
    assert progress[-1].corrupt_count == 1
    assert progress[-1].copied_count == len(DATAS) - 1
    assert await target.stat(bad) is None


async def test_damaged_target_is_replaced(shelf: "Shelf") -> None:
    source, target = await filled(shelf), await filled(shelf)
    cut, changed = (BlobRef(hashlib.sha256(data).hexdigest(), len(data)) for data in DATAS[3:5])
    for ref, damage in ((cut, b"short"), (changed, b"!" * changed.size_bytes)):
        path = target.local_path(ref)
        assert path is not None
        path.write_bytes(damage)
    plain = [step async for step in copy_all(source, target)]
    assert [step.ref for step in plain if step.outcome is Outcome.COPIED] == [cut]
    careful = [step async for step in copy_all(source, target, verify_present=True)]
    assert [step.ref for step in careful if step.outcome is Outcome.COPIED] == [changed]
    assert await contents(target) == await contents(source)


async def test_what_is_deleted_meanwhile_is_passed_over(shelf: "Shelf") -> None:
    source, target = await filled(shelf), await shelf.make("files")
    names = [entry.ref async for entry in source.list()]
    outcomes = {}
    async for step in copy_all(source, target):
        outcomes[step.ref] = step.outcome
        if len(outcomes) == 1:
            # Those in other directories than the one being read are listed later or not at all.
            await source.delete(names[-1])
    assert outcomes.get(names[-1], Outcome.GONE) is Outcome.GONE
    assert await target.stat(names[-1]) is None
