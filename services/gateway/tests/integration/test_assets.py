"""Assets through the gateway: uploads in a stream, URLs, bytes."""

import hashlib
import os

import httpx
import pytest

BIG = os.urandom(3 * 1024 * 1024)


def form(*parts: tuple[str, str | None, bytes], boundary: str = "b0undary") -> tuple[bytes, dict[str, str]]:
    """A multipart body with its parts in exactly this order."""
    body = b""
    for name, filename, content in parts:
        file = f'; filename="{filename}"' if filename else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


async def test_a_small_upload_takes_fields_in_any_order(api, world):
    body, headers = form(("file", "a.jpg", b"bytes"), ("name", None, b"Shot"), ("tags", None, b"hero, city"))
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.status_code == 201
    asset = response.json()["data"]
    assert asset["name"] == "Shot"
    assert asset["tags"] == ["hero", "city"]
    assert asset["url"] == f"/api/v3/assets/{asset['id']}/data"
    assert asset["sha256"] == hashlib.sha256(b"bytes").hexdigest()


async def test_repeated_tags_and_commas_mean_the_same(api, world):
    body, headers = form(("tags", None, b"a,b"), ("tags", None, b"c"), ("file", "a.jpg", b"x"))
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.json()["data"]["tags"] == ["a", "b", "c"]


@pytest.mark.parametrize("file_first", [True, False])
async def test_a_large_upload_reaches_the_service_whole_in_small_chunks(api, world, file_first):
    parts = [("file", "big.bin", BIG), ("type", None, b"video")]
    body, headers = form(*(parts if file_first else reversed(parts)))
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.status_code == 201
    assert response.json()["data"]["type"] == "video"
    assert response.json()["data"]["sha256"] == hashlib.sha256(BIG).hexdigest()
    assert max(world.assets.chunk_sizes) <= 256 * 1024


async def test_a_field_that_comes_too_late_for_a_large_upload_is_refused(api, world):
    body, headers = form(("name", None, b"n"), ("file", "big.bin", BIG), ("type", None, b"video"))
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.status_code == 422
    assert response.json()["error"]["details"]["fields"][0]["field"] == "type"
    assert not world.assets.uploads


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_beyond_the_limit_is_413(serve, world, announced):
    body, headers = form(("name", None, b"n"), ("file", "big.bin", BIG))

    async def in_pieces():
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    async with serve(MAX_ASSET_DOWNLOAD_SIZE_MB="1") as api:
        response = await api.post("/api/v3/assets", content=body if announced else in_pieces(), headers=headers)
    assert response.status_code == 413
    assert response.json()["error"]["code"] in ("ASSET_TOO_LARGE", "REQUEST_TOO_LARGE")
    assert not world.assets.uploads


async def test_bytes_of_another_type_are_refused_with_the_services_own_code(api, world):
    world.assets.refuse_early = True
    body, headers = form(("type", None, b"image"), ("file", "big.bin", BIG))
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "ASSET_TYPE_MISMATCH"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"not a form", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"--x\r\n", {"Content-Type": "multipart/form-data"}),
        form(("name", None, b"no file")),
        form(("file", "a", b"1"), ("file", "b", b"2")),
        form(("other", "a", b"1")),
        form(("name", None, b"\xff\xfe"), ("file", "a", b"1")),
        form(("name", None, b"a\x00b"), ("file", "a", b"1")),
        form(("name", None, b"n" * 100_000), ("file", "a", b"1")),
        form(("type", None, b"hologram"), ("file", "a", b"1")),
        form(("campaignId", None, b"7"), ("file", "a", b"1")),
        form(*((f"f{number}", None, b"v") for number in range(100)), ("file", "a", b"1")),
        (form(("file", "a", b"1" * 100))[0][:80], form()[1]),
    ],
)
async def test_a_form_that_is_none_is_422(api, world, body, headers):
    response = await api.post("/api/v3/assets", content=body, headers=headers)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
    assert response.json()["error"]["details"]["fields"]
    assert not world.assets.uploads


async def test_a_client_that_hangs_up_in_the_middle_leaves_no_asset(api, world):
    body, headers = form(("name", None, b"n"), ("file", "big.bin", BIG))

    async def broken():
        yield body[: len(body) // 2]
        raise OSError("pulled the plug")

    with pytest.raises((httpx.TransportError, OSError)):
        await api.post("/api/v3/assets", content=broken(), headers=headers)
    assert (await api.get("/api/v3/assets")).status_code == 200
    assert not world.assets.uploads


async def test_an_asset_from_a_url_is_answered_with_its_errors(api, world):
    good = {"name": "Shot", "type": "image", "url": "https://example.com/a.jpg", "tags": ["x"]}
    made = await api.post("/api/v3/assets/from-url", json=good)
    assert made.status_code == 201
    assert made.json()["data"]["sourceUrl"] == "https://example.com/a.jpg"
    also = await api.post("/api/v3/assets", json={"url": "https://example.com/a.jpg"})
    assert also.status_code == 201
    failed = await api.post("/api/v3/assets/from-url", json=good | {"url": "https://example.com/missing.jpg"})
    assert failed.status_code == 422
    assert failed.json()["error"]["code"] == "ASSET_HTTP_ERROR"
    assert failed.json()["error"]["details"] == {"status": 404}
    for name in ("name", "type", "url"):
        partial = {key: value for key, value in good.items() if key != name}
        refused = await api.post("/api/v3/assets/from-url", json=partial)
        assert refused.status_code == 422
        assert refused.json()["error"]["details"]["fields"][0]["field"] == name


async def test_bytes_are_served_as_the_contract_has_it(api, world):
    asset = world.assets.add(b"0123456789", name="Grüße.jpg")
    url = f"/api/v3/assets/{asset.id}/data"
    whole = await api.get(url)
    assert whole.content == b"0123456789"
    assert whole.headers["content-type"] == "image/jpeg"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["etag"] == f'"{asset.sha256}"'
    assert whole.headers["content-disposition"].startswith("inline; filename=")
    assert "filename*=UTF-8''Gr%C3%BC%C3%9Fe.jpg" in whole.headers["content-disposition"]
    assert "last-modified" in whole.headers
    assert "sandbox" in whole.headers["content-security-policy"]
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = await api.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
    parts = await api.get(url, headers={"Range": "bytes=0-1,8-9"})
    assert parts.status_code == 206
    assert parts.headers["content-type"].startswith("multipart/byteranges")
    old = await api.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert old.status_code == 200
    since = await api.get(url, headers={"If-Modified-Since": whole.headers["last-modified"]})
    assert since.status_code == 304


async def test_what_could_run_in_a_page_is_an_attachment(api, world):
    asset = world.assets.add(b"<svg/>", content_type="image/svg+xml", is_inline_safe=False, name="x.svg")
    response = await api.get(f"/api/v3/assets/{asset.id}/data")
    assert response.headers["content-disposition"] == 'attachment; filename="x.svg"'


async def test_a_pending_asset_has_no_bytes_yet(api, world):
    asset = world.assets.add(b"", status=1)
    response = await api.get(f"/api/v3/assets/{asset.id}/data")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "ASSET_NOT_READY"
    assert "retry-after" in response.headers


async def test_thumbnails_lists_and_deletion(api, world):
    asset = world.assets.add()
    thumbnail = await api.get(f"/api/v3/assets/{asset.id}/thumbnail")
    assert thumbnail.headers["content-type"] == "image/webp"
    assert (await api.get("/api/v3/assets", params={"type": "audio"})).json()["data"] == []
    assert len((await api.get("/api/v3/assets", params={"type": "image"})).json()["data"]) == 1
    deleted = await api.delete(f"/api/v3/assets/{asset.id}")
    assert deleted.json()["data"] == {"id": asset.id, "deleted": True}
    assert (await api.get(f"/api/v3/assets/{asset.id}")).status_code == 404
