"""What only the S3 store can be asked: the server's absence, its refusals, its parts, its addresses."""

import asyncio
import dataclasses
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from adreel_kit.blobs.errors import (
    BlobChecksumMismatch,
    BlobCorrupt,
    BlobNotFound,
    BlobStoreRefused,
    BlobStoreUnavailable,
)
from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.blobs.s3 import S3BlobStore
from adreel_kit.blobs.s3_client import S3Location
from adreel_kit.blobs.s3_upload import purge_uploads
from minio import Minio

if TYPE_CHECKING:
    from .conftest import Shelf

pytestmark = pytest.mark.connected

MIB = 1024 * 1024
DATA = bytes(range(251)) * 4000


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def read(store: BlobStore, ref: BlobRef, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(ref, start, length)])


async def read_into(got: bytearray, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        got += chunk


@pytest.fixture(params=["s3-rclone", "s3-moto"])
async def store(request: pytest.FixtureRequest, shelf: "Shelf") -> BlobStore:
    return await shelf.make(request.param)


@pytest.fixture
def client(store: BlobStore, shelf: "Shelf") -> Minio:
    """A client of its own on the store's bucket, to look and to meddle."""
    location = shelf.location
    assert location is not None
    return Minio(
        location.endpoint.removeprefix("http://"),
        access_key=location.access_key,
        secret_key=location.secret_key,
        region=location.region,
        secure=False,
    )


def key(ref: BlobRef) -> str:
    return f"mine/{ref.sha256[:2]}/{ref.sha256[2:4]}/{ref.sha256}"


async def test_object_lies_under_its_checksum_below_the_prefix(store: BlobStore, shelf: "Shelf", client: Minio) -> None:
    ref = await store.put(stream(DATA))
    assert [found.object_name for found in client.list_objects(shelf.location.bucket, recursive=True)] == [key(ref)]


async def test_owners_of_one_bucket_do_not_see_each_other(store: BlobStore, shelf: "Shelf") -> None:
    others = [S3BlobStore(shelf.location, prefix=prefix) for prefix in ("", "mine2", "min")]
    ref = await store.put(stream(DATA))
    for n, other in enumerate(others):
        await other.start()
        assert await other.stat(ref) is None
        own = await other.put(stream(DATA + bytes([n])))
        assert [entry.ref async for entry in other.list()] == [own]
        await other.purge_incomplete(timedelta(0))
        await other.aclose()
    assert [entry.ref async for entry in store.list()] == [ref]


async def test_blob_of_several_parts_comes_back_whole_and_in_ranges(store: BlobStore) -> None:
    data = DATA * 35
    assert len(data) > 2 * 16 * MIB
    ref = await store.put(stream(data))
    assert await read(store, ref) == data
    border = 16 * MIB
    for start, length in ((border - 5, 10), (2 * border - 1, 1), (2 * border, 1000), (len(data) - 3, 50)):
        assert await read(store, ref, start, length) == data[start : start + length]


async def test_young_blob_is_not_sent_again(store: BlobStore, client: Minio, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    # Had the second put sent the bytes, they would be right again.
    client.put_object(shelf.location.bucket, key(ref), io.BytesIO(b"!" * len(DATA)), len(DATA))
    await store.put(stream(DATA))
    with pytest.raises(BlobCorrupt):
        await read(store, ref)


async def test_changed_object_is_found_out(store: BlobStore, client: Minio, shelf: "Shelf") -> None:
    ref = await store.put(stream(DATA))
    changed = bytearray(DATA)
    changed[700_000] ^= 1
    client.put_object(shelf.location.bucket, key(ref), io.BytesIO(bytes(changed)), len(DATA))
    got = bytearray()
    with pytest.raises(BlobCorrupt):
        await read_into(got, store.read(ref))
    assert len(got) < len(DATA)


@pytest.mark.parametrize("size_bytes", [0, 1000, len(DATA) + 1])
async def test_object_of_another_size_is_found_out_and_healed(
    store: BlobStore, client: Minio, shelf: "Shelf", size_bytes: int
) -> None:
    ref = await store.put(stream(DATA))
    client.put_object(shelf.location.bucket, key(ref), io.BytesIO(bytes(size_bytes)), size_bytes)
    for start, length in ((0, None), (10, 20), (5000, None), (len(DATA) - 1, 1)):
        with pytest.raises(BlobCorrupt):
            await read(store, ref, start, length)
    await store.put(stream(DATA))
    assert await read(store, ref) == DATA


@pytest.mark.parametrize("factor", [1, 20])
async def test_file_that_changes_while_it_is_sent_becomes_no_blob(
    store: BlobStore, tmp_path: Path, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA * factor)
    entry = S3BlobStore._entry

    async def changing(self: S3BlobStore, sha256: str) -> Any:
        path.write_bytes(DATA * (factor - 1) + DATA[::-1])
        return await entry(self, sha256)

    monkeypatch.setattr(S3BlobStore, "_entry", changing)
    with pytest.raises(BlobChecksumMismatch):
        await store.put_file(path)
    monkeypatch.undo()
    assert [found async for found in store.list()] == []


async def test_upload_that_never_ended_is_purged(shelf: "Shelf") -> None:
    store = await shelf.make("s3-moto")
    ref = BlobRef("ab" * 32, 1)
    inner = store._calls.client  # type: ignore[attr-defined]
    upload_id = inner._create_multipart_upload(shelf.location.bucket, key(ref), {})
    inner._upload_part(shelf.location.bucket, key(ref), bytes(5 * MIB), None, upload_id, 1)
    other_id = inner._create_multipart_upload(shelf.location.bucket, "theirs/" + key(ref), {})
    assert [entry async for entry in store.list()] == []
    assert await store.purge_incomplete(timedelta(hours=1)) == 1  # this server says that all began in 2010
    left = inner._list_multipart_uploads(shelf.location.bucket).uploads
    assert [upload.upload_id for upload in left] == [other_id]


def test_purge_spares_what_began_lately() -> None:
    now = datetime.now(UTC)
    name = key(BlobRef("ab" * 32, 1))
    begun = {"old": now - timedelta(hours=3), "young": now - timedelta(minutes=3)}
    pages = {
        None: SimpleNamespace(uploads=[], is_truncated=True, next_key_marker="next"),
        "next": SimpleNamespace(
            uploads=[SimpleNamespace(object_name=name, upload_id=i, initiated_time=at) for i, at in begun.items()],
            is_truncated=False,
            next_key_marker=None,
        ),
    }
    aborted = []
    client = SimpleNamespace(
        _list_multipart_uploads=lambda bucket, key_marker, **_: pages[key_marker],
        _abort_multipart_upload=lambda bucket, name, upload_id: aborted.append(upload_id),
    )
    assert purge_uploads(client, "bucket", "mine", now - timedelta(hours=1)) == 1  # type: ignore[arg-type]
    assert aborted == ["old"]


async def test_cancelled_upload_ends_early_and_leaves_nothing(store: BlobStore, shelf: "Shelf", client: Minio) -> None:
    inner = store._calls.client  # type: ignore[attr-defined]
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    send_part = inner._upload_part
    sent = 0

    def counting(*arguments: Any) -> Any:
        nonlocal sent
        sent += 1
        loop.call_soon_threadsafe(began.set)
        return send_part(*arguments)

    inner._upload_part = counting
    task = asyncio.create_task(store.put(stream(DATA * 150)))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent < 9
    assert [entry async for entry in store.list()] == []


async def test_presigned_address_gives_the_bytes_to_anyone(shelf: "Shelf") -> None:
    store = await shelf.make("s3-moto")
    ref = await store.put(stream(DATA))
    url = await store.presign(ref, expires=timedelta(minutes=5), filename="Größe 1.mp4", content_type="video/mp4")
    assert url is not None
    async with httpx.AsyncClient() as anyone:
        answer = await anyone.get(url)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.mp4")


async def test_presigned_address_needs_its_signature(shelf: "Shelf") -> None:
    store = await shelf.make("s3-rclone")
    ref = await store.put(stream(DATA))
    url = await store.presign(ref, expires=timedelta(days=30))  # longer than a signature can live: cut, not refused
    assert url is not None
    async with httpx.AsyncClient() as anyone:
        assert (await anyone.get(url)).content == DATA
        assert (await anyone.get(url.split("?")[0])).is_client_error
        assert (await anyone.get(url[:-4] + "0000")).is_client_error


async def test_wrong_key_is_refused_at_start_and_not_waited_for(s3_location: Callable[[str], S3Location]) -> None:
    location = dataclasses.replace(s3_location("rclone"), secret_key="another")
    store = S3BlobStore(location)
    async with asyncio.timeout(60):
        with pytest.raises(BlobStoreRefused) as raised:
            await store.start()
    assert "another" not in str(raised.value)
    await store.aclose()


async def test_bucket_is_made_by_several_that_start_at_once(s3_location: Callable[[str], S3Location]) -> None:
    for server in ("rclone", "moto"):
        location = s3_location(server)
        stores = [S3BlobStore(location, prefix=f"p{n}") for n in range(6)]
        await asyncio.gather(*(store.start() for store in stores))
        await asyncio.gather(*(store.check() for store in stores))
        for store in stores:
            await store.aclose()


async def test_missing_bucket_is_an_outage(s3_location: Callable[[str], S3Location]) -> None:
    store = S3BlobStore(s3_location("moto"))
    for call in (store.check(), store.put(stream(DATA))):
        with pytest.raises(BlobStoreUnavailable):
            await call
    await store.aclose()


# A server of our own, for what good servers do not do.

SMALL = b"0123456789" * 100_000


class Rude:
    """Answers every GET with the same bytes, as badly as it is told; everything else with 200."""

    def __init__(self) -> None:
        self.answers: list[Callable[[str], tuple[bytes, bytes]]] = []
        self.requests: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(request)
        head, body = self.answers.pop(0)(request)
        writer.write(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\nContent-Type: x/y\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def rude() -> AsyncIterator[tuple[Rude, S3BlobStore, BlobRef]]:
    behaviour = Rude()
    server = await asyncio.start_server(behaviour.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = S3BlobStore(S3Location(f"http://127.0.0.1:{port}", "bucket", "eu-central-1", "access", "secret"))
    yield behaviour, store, BlobRef(hashlib.sha256(SMALL).hexdigest(), len(SMALL))
    await store.aclose()
    server.close()
    await server.wait_closed()


def whole(_: str) -> tuple[bytes, bytes]:
    return b"200 OK\r\nContent-Length: %d" % len(SMALL), SMALL


def broken_off_at(count: int) -> Callable[[str], tuple[bytes, bytes]]:
    return lambda _: (b"200 OK\r\nContent-Length: %d" % len(SMALL), SMALL[:count])


def range_from(first: int, *, body: bytes, total: int = len(SMALL)) -> Callable[[str], tuple[bytes, bytes]]:
    content_range = b"bytes %d-%d/%d" % (first, first + len(body) - 1, total)
    return lambda _: (b"206 Partial\r\nContent-Length: %d\r\nContent-Range: %s" % (len(body), content_range), body)


Setup = tuple[Rude, S3BlobStore, BlobRef]


async def test_server_without_ranges_is_read_from_the_start(rude: Setup) -> None:
    behaviour, store, ref = rude
    behaviour.answers = [whole, whole]
    assert await read(store, ref, 123_457, 400_000) == SMALL[123_457:523_457]
    assert await read(store, ref, 999_995) == SMALL[999_995:]


async def test_read_goes_on_where_the_connection_broke(rude: Setup) -> None:
    behaviour, store, ref = rude
    done = 3 * 256 * 1024
    behaviour.answers = [broken_off_at(done + 5), range_from(done, body=SMALL[done:])]
    assert await read(store, ref) == SMALL
    assert f"Range: bytes={done + 5}-{len(SMALL) - 1}" in behaviour.requests[1]


async def test_read_gives_up_when_nothing_comes_any_more(rude: Setup) -> None:
    behaviour, store, ref = rude
    behaviour.answers = [broken_off_at(10)] * 20
    with pytest.raises(BlobStoreUnavailable):
        await read(store, ref)
    assert len(behaviour.requests) < 20


async def test_answer_with_another_range_is_not_taken_for_the_bytes(rude: Setup) -> None:
    behaviour, store, ref = rude
    behaviour.answers = [range_from(500, body=SMALL[500:700])] * 20
    with pytest.raises(BlobStoreUnavailable):
        await read(store, ref, 100, 50)


async def test_range_of_an_object_of_another_size_is_found_out(rude: Setup) -> None:
    behaviour, store, ref = rude
    behaviour.answers = [range_from(100, body=SMALL[100:150], total=500)]
    with pytest.raises(BlobCorrupt):
        await read(store, ref, 100, 50)


async def test_page_that_is_no_s3_answer_is_refused(rude: Setup) -> None:
    behaviour, store, ref = rude
    behaviour.answers = [lambda _: (b"404 Not Found\r\nContent-Length: 5", b"<html")] * 3
    with pytest.raises(BlobStoreRefused):
        await read(store, ref, 1, 2)


async def test_missing_object_of_a_server_that_forgets_the_content_type_is_not_found(rude: Setup) -> None:
    behaviour, store, ref = rude
    body = b"<Error><Code>NoSuchKey</Code></Error>"
    behaviour.answers = [lambda _: (b"404 Not Found\r\nContent-Length: %d" % len(body), body)]
    with pytest.raises(BlobNotFound):
        await read(store, ref)


async def test_start_waits_for_a_server_that_comes_later() -> None:
    behaviour = Rude()
    behaviour.answers = [lambda _: (b"200 OK\r\nContent-Length: 0", b"")] * 5
    first = await asyncio.start_server(behaviour.serve, "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    first.close()
    await first.wait_closed()
    store = S3BlobStore(S3Location(f"http://127.0.0.1:{port}", "bucket", "eu-central-1", "access", "secret"))
    with pytest.raises(BlobStoreUnavailable):
        await store.check()
    starting = asyncio.create_task(store.start())
    await asyncio.sleep(0.3)
    assert not starting.done()
    async with await asyncio.start_server(behaviour.serve, "127.0.0.1", port), asyncio.timeout(60):
        await starting
    await store.aclose()
