"""Assets that callers bring, by URL and by upload; limits; every refusal with its code and status."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from adreel.assets.v1 import assets_pb2 as pb
from adreel_kit.errors import RemoteError
from adreel_kit.ids import new_id

pytestmark = pytest.mark.connected


async def _three_gigabytes(writer: asyncio.StreamWriter) -> None:
    """A body that never says how long it is and does not stop."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    for _ in range(3 * 1024 * 16):
        writer.write(piece)
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def refused(awaitable: Any) -> RemoteError:
    with pytest.raises(RemoteError) as error:
        await awaitable
    return error.value


async def test_a_url_becomes_an_asset_with_what_was_said_of_it(service: Any, source: Any, photo: bytes) -> None:
    client_id = str(new_id())
    url = source.has("/a/b.jpg", photo, headers='Content-Disposition: attachment; filename="Sommer.jpg"\r\n')
    asset = await service.from_url(url, client_id=client_id, tags=["hero", "hero"], type=pb.ASSET_TYPE_IMAGE)
    assert (asset.name, asset.source_url, asset.client_id, list(asset.tags)) == ("Sommer.jpg", url, client_id, ["hero"])
    assert (asset.status, asset.size_bytes, asset.has_thumbnail) == (pb.ASSET_STATUS_READY, len(photo), True)
    assert await service.data(asset.id) == photo
    assert await service.data(asset.id, 3, 10) == photo[3:13]


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/missing.jpg", "ASSET_HTTP_ERROR", 422),
        ("/page.jpg", "ASSET_TYPE_MISMATCH", 415),
        ("/page.any", "ASSET_TYPE_UNSUPPORTED", 415),
        ("/broken.jpg", "ASSET_CORRUPT", 422),
        ("/announced.jpg", "ASSET_TOO_LARGE", 413),
        ("/endless.jpg", "ASSET_TOO_LARGE", 413),
        ("/drip.jpg", "ASSET_TIMEOUT", 422),
        ("http://127.0.0.1:1/x.jpg", "ASSET_URL_FORBIDDEN", 422),
        ("http://169.254.169.254/latest/meta-data", "ASSET_URL_FORBIDDEN", 422),
        ("file:///etc/passwd", "ASSET_URL_FORBIDDEN", 422),
        ("not a url", "ASSET_URL_FORBIDDEN", 422),
    ],
)
async def test_what_cannot_be_taken_says_why_and_leaves_nothing(
    make_service: Any, source: Any, photo: bytes, path: str, code: str, status: int
) -> None:
    source.has("/missing.jpg", b"", status=404)
    source.has("/page.jpg", b"<!doctype html><title>Not a picture</title>", headers="Content-Type: image/jpeg\r\n")
    source.has("/page.any", b"<!doctype html><title>Not a picture</title>")
    source.has("/broken.jpg", photo[: len(photo) // 2])

    async def announced(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3221225472\r\n\r\n")
        await writer.drain()

    source.answers("/announced.jpg", announced)
    source.answers("/endless.jpg", _three_gigabytes)
    source.answers("/drip.jpg", _drip)
    asked = pb.ASSET_TYPE_UNSPECIFIED if path == "/page.any" else pb.ASSET_TYPE_IMAGE
    url = source.url(path) if path.startswith("/") else path
    async with make_service(max_asset_download_size_mb=2, asset_download_timeout_seconds=2) as service:
        error = await refused(service.from_url(url, type=asked))
        assert (error.code, error.http_status) == (code, status), error.message
        assert await service.rows("SELECT id FROM assets") == []
        assert service.scratch() == []
        assert await service.blob_names() == set()


async def test_a_caller_that_goes_away_leaves_no_asset_behind(service: Any, source: Any) -> None:
    caller = asyncio.create_task(service.from_url(source.answers("/drip.jpg", _drip)))
    async with asyncio.timeout(10):
        while not source.at_once:
            await asyncio.sleep(0.02)
        caller.cancel()
        while await service.rows("SELECT 1 FROM assets") or source.at_once:
            await asyncio.sleep(0.02)


async def test_an_upload_is_kept_as_it_came(service: Any, photo: bytes) -> None:
    asset = await service.upload(photo, name="Summer", user_id="u1")
    assert (asset.name, asset.user_id, asset.format) == ("Summer", "u1", "jpeg")
    assert asset.sha256 == hashlib.sha256(photo).hexdigest()
    assert await service.data(asset.id) == photo


async def test_an_upload_cut_off_on_the_way_is_not_kept(service: Any, photo: bytes) -> None:
    error = await refused(service.upload(photo, footer_bytes=len(photo) + 1))
    assert (error.code, error.http_status) == ("UPLOAD_CUT_OFF", 422)
    assert (await service.rows("SELECT 1 FROM assets"), service.scratch()) == ([], [])


async def test_another_clients_assets_are_as_if_they_were_not(service: Any, photo: bytes) -> None:
    asset = await service.upload(photo, client_id=str(new_id()))
    stranger = str(new_id())
    for attempt in (service.asset(asset.id, scope=stranger), service.delete(asset.id, scope=stranger)):
        assert (await refused(attempt)).code == "ASSET_NOT_FOUND"
    assert (await service.asset(asset.id, scope=asset.client_id)).id == asset.id


async def _bytes_live_as_long_as_their_last_asset(service: Any, photo: bytes) -> None:
    first, second = await service.upload(photo, name="one"), await service.upload(photo, name="two")
    stored = await service.blob_names()
    assert first.sha256 == second.sha256
    assert len(stored) == 2, "the photo once, its thumbnail once"
    await service.delete(first.id)
    assert await service.blob_names() == stored
    assert await service.data(second.id) == photo
    await service.delete(second.id)
    assert await service.blob_names() == set()


async def test_bytes_live_as_long_as_their_last_asset(
    make_service: Any, local_blobs: dict[str, str], photo: bytes
) -> None:
    async with make_service(local_blobs) as service:
        await _bytes_live_as_long_as_their_last_asset(service, photo)


async def test_bytes_in_s3_live_as_long_as_their_last_asset(
    make_service: Any, s3_blobs: dict[str, str], photo: bytes
) -> None:
    async with make_service(s3_blobs) as service:
        await _bytes_live_as_long_as_their_last_asset(service, photo)


async def test_deleting_and_uploading_the_same_bytes_at_once_never_loses_them(service: Any, photo: bytes) -> None:
    asset = await service.upload(photo)
    for _ in range(6):
        _, asset = await asyncio.gather(service.delete(asset.id), service.upload(photo))
        assert await service.data(asset.id) == photo


# Limits


async def test_a_client_has_its_quota_and_no_more(make_service: Any, source: Any, wave_of: Any, photo: bytes) -> None:
    poor, rich = str(new_id()), str(new_id())
    source.has("/a.wav", wave_of(700_000))
    async with make_service(adreel_asset_quota_mb_per_client=1) as service:
        kept = await service.upload(wave_of(700_000), client_id=poor)
        for attempt in (
            service.upload(wave_of(700_000), client_id=poor),
            service.from_url(source.url("/a.wav"), client_id=poor),
            service.call(
                "BeginUpload", pb.BeginUploadRequest(fields=pb.AssetFields(client_id=poor), size_bytes=700_000)
            ),
        ):
            error = await refused(attempt)
            assert (error.code, error.http_status) == ("QUOTA_EXCEEDED", 402)
        job_id = new_id()
        await service.ingest(job_id, poor, [{"asset_id": new_id(), "url": source.url("/a.wav")}])
        assert (await service.told_of_all(job_id, 1))[0]["error"]["code"] == "QUOTA_EXCEEDED"
        await service.upload(wave_of(700_000), client_id=rich)
        await service.upload(photo, client_id=poor)
        await service.delete(kept.id)
        await service.upload(wave_of(700_000), client_id=poor)


async def test_uploads_at_once_do_not_pass_the_quota_together(make_service: Any, wave_of: Any) -> None:
    client_id = str(new_id())
    async with make_service(adreel_asset_quota_mb_per_client=1) as service:
        uploads = [service.upload(wave_of(400_000 + 2 * n), client_id=client_id) for n in range(5)]
        outcomes = await asyncio.gather(*uploads, return_exceptions=True)
        refusals = [one.code for one in outcomes if isinstance(one, RemoteError)]
        assert refusals == ["QUOTA_EXCEEDED"] * 3
        assert not [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, RemoteError)]


async def test_a_client_that_asks_too_often_is_told_to_wait(make_service: Any, source: Any, photo: bytes) -> None:
    eager = str(new_id())
    url = source.has("/a.jpg", photo)
    async with make_service(adreel_asset_rate_per_client_per_minute=2) as service:
        for _ in range(2):
            await service.from_url(url, client_id=eager)
        error = await refused(service.from_url(url, client_id=eager))
        assert (error.code, error.http_status) == ("RATE_LIMITED", 429)
        assert error.retry_after_seconds
        await service.from_url(url, client_id=str(new_id()))


@pytest.mark.parametrize("setting", ["adreel_asset_downloads_per_host", "adreel_asset_downloads_per_client"])
async def test_one_host_and_one_client_have_their_share_of_downloads_and_wait_for_it(
    make_service: Any, source: Any, jpeg_of: Callable[..., bytes], setting: str
) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        body = jpeg_of()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    items = [{"asset_id": new_id(), "url": source.answers(f"/{n}.jpg", slow)} for n in range(5)]
    job_id = new_id()
    async with make_service(**{setting: 2}) as service:
        await service.ingest(job_id, new_id(), items)
        told = await service.told_of_all(job_id, 5, seconds=60)
        assert {event["event"] for event in told} == {"asset.ready.v1"}
    assert source.most_at_once == 2


async def test_a_redirect_takes_its_place_at_the_host_it_leads_to(
    make_service: Any, source: Any, jpeg_of: Callable[..., bytes]
) -> None:
    under_way, most = 0, 0

    async def slow(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.3)
        under_way -= 1
        body = jpeg_of()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    urls = [source.answers(f"/{number}.jpg", slow) for number in range(6)]
    for number in (1, 3, 5):
        source.has(f"/to-{number}.jpg", b"", status=302, headers=f"Location: {urls[number]}\r\n")
        urls[number] = f"http://localhost:{source.port}/to-{number}.jpg"
    allowed = f"127.0.0.1:{source.port},localhost:{source.port}"
    job_id = new_id()
    async with make_service(adreel_asset_downloads_per_host=2, asset_allowed_hosts=allowed) as service:
        await service.ingest(job_id, new_id(), [{"asset_id": new_id(), "url": url} for url in urls])
        told = await service.told_of_all(job_id, 6, seconds=60)
        assert {event["event"] for event in told} == {"asset.ready.v1"}
    assert most == 2
