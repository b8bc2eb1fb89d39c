"""Bytes go through in constant memory, in both directions, whatever their number."""

import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adreel_kit.blobs.port import BlobStore

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
SIZE_BYTES = 100 * MIB


async def test_100_mib_go_in_and_out_in_bounded_memory(store: BlobStore, tmp_path: Path) -> None:
    digest = hashlib.sha256()

    async def source() -> AsyncIterator[bytes]:
        for n in range(SIZE_BYTES // 65536):
            chunk = n.to_bytes(4, "big") * 16384
            digest.update(chunk)
            yield chunk

    tracemalloc.start()
    try:
        ref = await store.put(source())
        put_peak = tracemalloc.get_traced_memory()[1]
        assert ref.sha256 == digest.hexdigest()
        assert ref.size_bytes == SIZE_BYTES

        tracemalloc.reset_peak()
        seen = 0
        async for chunk in store.read(ref):
            seen += len(chunk)
        read_peak = tracemalloc.get_traced_memory()[1]
        assert seen == SIZE_BYTES

        tracemalloc.reset_peak()
        await store.fetch_to(ref, tmp_path / "copy")
        fetch_peak = tracemalloc.get_traced_memory()[1]

        await store.delete(ref)
        tracemalloc.reset_peak()
        assert await store.put_file(tmp_path / "copy") == ref
        file_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # S3 sends parts of 16 MiB, of which the client holds two for a moment.
    assert max(put_peak, file_peak) < 48 * MIB
    assert max(read_peak, fetch_peak) < 8 * MIB
