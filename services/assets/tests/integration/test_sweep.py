"""What a sweep removes, and what it must not."""

import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from adreel.assets.v1 import assets_pb2 as pb
from adreel_assets.usecases.sweep import Sweep

pytestmark = pytest.mark.connected

_NOW = timedelta(seconds=-5)  # everything there is counts as old


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def sweep_of(service: Any) -> Sweep:
    return Sweep(
        database=service.database,
        blobs=service.blobs,
        staging=None,
        scratch_dir=service.folder / "scratch",
        every_seconds=60,
    )


async def test_bytes_without_a_row_go_when_they_are_old_and_all_others_stay(
    make_service: Any, local_blobs: dict[str, str], photo: bytes
) -> None:
    async with make_service(local_blobs) as service:
        asset = await service.upload(photo)
        needed = await service.blob_names()
        orphan = await service.blobs.put(_once(b"left by a crash"))
        await sweep_of(service).run_once()
        assert await service.blob_names() == needed | {orphan.sha256}, "young bytes may get their row yet"
        await sweep_of(service).run_once(orphan_age=_NOW)
        assert await service.blob_names() == needed
        assert await service.data(asset.id) == photo


async def test_an_upload_under_way_keeps_its_bytes_until_it_is_a_day_old(service: Any, photo: bytes) -> None:
    begun = await service.call("BeginUpload", pb.BeginUploadRequest(size_bytes=len(photo)))
    stored = await service.put(begun.upload_id, photo)
    await sweep_of(service).run_once(orphan_age=_NOW)
    assert await service.blob_names() == {stored.sha256}
    await service.rows(
        "UPDATE uploads SET created_at = now() - interval '25 hours', expires_at = now() - interval '24 hours' "
        "RETURNING 1"
    )
    await sweep_of(service).run_once(orphan_age=_NOW)
    assert await service.blob_names() == set()
    assert await service.rows("SELECT 1 FROM uploads") == []


async def test_scratch_of_a_killed_process_goes_after_a_day(service: Any) -> None:
    scratch = service.folder / "scratch"
    for name, hours in (("ingest-old", 25), ("ingest-young", 1)):
        (scratch / name).mkdir()
        (scratch / name / "download").write_bytes(b"x")
        then = time.time() - hours * 3600
        os.utime(scratch / name, (then, then))
    await sweep_of(service).run_once()
    assert service.scratch() == ["ingest-young"]


async def test_a_deleted_assets_bytes_are_swept_if_they_were_left(service: Any, jpeg_of: Callable[..., bytes]) -> None:
    asset = await service.upload(jpeg_of("blue"))
    await service.rows("DELETE FROM assets WHERE id = $1::text::uuid RETURNING 1", asset.id)
    await sweep_of(service).run_once(orphan_age=_NOW)
    assert await service.blob_names() == set()
