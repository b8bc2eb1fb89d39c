"""Pictures, clips and merges of `/api/mv` over HTTP: bodies, errors, ranges, holding, repeating, who sees what."""

import asyncio
import base64
import uuid
from datetime import datetime
from typing import Any

import httpx
import pytest
from adreel.assets.v1 import assets_pb2
from adreel.common.v1 import common_pb2
from adreel_gateway.adapters.postgres.api_keys import ApiKeys
from adreel_kit.db import Database
from adreel_kit.errors import AppError, ErrorKind

IMAGE, VIDEO, MERGE = "/api/mv/generate_character_reference", "/api/mv/generate_video", "/api/mv/merge_videos"
BODIES: dict[str, dict[str, Any]] = {
    IMAGE: {"character_description": "A keeper"},
    VIDEO: {"prompt": "A storm"},
    MERGE: {"video_ids": [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))]},
}


class Refused(AppError):
    kind = ErrorKind.INVALID
    code = "MISSING_API_KEY"


def check_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "error_code", "message", "backend_used", "timestamp"}
    assert body["error_code"] == code
    assert body["error"]
    assert body["message"]
    assert datetime.fromisoformat(body["timestamp"])
    return body


async def test_a_picture_is_answered_as_the_contract_has_it(api, world):
    world.music_video.content = b"\x89PNG and so on"
    response = await api.post(IMAGE, json={**BODIES[IMAGE], "seed": 7.0, "aspect_ratio": None, "api_key": "x"})
    assert response.status_code == 200
    (task_id,) = world.music_video.tasks
    assert response.json() == {
        "image_base64": base64.b64encode(b"\x89PNG and so on").decode(),
        "output_file": "character_reference/character_ref_1.png",
        "metadata": {
            "character_description": "A keeper",
            "model_used": "local",
            "parameters_used": {"seed": 7},
            "generation_timestamp": "2026-11-21T07:00:15.970000Z",
            "backend_used": "local",
            "parameters_not_applied": ["negative_prompt"],
        },
        "reference_id": task_id,
        "image_url": f"/api/mv/get_image/{task_id}",
    }
    order = world.music_video.orders[0].image
    assert order.seed == 7
    assert not order.HasField("aspect_ratio")
    picture = await api.get(f"/api/mv/get_image/{task_id}")
    assert picture.content == b"\x89PNG and so on"
    assert picture.headers["content-type"] == "image/png"
    assert (await api.get(f"{IMAGE}/{task_id}")).json() == response.json()


@pytest.mark.parametrize("url", [VIDEO, MERGE])
async def test_a_video_is_answered_as_the_contract_has_it(api, world, url):
    response = await api.post(url, json=BODIES[url])
    assert response.status_code == 200
    (task_id,) = world.music_video.tasks
    assert response.json() == {
        "video_id": task_id,
        "video_path": f"videos/{task_id}.mp4",
        "video_url": f"/api/mv/get_video/{task_id}",
        "metadata": {
            "prompt": "A",
            "backend_used": "local",
            "model_used": "local",
            "parameters_used": {"seed": 7},
            "generation_timestamp": "2026-11-21T07:00:15.970000Z",
            "processing_time_seconds": 1.5,
            "parameters_not_applied": ["negative_prompt"],
        },
    }
    assert (await api.get(f"{url}/{task_id}")).json() == response.json()


async def test_the_bytes_come_whole_in_ranges_and_not_again(api, world):
    video_id = (await api.post(VIDEO, json=BODIES[VIDEO])).json()["video_id"]
    url = f"/api/mv/get_video/{video_id}"
    whole = await api.get(url)
    assert (whole.status_code, whole.content) == (200, world.music_video.content)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert f'filename="{video_id}.mp4"' in whole.headers["content-disposition"]
    part = await api.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, world.music_video.content[1000:2000])
    tail = await api.get(url, headers={"Range": "bytes=-5"})
    assert tail.content == world.music_video.content[-5:]
    head = await api.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(world.music_video.content))
    known = await api.get(url, headers={"If-None-Match": whole.headers["etag"]})
    assert known.status_code == 304
    beyond = await api.get(url, headers={"Range": "bytes=9999999-"})
    check_error(beyond, 416, "RANGE_NOT_SATISFIABLE")


async def test_a_video_being_made_is_202_and_its_info_says_so(api, world):
    world.music_video.ends = False
    accepted = (await api.post(VIDEO, json=BODIES[VIDEO], headers={"Prefer": "respond-async"})).json()
    assert accepted == {"id": accepted["id"], "status": "running", "poll_url": f"{VIDEO}/{accepted['id']}"}
    url = f"/api/mv/get_video/{accepted['id']}"
    for method in ("GET", "HEAD"):
        response = await api.request(method, url)
        assert response.status_code == 202
        assert int(response.headers["retry-after"]) >= 1
    info = (await api.get(f"{url}/info")).json()
    assert (info["exists"], info["status"], info["progress"], info["file_size_bytes"]) == (False, "running", 0.25, None)
    world.music_video.end(world.music_video.tasks[accepted["id"]])
    info = (await api.get(f"{url}/info")).json()
    assert (info["exists"], info["status"], info["progress"]) == (True, "completed", 1.0)
    assert info["file_size_bytes"] == len(world.music_video.content)
    assert (await api.get(accepted["poll_url"])).json()["video_id"] == accepted["id"]


@pytest.mark.parametrize("video_id", [str(uuid.UUID(int=7)), "none", "..%2f..%2fetc", "%F0%9F%98%80", "1" * 300])
async def test_what_was_never_seen_is_404_and_its_info_is_not_an_error(api, video_id):
    check_error(await api.get(f"/api/mv/get_video/{video_id}"), 404, "NOT_FOUND")
    assert (await api.head(f"/api/mv/get_video/{video_id}")).status_code == 404
    check_error(await api.get(f"/api/mv/get_image/{video_id}"), 404, "NOT_FOUND")
    check_error(await api.get(f"{VIDEO}/{video_id}"), 404, "NOT_FOUND")
    if "%2f" not in video_id:
        info = await api.get(f"/api/mv/get_video/{video_id}/info")
        assert info.status_code == 200
        assert info.json()["exists"] is False
        assert info.json()["status"] is None


async def test_a_picture_is_no_video_and_the_other_way_round(api):
    picture = (await api.post(IMAGE, json=BODIES[IMAGE])).json()["reference_id"]
    video = (await api.post(VIDEO, json=BODIES[VIDEO])).json()["video_id"]
    check_error(await api.get(f"/api/mv/get_video/{picture}"), 404, "NOT_FOUND")
    assert (await api.get(f"/api/mv/get_video/{picture}/info")).json()["exists"] is False
    check_error(await api.get(f"/api/mv/get_image/{video}"), 404, "NOT_FOUND")
    check_error(await api.get(f"{MERGE}/{video}"), 404, "NOT_FOUND")


BAD: list[tuple[str, dict[str, Any], str]] = [
    (IMAGE, {"character_description": None}, "character_description"),
    (IMAGE, {"character_description": "  "}, "character_description"),
    (IMAGE, {"character_description": 7}, "character_description"),
    (IMAGE, {"character_description": "x" * 10_001}, "character_description"),
    (IMAGE, {"character_description": "a\x00b"}, "body"),
    (IMAGE, {"aspect_ratio": 1}, "aspect_ratio"),
    (IMAGE, {"aspect_ratio": "1" * 101}, "aspect_ratio"),
    (IMAGE, {"output_format": ["png"]}, "output_format"),
    (IMAGE, {"seed": "7"}, "seed"),
    (IMAGE, {"seed": 1.5}, "seed"),
    (IMAGE, {"seed": True}, "seed"),
    (IMAGE, {"seed": -1}, "seed"),
    (IMAGE, {"seed": 2**53}, "body"),
    (IMAGE, {"negative_prompt": {}}, "negative_prompt"),
    (IMAGE, {"backend": 3}, "backend"),
    (VIDEO, {"prompt": None}, "prompt"),
    (VIDEO, {"prompt": ""}, "prompt"),
    (VIDEO, {"prompt": ["a"]}, "prompt"),
    (VIDEO, {"prompt": "x" * 10_001}, "prompt"),
    (VIDEO, {"duration": "8"}, "duration"),
    (VIDEO, {"duration": 7.5}, "duration"),
    (VIDEO, {"duration": True}, "duration"),
    (VIDEO, {"duration": 1e300}, "duration"),
    (VIDEO, {"duration": [8]}, "duration"),
    (VIDEO, {"generate_audio": "loud"}, "generate_audio"),
    (VIDEO, {"generate_audio": 2}, "generate_audio"),
    (VIDEO, {"resolution": 1080}, "resolution"),
    (VIDEO, {"reference_image_base64": 5}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "!!!not base64!!!"}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "abc"}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "   "}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "data:image/png;base64,"}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "data:image/png,plain"}, "reference_image_base64"),
    (VIDEO, {"reference_image_base64": "YWJj", "reference_id": "x"}, "reference_id"),
    (VIDEO, {"reference_id": {"id": 1}}, "reference_id"),
    (VIDEO, {"video_rules_template": ["a"]}, "video_rules_template"),
    (MERGE, {"video_ids": None}, "video_ids"),
    (MERGE, {"video_ids": "abc"}, "video_ids"),
    (MERGE, {"video_ids": [1, 2]}, "video_ids"),
    (MERGE, {"video_ids": ["x"] * 101}, "video_ids"),
    (MERGE, {"video_ids": ["x" * 101, "y"]}, "video_ids"),
    (MERGE, {"transition": 4}, "transition"),
    (MERGE, {"audio_asset_id": 4}, "audio_asset_id"),
]


@pytest.mark.parametrize(("url", "change", "named"), BAD)
async def test_bad_input_is_400_names_the_field_and_orders_nothing(api, world, url, change, named):
    sent = {name: value for name, value in {**BODIES[url], **change}.items() if value is not None}
    response = await api.post(url, json=sent)
    body = check_error(response, 400, "VALIDATION_ERROR")
    assert named in body["message"]
    assert world.music_video.orders == []


@pytest.mark.parametrize("given", ["YWJjZA==", "data:image/png;base64,YWJjZA==", "YWJj\nZA==\n", " YWJjZA== "])
async def test_base64_is_taken_as_clients_write_it(api, world, given):
    assert (await api.post(VIDEO, json={**BODIES[VIDEO], "reference_image_base64": given})).status_code == 200
    assert world.music_video.pictures == [b"abcd"]
    assert world.music_video.orders[0].video.reference.sha256 == "a" * 64


FAILURES = [
    ("CONTENT_POLICY_VIOLATION", "invalid", 422, 422),
    ("PROVIDER_ERROR", "internal", 500, 500),
    ("PROVIDER_OUTPUT_LOST", "internal", 500, 500),
    ("PROVIDER_OUTCOME_UNKNOWN", "conflict", 409, 409),
    ("QUOTA_EXCEEDED", "exhausted", 402, 402),
    ("RATE_LIMITED", "exhausted", 429, 429),
    ("BACKEND_UNAVAILABLE", "unavailable", 503, 503),
    ("PROVIDER_TIMEOUT", "timeout", 504, 504),
    ("RENDER_ENGINE_STOPPED", "unavailable", 503, 503),
    ("INVALID_PARAMETER", "invalid", 422, 400),
]


@pytest.mark.parametrize(("code", "kind", "kept", "status"), FAILURES)
async def test_a_failed_task_is_answered_by_its_code_wherever_it_is_asked_for(api, world, code, kind, kept, status):
    world.music_video.failure = common_pb2.ErrorDetail(code=code, message="It failed.", kind=kind, http_status=kept)
    body = check_error(await api.post(VIDEO, json=BODIES[VIDEO]), status, code)
    assert body["backend_used"] == "local"
    (video_id,) = world.music_video.tasks
    for url in (f"{VIDEO}/{video_id}", f"/api/mv/get_video/{video_id}"):
        check_error(await api.get(url), status, code)
    info = (await api.get(f"/api/mv/get_video/{video_id}/info")).json()
    assert (info["exists"], info["status"]) == (False, "failed")


async def test_a_missing_key_is_a_fault_of_the_server_and_names_the_backend(api, world):
    world.music_video.refusal = Refused("Set REPLICATE_API_TOKEN.", details={"backend": "replicate"})
    for url in (IMAGE, VIDEO):
        body = check_error(await api.post(url, json=BODIES[url]), 500, "MISSING_API_KEY")
        assert body["backend_used"] == "replicate"


async def test_what_takes_too_long_is_504_and_repeating_it_waits_for_the_same_task(serve, world):
    world.music_video.ends = False
    headers = {"Idempotency-Key": "once"}
    async with serve(MV_REQUEST_TIMEOUT_SECONDS="1") as api:
        body = check_error(await api.post(VIDEO, json=BODIES[VIDEO], headers=headers), 504, "REQUEST_TIMEOUT")
        (task_id,) = world.music_video.tasks
        assert f"{VIDEO}/{task_id}" in body["message"]
        world.music_video.end(world.music_video.tasks[task_id])
        again = await api.post(VIDEO, json=BODIES[VIDEO], headers=headers)
        assert (again.status_code, again.json()["video_id"]) == (200, task_id)
        replayed = await api.post(VIDEO, json=BODIES[VIDEO], headers=headers)
        assert replayed.headers["idempotent-replayed"] == "true"
        other = await api.post(VIDEO, json={"prompt": "Another"}, headers=headers)
        check_error(other, 400, "IDEMPOTENCY_KEY_REUSED")
    assert list(world.music_video.tasks) == [task_id]


async def test_a_client_that_hangs_up_finds_its_task_again(api, world):
    world.music_video.ends = False
    headers = {"Idempotency-Key": "gone"}
    with pytest.raises(httpx.ReadTimeout):
        await api.post(VIDEO, json=BODIES[VIDEO], headers=headers, timeout=0.5)
    (task_id,) = world.music_video.tasks
    again = asyncio.create_task(api.post(VIDEO, json=BODIES[VIDEO], headers=headers))
    await asyncio.sleep(0.3)
    world.music_video.end(world.music_video.tasks[task_id])
    assert (await again).json()["video_id"] == task_id
    assert list(world.music_video.tasks) == [task_id]


async def test_an_order_whose_fate_is_unknown_keeps_its_name(api, world):
    class Away(AppError):
        kind = ErrorKind.UNAVAILABLE
        code = "DATABASE_UNAVAILABLE"

    headers = {"Idempotency-Key": "unlucky"}
    world.music_video.refusal = Away("Not now.")
    check_error(await api.post(VIDEO, json=BODIES[VIDEO], headers=headers), 503, "DATABASE_UNAVAILABLE")
    world.music_video.refusal = None
    assert (await api.post(VIDEO, json=BODIES[VIDEO], headers=headers)).status_code == 200
    assert len({order.id for order in world.music_video.orders}) == 1


async def test_a_soundtrack_is_an_asset_that_has_sound_and_may_be_seen(api, world):
    def asset(number: int, **fields: Any) -> str:
        made = assets_pb2.Asset(id=str(uuid.UUID(int=number)), sha256="b" * 64, **fields)
        world.assets.assets[made.id] = made
        return made.id

    ready = assets_pb2.ASSET_STATUS_READY
    song = asset(11, type=assets_pb2.ASSET_TYPE_AUDIO, status=ready)
    film = asset(12, type=assets_pb2.ASSET_TYPE_VIDEO, status=ready, has_audio=True)
    silent = asset(13, type=assets_pb2.ASSET_TYPE_VIDEO, status=ready, has_audio=False)
    picture = asset(14, type=assets_pb2.ASSET_TYPE_IMAGE, status=ready)
    pending = asset(15, type=assets_pb2.ASSET_TYPE_AUDIO, status=assets_pb2.ASSET_STATUS_PENDING)
    for asset_id in (song, film):
        assert (await api.post(MERGE, json={**BODIES[MERGE], "audio_asset_id": asset_id})).status_code == 200
        assert world.music_video.orders[-1].merge.audio_sha256 == "b" * 64
    for asset_id in (silent, picture, pending):
        answer = await api.post(MERGE, json={**BODIES[MERGE], "audio_asset_id": asset_id})
        assert "audio_asset_id" in check_error(answer, 400, "VALIDATION_ERROR")["message"]
    for asset_id in (str(uuid.uuid4()), "none"):
        check_error(await api.post(MERGE, json={**BODIES[MERGE], "audio_asset_id": asset_id}), 404, "NOT_FOUND")
    assert len(world.music_video.orders) == 2


async def test_the_client_of_a_key_goes_with_every_call(serve, world):
    database = Database(world.database_url)
    await database.start(wait_seconds=5)
    client_id = str(uuid.UUID(int=77))
    _, secret = await ApiKeys(database).create(name="bound", scopes=["mv"], client_id=client_id)
    await database.aclose()
    async with serve(ADREEL_AUTH="keys") as api:
        check_error(await api.post(VIDEO, json=BODIES[VIDEO]), 401, "UNAUTHENTICATED")
        answer = await api.post(VIDEO, json=BODIES[VIDEO], headers={"X-API-Key": secret})
    assert answer.status_code == 200
    assert world.music_video.orders[0].scope_client_id == client_id


async def test_larger_bodies_than_any_picture_are_413(api):
    response = await api.post(VIDEO, json={**BODIES[VIDEO], "reference_image_base64": "A" * (33 * 1024 * 1024)})
    check_error(response, 413, "REQUEST_TOO_LARGE")
