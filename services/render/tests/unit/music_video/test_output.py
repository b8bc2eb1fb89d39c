"""Results as files: whole or not at all, below the output root whatever lies there already; addresses in a bucket."""

import os
from pathlib import Path

import pytest
from adreel_kit.blobs.files import FileBlobStore
from adreel_kit.blobs.port import BlobRef
from adreel_kit.blobs.settings import BlobSettings, BlobStorageType
from adreel_render.adapters.mv_output import MvOutputFolder, OutputUnavailable
from adreel_render.domain.mv_task import KeptFile


@pytest.fixture
async def blobs(tmp_path: Path):
    store = FileBlobStore(tmp_path / "blobs")
    (tmp_path / "blobs").mkdir()
    await store.start()
    yield store
    await store.aclose()


@pytest.fixture
async def kept(blobs, tmp_path: Path) -> KeptFile:
    source = tmp_path / "source"
    source.write_bytes(b"film" * 200_000)
    ref = await blobs.put_file(source)
    return KeptFile(ref.sha256, ref.size_bytes, "video/mp4")


async def test_a_result_is_written_whole_and_again_without_harm(tmp_path, blobs, kept) -> None:
    output = MvOutputFolder(tmp_path / "new" / "out", blobs, BlobSettings(directory=tmp_path))
    await output.start()

    for _ in range(2):
        assert await output.publish("videos/a.mp4", kept) == "videos/a.mp4"

    assert (tmp_path / "new/out/videos/a.mp4").read_bytes() == b"film" * 200_000
    assert [path.name for path in (tmp_path / "new/out/videos").iterdir()] == ["a.mp4"]


async def test_links_below_the_root_lead_nowhere(tmp_path, blobs, kept) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    output = MvOutputFolder(root, blobs, BlobSettings(directory=tmp_path))
    await output.start()
    (root / "videos").symlink_to(outside)

    with pytest.raises(OutputUnavailable):
        await output.publish("videos/a.mp4", kept)
    assert list(outside.iterdir()) == []

    (root / "videos").unlink()
    (root / "videos").mkdir()
    target = outside / "precious"
    target.write_text("keep")
    (root / "videos" / "a.mp4").symlink_to(target)
    await output.publish("videos/a.mp4", kept)
    assert target.read_text() == "keep"  # the link was replaced, not followed
    assert not (root / "videos" / "a.mp4").is_symlink()


async def test_a_write_that_breaks_off_leaves_nothing(tmp_path, blobs, kept) -> None:
    output = MvOutputFolder(tmp_path / "out", blobs, BlobSettings(directory=tmp_path))
    await output.start()
    path = blobs.local_path(BlobRef(kept.sha256, kept.size_bytes))
    os.chmod(path, 0o644)
    path.write_bytes(b"damaged" * 100_000)

    with pytest.raises(Exception):  # noqa: B017  # whatever the store says of damage
        await output.publish("videos/a.mp4", kept)

    assert list((tmp_path / "out" / "videos").iterdir()) == []


async def test_without_a_root_results_are_named_by_path_or_by_their_address(tmp_path, blobs, kept) -> None:
    plain = MvOutputFolder(None, blobs, BlobSettings(directory=tmp_path))
    assert await plain.publish("videos/a.mp4", kept) == "videos/a.mp4"
    bucket = BlobSettings(
        storage_type=BlobStorageType.S3,
        s3_endpoint="http://127.0.0.1:1",
        s3_bucket_name="films",
        s3_region="r",
        s3_access_key="a",
        s3_secret_key="b",
        key_prefix="render",
    )
    digest = kept.sha256
    address = await MvOutputFolder(None, blobs, bucket).publish("videos/a.mp4", kept)
    assert address == f"s3://films/render/{digest[:2]}/{digest[2:4]}/{digest}"
