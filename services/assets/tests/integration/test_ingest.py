"""Assets that jobs name: fetched once, told to every job that wants them, let go with the job."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from adreel.assets.v1 import assets_pb2 as pb
from adreel_kit.errors import RemoteError
from adreel_kit.ids import new_id

pytestmark = pytest.mark.connected


async def _endless(writer: asyncio.StreamWriter) -> None:
    """A download that goes on until somebody hangs up."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_a_jobs_assets_are_fetched_and_told_to_the_job(service: Any, source: Any, photo: bytes) -> None:
    job_id, client_id, good, bad = new_id(), new_id(), new_id(), new_id()
    source.has("/photo.jpg", photo)
    source.has("/gone.jpg", b"", status=404)
    items = [
        {"asset_id": good, "url": source.url("/photo.jpg"), "type": "image", "role": "hero"},
        {"asset_id": bad, "url": source.url("/gone.jpg"), "type": "image"},
    ]
    await service.ingest(job_id, client_id, items)
    told = {event["asset_id"]: event for event in await service.told_of_all(job_id, 2)}
    ready, failed = told[str(good)], told[str(bad)]
    assert (ready["event"], ready["client_id"], ready["role"]) == ("asset.ready.v1", str(client_id), "hero")
    assert (ready["width_px"], ready["height_px"], ready["format"]) == (64, 40, "jpeg")
    assert ready["sha256"] == hashlib.sha256(photo).hexdigest()
    assert failed["event"] == "asset.failed.v1"
    assert failed["error"]["code"] == "ASSET_HTTP_ERROR"
    assert failed["error"]["details"] == {"status": 404}
    assert await service.data(str(good)) == photo
    assert source.asked.count("/gone.jpg") == 1, "a server that says no is not asked again"
    assert service.scratch() == []


async def test_an_existing_asset_is_taken_as_it_is(service: Any, photo: bytes) -> None:
    job_id, client_id = new_id(), new_id()
    own = await service.upload(photo, client_id=str(client_id), name="own")
    nobodys = await service.upload(photo, name="nobody's")
    await service.ingest(job_id, client_id, [{"asset_id": own.id}, {"asset_id": nobodys.id}])
    told = await service.told(job_id)
    assert {(event["event"], event["name"]) for event in told} == {
        ("asset.ready.v1", "own"),
        ("asset.ready.v1", "nobody's"),
    }


async def test_another_clients_asset_and_one_never_made_are_the_same_nothing(service: Any, photo: bytes) -> None:
    job_id, foreign, missing = new_id(), await service.upload(photo, client_id=str(new_id())), new_id()
    await service.ingest(job_id, new_id(), [{"asset_id": foreign.id}, {"asset_id": missing}])
    told = await service.told(job_id)
    assert [event["event"] for event in told] == ["asset.failed.v1"] * 2
    assert {event["error"]["code"] for event in told} == {"ASSET_NOT_FOUND"}
    assert told[0]["error"]["message"] == told[1]["error"]["message"]
    await service.delete(foreign.id)  # it was not taken into use either


async def test_a_repeated_event_fetches_nothing_twice(service: Any, source: Any, photo: bytes) -> None:
    job_id, client_id, asset_id, message_id = new_id(), new_id(), new_id(), new_id()
    items = [{"asset_id": asset_id, "url": source.has("/photo.jpg", photo), "type": "image"}]
    for _ in range(2):
        await service.ingest(job_id, client_id, items, message_id=message_id)
    await service.told_of_all(job_id, 1)
    await service.ingest(job_id, client_id, items)  # the same wish in a message of its own
    told = await service.told_of_all(job_id, 2)
    assert source.asked == ["/photo.jpg"]
    assert [event["event"] for event in told] == ["asset.ready.v1"] * 2


async def test_a_failed_asset_is_fetched_anew_when_it_is_asked_for_again(
    service: Any, source: Any, photo: bytes
) -> None:
    job_id, client_id, asset_id = new_id(), new_id(), new_id()
    source.has("/photo.jpg", photo)
    source.has("/photo.jpg", b"", status=410, times=1)
    items = [{"asset_id": asset_id, "url": source.url("/photo.jpg"), "type": "image"}]
    await service.ingest(job_id, client_id, items)
    assert (await service.told_of_all(job_id, 1))[0]["event"] == "asset.failed.v1"
    await service.ingest(job_id, client_id, items)
    assert (await service.told_of_all(job_id, 2))[1]["event"] == "asset.ready.v1"
    assert (await service.asset(asset_id)).status == pb.ASSET_STATUS_READY


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_server_that_stumbles_is_asked_again(service: Any, source: Any, photo: bytes, status: int) -> None:
    job_id, asset_id = new_id(), new_id()
    source.has("/photo.jpg", photo)
    url = source.has("/photo.jpg", b"", status=status, times=2)
    await service.ingest(job_id, new_id(), [{"asset_id": asset_id, "url": url}])
    assert (await service.told_of_all(job_id, 1))[0]["event"] == "asset.ready.v1"
    assert len(source.asked) == 3


async def test_a_server_that_stays_down_fails_the_asset_with_its_own_error(service: Any, source: Any) -> None:
    job_id = new_id()
    url = source.has("/photo.jpg", b"", status=503)
    await service.ingest(job_id, new_id(), [{"asset_id": new_id(), "url": url}])
    error = (await service.told_of_all(job_id, 1))[0]["error"]
    assert (error["code"], error["kind"], error["details"]) == ("ASSET_HTTP_ERROR", "invalid", {"status": 503})
    assert len(source.asked) == 3


async def test_cancelling_stops_the_download_and_lets_the_asset_go(service: Any, source: Any) -> None:
    job_id, asset_id = new_id(), new_id()
    url = source.answers("/slow", _endless)
    await service.ingest(job_id, new_id(), [{"asset_id": asset_id, "url": url}])
    async with asyncio.timeout(10):
        while source.at_once == 0:
            await asyncio.sleep(0.02)
        await service.fact("job.cancelled.v1", job_id, job_id=job_id)
        while source.at_once or service.scratch():
            await asyncio.sleep(0.02)
    assert await service.told(job_id) == []
    assert (await service.asset(asset_id)).status == pb.ASSET_STATUS_FAILED
    await service.delete(asset_id)


async def test_cancelling_one_job_leaves_the_download_to_the_other_that_wants_it(
    service: Any, source: Any, photo: bytes
) -> None:
    first, second, client_id, asset_id = new_id(), new_id(), new_id(), new_id()
    source.has("/photo.jpg", photo)
    proper = source._answers["/photo.jpg"]

    async def hangs_once(writer: asyncio.StreamWriter) -> None:
        source.answers("/photo.jpg", proper)
        await _endless(writer)

    url = source.answers("/photo.jpg", hangs_once)
    await service.ingest(first, client_id, [{"asset_id": asset_id, "url": url}])
    async with asyncio.timeout(10):
        while source.at_once == 0:
            await asyncio.sleep(0.02)
    await service.ingest(second, client_id, [{"asset_id": asset_id}])
    await service.fact("job.cancelled.v1", first, job_id=first)
    assert (await service.told_of_all(second, 1))[0]["event"] == "asset.ready.v1"
    assert await service.told(first) == []


async def test_an_asset_in_use_cannot_go_until_its_jobs_have_ended(service: Any, photo: bytes) -> None:
    client_id, jobs = new_id(), [new_id(), new_id()]
    asset = await service.upload(photo, client_id=str(client_id))
    for job_id in jobs:
        await service.ingest(job_id, client_id, [{"asset_id": asset.id}])
    for job_id, ending in zip(jobs, ("completed", "failed"), strict=True):
        with pytest.raises(RemoteError) as refused:
            await service.delete(asset.id)
        assert (refused.value.code, refused.value.http_status) == ("ASSET_IN_USE", 409)
        assert str(job_id) in refused.value.details["jobIds"]
        await service.fact("job.status_changed.v1", job_id, job_id=job_id, to_status=ending)
    await service.delete(asset.id)
    with pytest.raises(RemoteError, match="no such asset"):
        await service.asset(asset.id)


async def test_a_job_that_moves_on_keeps_its_assets(service: Any, photo: bytes) -> None:
    client_id, job_id = new_id(), new_id()
    asset = await service.upload(photo, client_id=str(client_id))
    await service.ingest(job_id, client_id, [{"asset_id": asset.id}])
    await service.fact("job.status_changed.v1", job_id, job_id=job_id, to_status="rendering")
    with pytest.raises(RemoteError) as refused:
        await service.delete(asset.id)
    assert refused.value.code == "ASSET_IN_USE"


async def test_what_a_job_names_is_held_against_the_type_it_names(
    service: Any, source: Any, jpeg_of: Callable[..., bytes]
) -> None:
    job_id = new_id()
    url = source.has("/a.mp4", jpeg_of())
    await service.ingest(job_id, new_id(), [{"asset_id": new_id(), "url": url, "type": "video"}])
    assert (await service.told_of_all(job_id, 1))[0]["error"]["code"] == "ASSET_TYPE_MISMATCH"
