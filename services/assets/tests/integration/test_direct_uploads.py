"""Uploads in three steps, through the gateway's calls and straight to S3; nothing unproved becomes an asset."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from adreel.assets.v1 import assets_pb2 as pb
from adreel_kit.errors import RemoteError
from adreel_kit.ids import new_id

pytestmark = pytest.mark.connected


async def begin(service: Any, content: bytes, **more: Any) -> pb.BeginUploadResponse:
    fields = pb.AssetFields(name="Film", client_id=more.pop("client_id", ""), type=more.pop("type", 0))
    request = pb.BeginUploadRequest(fields=fields, file_name="f.bin", **{"size_bytes": len(content), **more})
    answer: pb.BeginUploadResponse = await service.call("BeginUpload", request)
    return answer


async def complete(service: Any, upload_id: str, scope: str = "") -> pb.Asset:
    request = pb.CompleteUploadRequest(upload_id=upload_id, scope_client_id=scope)
    answer: pb.CompleteUploadResponse = await service.call("CompleteUpload", request)
    return answer.asset


async def refusal(awaitable: Any) -> tuple[str, int | None]:
    with pytest.raises(RemoteError) as error:
        await awaitable
    return error.value.code, error.value.http_status


@pytest.fixture(params=["proxy", "redirect"])
def delivery(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def any_service(make_service: Any, s3_blobs: dict[str, str], delivery: str) -> AsyncIterator[Any]:
    async with make_service(s3_blobs, blob_delivery=delivery) as running:
        yield running


async def give(service: Any, begun: pb.BeginUploadResponse, content: bytes) -> None:
    if not begun.url:
        await service.put(begun.upload_id, content)
        return
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = await web.request(begun.method, begun.url, content=content, headers=dict(begun.headers))
    assert answer.status_code == 200, answer.text


async def test_three_steps_make_an_asset_once(any_service: Any, delivery: str, photo: bytes) -> None:
    sha256 = hashlib.sha256(photo).hexdigest()
    begun = await begin(any_service, photo, sha256=sha256.upper())
    assert bool(begun.url) == (delivery == "redirect")
    assert begun.method == "PUT"
    assert await refusal(complete(any_service, begun.upload_id)) == ("UPLOAD_INCOMPLETE", 409)
    await give(any_service, begun, photo)
    first, again = await asyncio.gather(*(complete(any_service, begun.upload_id) for _ in range(2)))
    assert first.id == again.id == (await complete(any_service, begun.upload_id)).id
    assert (first.name, first.sha256, first.size_bytes) == ("Film", sha256, len(photo))
    assert await any_service.data(first.id) == photo
    assert len(await any_service.rows("SELECT 1 FROM assets")) == 1


async def test_other_bytes_than_were_announced_are_refused(any_service: Any, photo: bytes) -> None:
    shorter = await begin(any_service, photo + b"x")
    await give(any_service, shorter, photo)
    assert await refusal(complete(any_service, shorter.upload_id)) == ("UPLOAD_MISMATCH", 422)
    other = await begin(any_service, photo, sha256="0" * 64)
    with_other_hash = None
    try:
        await give(any_service, other, photo)
    except RemoteError as error:  # through us it is known at once
        with_other_hash = error.code, error.http_status
    with_other_hash = with_other_hash or await refusal(complete(any_service, other.upload_id))
    assert with_other_hash == ("UPLOAD_MISMATCH", 422)
    assert await any_service.rows("SELECT 1 FROM assets") == []


async def test_what_was_put_is_looked_into_like_any_file(any_service: Any, photo: bytes) -> None:
    page = b"<!doctype html><script>alert(1)</script>"
    begun = await begin(any_service, page)
    await give(any_service, begun, page)
    assert await refusal(complete(any_service, begun.upload_id)) == ("ASSET_TYPE_UNSUPPORTED", 415)
    film = await begin(any_service, photo, type=pb.ASSET_TYPE_VIDEO)
    await give(any_service, film, photo)
    assert await refusal(complete(any_service, film.upload_id)) == ("ASSET_TYPE_MISMATCH", 415)


async def test_more_than_is_taken_is_refused_before_a_byte_is_sent(service: Any) -> None:
    request = pb.BeginUploadRequest(size_bytes=101 * 1024 * 1024)
    assert await refusal(service.call("BeginUpload", request)) == ("ASSET_TOO_LARGE", 413)
    assert (await refusal(service.call("BeginUpload", pb.BeginUploadRequest(size_bytes=0))))[1] == 422
    wrong = pb.BeginUploadRequest(size_bytes=5, sha256="xyz")
    assert (await refusal(service.call("BeginUpload", wrong)))[1] == 422


async def test_more_than_was_announced_is_not_stored(service: Any, photo: bytes) -> None:
    begun = await begin(service, photo)
    assert await refusal(service.put(begun.upload_id, photo + b"x")) == ("UPLOAD_MISMATCH", 422)
    assert await service.blob_names() == set()


async def test_an_upload_is_its_clients_own(service: Any, photo: bytes) -> None:
    owner, stranger = str(new_id()), str(new_id())
    begun = await begin(service, photo, client_id=owner)
    assert await refusal(service.put(begun.upload_id, photo, scope=stranger)) == ("UPLOAD_NOT_FOUND", 404)
    await service.put(begun.upload_id, photo, scope=owner)
    assert await refusal(complete(service, begun.upload_id, stranger)) == ("UPLOAD_NOT_FOUND", 404)
    assert (await complete(service, begun.upload_id, owner)).client_id == owner


async def test_an_expired_upload_is_gone(service: Any, photo: bytes) -> None:
    begun = await begin(service, photo)
    await service.rows("UPDATE uploads SET expires_at = now() - interval '1 second' RETURNING 1")
    assert await refusal(service.put(begun.upload_id, photo)) == ("UPLOAD_NOT_FOUND", 404)
    assert await refusal(complete(service, "no-id")) == ("UPLOAD_NOT_FOUND", 404)


async def test_a_ready_asset_has_an_address_where_clients_reach_the_store(
    any_service: Any, delivery: str, photo: bytes
) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    for content, disposition in ((photo, None), (drawing, "attachment")):
        asset = await any_service.upload(content, name="Löwe")
        answer = await any_service.call("GetAssetAddress", pb.GetAssetAddressRequest(asset_id=asset.id))
        if delivery == "proxy":
            assert answer.url == ""
            continue
        async with httpx.AsyncClient(trust_env=False) as web:
            fetched = await web.get(answer.url)
        assert fetched.status_code == 200
        assert fetched.content == content
        if disposition and "response-content-disposition" in answer.url:
            assert "attachment" in answer.url
