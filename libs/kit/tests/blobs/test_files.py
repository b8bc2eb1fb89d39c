"""What only the file store can be asked: what is on the disk after a crash, damage, and neighbours in its directory."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from adreel_kit.blobs.errors import BlobCorrupt, BlobStoreRefused, BlobStoreUnavailable
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobRef

DATA = bytes(range(256)) * 4096


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def read_into(got: bytearray, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        got += chunk


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FileBlobStore]:
    store = FileBlobStore(tmp_path / "blobs")
    await store.start()
    yield store
    await store.aclose()


def files_below(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


async def test_file_lies_under_its_checksum(store: FileBlobStore, tmp_path: Path) -> None:
    ref = await store.put(stream(DATA))
    name = ref.sha256
    assert files_below(tmp_path / "blobs") == [f"{name[:2]}/{name[2:4]}/{name}"]


SENDER = """
import asyncio, sys
from pathlib import Path
from adreel_kit.blobs.files import FileBlobStore

async def endless():
    while True:
        yield bytes(1024 * 1024)
        print("sent", flush=True)

async def main():
    store = FileBlobStore(Path(sys.argv[1]))
    await store.start()
    await store.put(endless())

asyncio.run(main())
"""


async def test_kill_in_the_middle_of_a_put_leaves_nothing_visible(store: FileBlobStore, tmp_path: Path) -> None:
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDER, str(tmp_path / "blobs"), stdout=asyncio.subprocess.PIPE
    )
    assert sender.stdout is not None
    for _ in range(3):
        assert await sender.stdout.readline()
    sender.send_signal(signal.SIGKILL)
    await sender.wait()
    assert [entry async for entry in store.list()] == []
    assert len(files_below(tmp_path / "blobs")) == 1
    assert await store.purge_incomplete(timedelta(hours=1)) == 0, "it could still be under way"
    assert await store.purge_incomplete(timedelta(0)) == 1
    assert files_below(tmp_path / "blobs") == []


async def test_reader_of_damaged_bytes_never_gets_them_all(store: FileBlobStore) -> None:
    ref = await store.put(stream(DATA))
    path = store.local_path(ref)
    assert path is not None
    with path.open("r+b") as file:
        file.seek(700_000)
        file.write(b"!")
    got = bytearray()
    with pytest.raises(BlobCorrupt):
        await read_into(got, store.read(ref))
    assert len(got) < len(DATA)


async def test_shortened_file_is_found_out_before_any_byte(store: FileBlobStore) -> None:
    ref = await store.put(stream(DATA))
    path = store.local_path(ref)
    assert path is not None
    os.truncate(path, 1000)
    for start in (0, 500, 2000):
        with pytest.raises(BlobCorrupt):
            await anext(aiter(store.read(ref, start)))


async def test_next_put_heals_a_damaged_file(store: FileBlobStore) -> None:
    ref = await store.put(stream(DATA))
    path = store.local_path(ref)
    assert path is not None
    path.write_bytes(b"\0" * len(DATA))
    await store.put(stream(DATA))
    assert b"".join([chunk async for chunk in store.read(ref)]) == DATA


async def test_put_makes_an_old_blob_young_again(store: FileBlobStore) -> None:
    ref = await store.put(stream(DATA))
    path = store.local_path(ref)
    assert path is not None
    os.utime(path, (1, 1))
    first = [entry async for entry in store.list()]
    await store.put(stream(DATA))
    second = [entry async for entry in store.list()]
    assert first[0].ref == second[0].ref == ref
    assert second[0].modified_at - first[0].modified_at > timedelta(days=1)


async def test_owners_of_one_directory_do_not_see_each_other(tmp_path: Path) -> None:
    stores = [FileBlobStore(tmp_path, prefix=prefix) for prefix in ("", "ab", "cd", "films")]
    for store in stores:
        await store.start()
    refs = [await store.put(stream(DATA + bytes([n]))) for n, store in enumerate(stores)]
    for store, ref in zip(stores, refs, strict=True):
        assert [entry.ref async for entry in store.list()] == [ref]
        await store.aclose()


async def test_foreign_files_are_not_listed(store: FileBlobStore, tmp_path: Path) -> None:
    ref = await store.put(stream(DATA))
    directory = tmp_path / "blobs"
    (directory / "README").write_text("x")
    (directory / "00").write_text("a file where a directory could be")
    (directory / ref.sha256[:2] / "stray").write_text("x")
    (directory / ref.sha256[:2] / ref.sha256[2:4] / ("f" * 64)).write_text("not in its own place")
    assert [entry.ref async for entry in store.list()] == [ref]


async def test_wrong_prefix_is_refused(tmp_path: Path) -> None:
    for prefix in ("../up", "a/b", ".hidden", "UPPER", "a b"):
        with pytest.raises(ValueError, match="prefix"):
            FileBlobStore(tmp_path, prefix=prefix)


async def test_directory_that_cannot_be_made_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FileBlobStore(tmp_path / "file" / "blobs")
    with pytest.raises(BlobStoreRefused):
        await store.start()
    await store.aclose()


async def test_directory_that_vanishes_is_an_outage(store: FileBlobStore, tmp_path: Path) -> None:
    (tmp_path / "blobs" / ".incoming").rmdir()
    with pytest.raises(BlobStoreUnavailable):
        await store.check()
    with pytest.raises(BlobStoreUnavailable):
        await store.put(stream(DATA))
    assert await store.stat(BlobRef("0" * 64, 1)) is None
