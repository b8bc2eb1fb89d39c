"""What every blob store does, whatever it keeps the bytes in."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from adreel_kit.blobs.errors import BlobChecksumMismatch, BlobCorrupt, BlobNotFound, BlobTooLarge
from adreel_kit.blobs.port import CHUNK_BYTES, BlobRef, BlobStore

MIB = 1024 * 1024
ABSENT = BlobRef("0" * 64, 10)


def noise(size_bytes: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def ref_of(data: bytes) -> BlobRef:
    return BlobRef(hashlib.sha256(data).hexdigest(), len(data))


async def stream(data: bytes, chunk_bytes: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), chunk_bytes):
        yield data[at : at + chunk_bytes]


async def read(store: BlobStore, ref: BlobRef, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(ref, start, length)])


async def names(store: BlobStore) -> list[str]:
    return [entry.ref.sha256 async for entry in store.list()]


@pytest.mark.parametrize("size_bytes", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, MIB, 3 * MIB + 17])
async def test_bytes_come_back_as_they_were_put(store: BlobStore, size_bytes: int) -> None:
    data = noise(size_bytes)
    ref = await store.put(stream(data))
    assert ref == ref_of(data)
    assert await read(store, ref) == data
    assert await store.stat(ref) == ref
    assert await store.stat(ref.sha256) == ref


async def test_size_of_incoming_chunks_does_not_matter(store: BlobStore) -> None:
    data = noise(600_000)
    refs = {await store.put(stream(data, size)) for size in (317, 65_536, 1_000_000)}
    assert refs == {ref_of(data)}
    assert await names(store) == [ref_of(data).sha256]


async def test_read_yields_chunks_of_at_most_256_kib(store: BlobStore) -> None:
    ref = await store.put(stream(noise(MIB + 1)))
    sizes = [len(chunk) async for chunk in store.read(ref)]
    assert max(sizes) <= CHUNK_BYTES
    assert min(sizes) > 0


async def test_putting_the_same_bytes_again_stores_them_once(store: BlobStore) -> None:
    data = noise(500_000)
    first = await store.put(stream(data))
    second = await store.put(stream(data))
    assert first == second
    assert await names(store) == [first.sha256]


async def test_concurrent_puts_of_the_same_bytes_agree(store: BlobStore) -> None:
    data = noise(2 * MIB)
    refs = await asyncio.gather(*(store.put(stream(data, 50_000 + n)) for n in range(8)))
    assert set(refs) == {ref_of(data)}
    assert await names(store) == [ref_of(data).sha256]
    assert await read(store, refs[0]) == data


async def test_concurrent_puts_of_other_bytes_do_not_mix(store: BlobStore) -> None:
    datas = [noise(700_000 + n, seed=n) for n in range(8)]
    refs = await asyncio.gather(*(store.put(stream(data)) for data in datas))
    assert await asyncio.gather(*(read(store, ref) for ref in refs)) == datas


BORDER = CHUNK_BYTES


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, 1),
        (0, BORDER),
        (0, BORDER + 1),
        (BORDER - 1, 1),
        (BORDER - 1, 2),
        (BORDER, 1),
        (BORDER, BORDER),
        (BORDER + 1, BORDER - 1),
        (4 * BORDER - 1, 2),
        (5 * BORDER - 3, 6),
        (5 * BORDER, None),
        (1, None),
        (5 * BORDER + 99, 1),
        (5 * BORDER + 99, 50),
        (5 * BORDER + 100, 1),
        (9 * BORDER, None),
        (7, 0),
        (0, 10 * BORDER),
    ],
)
async def test_range_is_exact(store: BlobStore, start: int, length: int | None) -> None:
    data = noise(5 * BORDER + 100)
    ref = await store.put(stream(data))
    expected = data[start:] if length is None else data[start : start + length]
    assert await read(store, ref, start, length) == expected


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, -1)])
async def test_negative_range_is_a_mistake_of_the_caller(store: BlobStore, start: int, length: int) -> None:
    ref = await store.put(stream(b"abc"))
    with pytest.raises(ValueError, match="range"):
        await read(store, ref, start, length)


@pytest.mark.parametrize(("start", "length"), [(0, None), (3, 4), (10, None)])
async def test_reading_what_is_not_there_says_so(store: BlobStore, start: int, length: int | None) -> None:
    with pytest.raises(BlobNotFound):
        await read(store, ABSENT, start, length)
    assert await store.stat(ABSENT) is None


async def test_name_that_is_no_checksum_reaches_no_store(store: BlobStore) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        await store.stat("../../../../etc/passwd")
    with pytest.raises(ValueError, match="SHA-256"):
        BlobRef("A" * 64, 1)


async def test_reference_with_a_wrong_size_is_refused(store: BlobStore) -> None:
    ref = await store.put(stream(noise(1000)))
    for size_bytes in (999, 1001, 5000):
        wrong = BlobRef(ref.sha256, size_bytes)
        with pytest.raises(BlobCorrupt):
            await read(store, wrong)
        with pytest.raises(BlobCorrupt):
            await read(store, wrong, 990)


async def test_too_many_bytes_stop_the_put(store: BlobStore) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 10_000
            yield b"x" * 10_000

    with pytest.raises(BlobTooLarge):
        await store.put(endless(), max_bytes=95_000)
    assert given == 100_000
    assert await names(store) == []


async def test_exactly_as_many_bytes_as_allowed_are_stored(store: BlobStore) -> None:
    ref = await store.put(stream(noise(95_000)), max_bytes=95_000)
    assert await store.stat(ref) == ref


async def test_other_bytes_than_announced_are_not_stored(store: BlobStore) -> None:
    with pytest.raises(BlobChecksumMismatch):
        await store.put(stream(noise(1000)), expected_sha256="1" * 64)
    assert await names(store) == []
    ref = await store.put(stream(noise(1000)), expected_sha256=ref_of(noise(1000)).sha256)
    assert await names(store) == [ref.sha256]


async def test_stream_that_breaks_leaves_nothing_and_passes_its_error_on(store: BlobStore) -> None:
    class SenderGone(OSError):
        pass

    async def breaking() -> AsyncIterator[bytes]:
        yield noise(2 * MIB)
        raise SenderGone("reset")

    with pytest.raises(SenderGone):
        await store.put(breaking())
    assert await names(store) == []
    assert await store.purge_incomplete(timedelta(0)) == 0


async def test_cancelled_put_leaves_nothing(store: BlobStore) -> None:
    reached = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield noise(2 * MIB)
        reached.set()
        await asyncio.sleep(3600)

    task = asyncio.create_task(store.put(stalling()))
    await reached.wait()
    assert await names(store) == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names(store) == []
    assert await store.purge_incomplete(timedelta(0)) == 0


async def test_delete_may_be_repeated(store: BlobStore) -> None:
    ref = await store.put(stream(noise(300_000)))
    kept = await store.put(stream(noise(300_000, seed=2)))
    for _ in range(3):
        await store.delete(ref)
    await store.delete(ABSENT.sha256)
    assert await store.stat(ref) is None
    assert await names(store) == [kept.sha256]
    with pytest.raises(BlobNotFound):
        await read(store, ref)


async def test_sweep_spares_what_was_put_since(store: BlobStore) -> None:
    ref = await store.put(stream(noise(1000)))
    await store.delete(ref, modified_before=datetime.now(UTC) - timedelta(hours=2))
    assert await store.stat(ref) == ref
    await store.delete(ref, modified_before=datetime.now(UTC) + timedelta(seconds=5))
    assert await store.stat(ref) is None
    await store.delete(ref, modified_before=datetime.now(UTC))


async def test_deleted_bytes_can_be_put_again(store: BlobStore) -> None:
    ref = await store.put(stream(noise(300_000)))
    await store.delete(ref)
    assert await store.put(stream(noise(300_000))) == ref
    assert await read(store, ref) == noise(300_000)


async def test_file_is_stored_and_fetched(store: BlobStore, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(noise(900_000))
    target.write_bytes(b"what was there before")
    ref = await store.put_file(source, max_bytes=900_000, expected_sha256=ref_of(noise(900_000)).sha256)
    assert ref == ref_of(noise(900_000))
    await store.fetch_to(ref, target)
    assert target.read_bytes() == noise(900_000)
    assert source.exists()


async def test_limits_hold_for_files_as_well(store: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(noise(1000))
    with pytest.raises(BlobTooLarge):
        await store.put_file(source, max_bytes=999)
    with pytest.raises(BlobChecksumMismatch):
        await store.put_file(source, expected_sha256="2" * 64)
    assert await names(store) == []


async def test_failed_fetch_leaves_the_target_alone(store: BlobStore, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(BlobNotFound):
        await store.fetch_to(ABSENT, target)
    assert list(tmp_path.glob("*target*")) == []


async def test_local_path_is_a_file_with_the_bytes_or_nothing(store: BlobStore) -> None:
    ref = await store.put(stream(noise(1000)))
    path = store.local_path(ref)
    assert path is None or path.read_bytes() == noise(1000)
    assert store.local_path(ABSENT) is None


async def test_list_is_ordered_and_goes_on_behind_a_name(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    datas = [noise(100 + n, seed=n) for n in range(12)]
    refs = sorted([await store.put(stream(data)) for data in datas], key=lambda ref: ref.sha256)
    entries = [entry async for entry in store.list()]
    assert [entry.ref for entry in entries] == refs
    assert all(before < entry.modified_at < datetime.now(UTC) + timedelta(seconds=2) for entry in entries)
    assert [entry.ref async for entry in store.list(after=refs[4].sha256)] == refs[5:]
    assert [entry async for entry in store.list(modified_before=before)] == []
    assert len([entry async for entry in store.list(modified_before=datetime.now(UTC) + timedelta(seconds=5))]) == 12


async def test_reader_that_stops_early_can_close_the_stream(store: BlobStore) -> None:
    ref = await store.put(stream(noise(4 * MIB)))
    for _ in range(20):  # more than any pool holds, were one kept
        chunks = store.read(ref)
        async for _chunk in chunks:
            break
        await chunks.aclose()  # type: ignore[attr-defined]
    assert await read(store, ref) == noise(4 * MIB)


async def test_waiting_readers_and_writers_block_nobody(store: BlobStore) -> None:
    """Slow clients, more of them than there are threads or connections, and still others are served."""
    ref = await store.put(stream(noise(2 * MIB)))
    readers = [store.read(ref) for _ in range(20)]
    for reader in readers:
        await anext(aiter(reader))

    go_on = asyncio.Event()

    async def slow(n: int) -> AsyncIterator[bytes]:
        yield noise(MIB + n)
        await go_on.wait()

    writers = [asyncio.create_task(store.put(slow(n))) for n in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        assert await read(store, ref) == noise(2 * MIB)
        go_on.set()
        assert len(set(await asyncio.gather(*writers))) == 20
    for reader in readers:
        await reader.aclose()  # type: ignore[attr-defined]


async def test_check_passes_on_a_started_store(store: BlobStore) -> None:
    await store.check()
    await store.start()
    await store.check()
