"""`/api/mv/create_scenes` over HTTP, and what all of `/api/mv` shares: error bodies, holding, repeating."""

import asyncio
import json
import uuid
from datetime import datetime

import httpx
import pytest
from adreel.common.v1 import common_pb2
from adreel.scenes.v1 import scenes_pb2_grpc
from adreel_kit.errors import AppError, ErrorKind
from adreel_kit.logging import configure_logging
from adreel_kit.rpc import RpcServer

BODY = {"idea": "A lighthouse keeper dances", "character_description": "A keeper of sixty"}
URL = "/api/mv/create_scenes"


class MissingAPIKey(AppError):
    kind = ErrorKind.INVALID
    code = "MISSING_API_KEY"


def check_error(response: httpx.Response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "error_code", "message", "backend_used", "timestamp"}
    assert body["error_code"] == code
    assert body["error"]
    assert body["message"]
    assert datetime.fromisoformat(body["timestamp"])
    return body


async def test_the_answer_is_the_contracts(api, world):
    response = await api.post(URL, json={**BODY, "output_dir": "out", "number_of_scenes": 2})
    assert response.status_code == 200
    assert response.json() == {
        "scenes": [
            {"description": "Scene 1", "negative_description": "text"},
            {"description": "Scene 2", "negative_description": "text"},
        ],
        "output_files": {"json": "out/scenes.json", "markdown": "out/scenes.md"},
        "metadata": {
            "idea": BODY["idea"],
            "number_of_scenes": 2,
            "parameters_used": {"number_of_scenes": 2, "output_dir": "out"},
            "backend_used": "template",
        },
    }
    fields = world.scenes.music_orders[0].fields
    assert fields.HasField("number_of_scenes")
    assert not fields.HasField("backend")
    assert not fields.HasField("camera_angle")


async def test_null_is_left_out_and_unknown_fields_are_ignored(api, world):
    sent = {**BODY, "camera_angle": None, "backend": None, "theme": "dark", "api_key": "x"}
    assert (await api.post(URL, json=sent)).status_code == 200
    fields = world.scenes.music_orders[0].fields
    assert [descriptor.name for descriptor, _ in fields.ListFields()] == ["idea", "character_description"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"idea": None}, "idea"),
        ({"idea": ""}, "idea"),
        ({"idea": "   "}, "idea"),
        ({"idea": 7}, "idea"),
        ({"idea": ["a"]}, "idea"),
        ({"idea": "x" * 4_001}, "idea"),
        ({"character_description": None}, "character_description"),
        ({"character_description": {}}, "character_description"),
        ({"number_of_scenes": 0}, "number_of_scenes"),
        ({"number_of_scenes": 51}, "number_of_scenes"),
        ({"number_of_scenes": "many"}, "number_of_scenes"),
        ({"number_of_scenes": 2.5}, "number_of_scenes"),
        ({"number_of_scenes": [4]}, "number_of_scenes"),
        ({"video_type": 3}, "video_type"),
        ({"output_dir": ["a"]}, "output_dir"),
        ({"output_dir": "x" * 4_001}, "output_dir"),
        ({"backend": 3}, "backend"),
        ({"idea": "a\x00b"}, "body"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(api, world, change, named):
    sent = {name: value for name, value in {**BODY, **change}.items() if value is not None}
    body = check_error(await api.post(URL, json=sent), 400, "VALIDATION_ERROR")
    assert named in body["message"]
    assert world.scenes.music_orders == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5_000])
async def test_what_is_no_json_object_is_400(api, content):
    response = await api.post(URL, content=content, headers={"Content-Type": "application/json"})
    check_error(response, 400, "VALIDATION_ERROR")


async def test_other_refusals_are_in_the_same_form(api):
    check_error(
        await api.post(URL, content=b"a=b", headers={"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE"
    )
    check_error(await api.get("/api/mv/nothing"), 404, "NOT_FOUND")
    check_error(await api.put(URL, json={}), 405, "METHOD_NOT_ALLOWED")
    for task in ("none", str(uuid.uuid4()), "%00", "..%2f.."):
        check_error(await api.get(f"{URL}/{task}"), 404, "NOT_FOUND")


FAILURES = [
    ("CONTENT_POLICY_VIOLATION", "invalid", 422, 422, "CONTENT_POLICY_VIOLATION"),
    ("MISSING_API_KEY", "invalid", 422, 500, "MISSING_API_KEY"),
    ("PROVIDER_ERROR", "internal", 500, 500, "PROVIDER_ERROR"),
    ("MODEL_OUTPUT_INVALID", "unavailable", 503, 500, "PROVIDER_ERROR"),
    ("MODEL_OUTPUT_TRUNCATED", "unavailable", 503, 500, "PROVIDER_ERROR"),
    ("PROVIDER_QUOTA", "exhausted", 402, 402, "PROVIDER_QUOTA"),
    ("PROVIDER_RATE_LIMITED", "exhausted", 429, 429, "PROVIDER_RATE_LIMITED"),
    ("BACKEND_UNAVAILABLE", "unavailable", 503, 503, "BACKEND_UNAVAILABLE"),
    ("PROVIDER_TIMEOUT", "timeout", 504, 504, "PROVIDER_TIMEOUT"),
    ("VALIDATION_ERROR", "invalid", 422, 400, "VALIDATION_ERROR"),
    ("OUTPUT_UNWRITABLE", "internal", 500, 500, "OUTPUT_UNWRITABLE"),
]


@pytest.mark.parametrize(("code", "kind", "kept_status", "status", "answered"), FAILURES)
async def test_a_failed_task_is_answered_by_its_code(api, world, code, kind, kept_status, status, answered):
    world.scenes.music_failure = common_pb2.ErrorDetail(
        code=code, message="It failed.", kind=kind, http_status=kept_status, retry_after_seconds=33
    )
    response = await api.post(URL, json=BODY)
    body = check_error(response, status, answered)
    assert body["backend_used"] == "template"
    assert response.headers["retry-after"] == "33"
    task_id = next(iter(world.scenes.music_tasks))
    check_error(await api.get(f"{URL}/{task_id}"), status, answered)


async def test_a_missing_key_is_500_before_anything_is_made(api, world):
    world.scenes.music_error = MissingAPIKey("Set GEMINI_API_KEY.", details={"backend": "gemini"})
    body = check_error(await api.post(URL, json=BODY), 500, "MISSING_API_KEY")
    assert body["backend_used"] == "gemini"
    assert "GEMINI_API_KEY" in body["message"]


async def test_respond_async_answers_at_once_with_where_to_ask(api, world):
    world.scenes.music_ends = False
    response = await api.post(URL, json=BODY, headers={"Prefer": "respond-async"})
    assert response.status_code == 202
    body = response.json()
    assert response.headers["location"] == body["poll_url"] == f"{URL}/{body['id']}"
    assert response.headers["preference-applied"] == "respond-async"
    pending = await api.get(body["poll_url"])
    assert (pending.status_code, pending.json()["id"]) == (202, body["id"])
    assert "retry-after" in pending.headers
    world.scenes.end_music(world.scenes.music_tasks[body["id"]])
    done = await api.get(body["poll_url"])
    assert (done.status_code, len(done.json()["scenes"])) == (200, 2)


async def test_a_client_may_wait_a_little(api, world):
    world.scenes.music_ends = False
    response = await api.post(URL, json=BODY, headers={"Prefer": "wait=1"})
    assert response.status_code == 202


async def test_the_connection_is_held_until_the_task_ends(api, world):
    world.scenes.music_ends = False
    asking = asyncio.create_task(api.post(URL, json=BODY))
    while not world.scenes.music_tasks:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not asking.done()
    world.scenes.end_music(next(iter(world.scenes.music_tasks.values())))
    assert (await asking).status_code == 200


async def test_what_takes_too_long_is_504_and_goes_on_under_its_key(serve, world):
    world.scenes.music_ends = False
    headers = {"Idempotency-Key": "once"}
    async with serve(MV_REQUEST_TIMEOUT_SECONDS="1") as api:
        response = await api.post(URL, json=BODY, headers=headers)
        body = check_error(response, 504, "REQUEST_TIMEOUT")
        (task_id,) = world.scenes.music_tasks
        assert f"{URL}/{task_id}" in body["message"]
        assert body["backend_used"] == "template"
        world.scenes.end_music(world.scenes.music_tasks[task_id])
        again = await api.post(URL, json=BODY, headers=headers)
        assert again.status_code == 200
        assert list(world.scenes.music_tasks) == [task_id]
        replayed = await api.post(URL, json=BODY, headers=headers)
        assert replayed.headers["idempotent-replayed"] == "true"
        other = await api.post(URL, json={**BODY, "idea": "Another"}, headers=headers)
        check_error(other, 400, "IDEMPOTENCY_KEY_REUSED")


async def test_a_failed_task_is_made_anew_under_its_key(api, world):
    headers = {"Idempotency-Key": "again"}
    world.scenes.music_failure = common_pb2.ErrorDetail(code="PROVIDER_TIMEOUT", message="Late.", kind="timeout")
    assert (await api.post(URL, json=BODY, headers=headers)).status_code == 504
    world.scenes.music_failure = None
    assert (await api.post(URL, json=BODY, headers=headers)).status_code == 200
    assert len(world.scenes.music_tasks) == 2


async def test_a_service_that_restarts_does_not_end_the_wait(api, world):
    world.scenes.music_ends = False
    asking = asyncio.create_task(api.post(URL, json=BODY))
    while not world.scenes.music_tasks:
        await asyncio.sleep(0.01)
    server = world.servers["scenes"]
    port = server.port
    await server._server.stop(grace=0)
    await asyncio.sleep(0.3)
    assert not asking.done()
    again = RpcServer(f"127.0.0.1:{port}")
    again.add(scenes_pb2_grpc.add_ScenesServiceServicer_to_server, world.scenes)
    await again.start()
    world.servers["scenes"] = again
    world.scenes.end_music(next(iter(world.scenes.music_tasks.values())))
    assert (await asking).status_code == 200


async def test_a_service_that_is_away_is_503(api, world):
    await world.servers["scenes"]._server.stop(grace=0)
    check_error(await api.post(URL, json=BODY), 503, "SERVICE_UNAVAILABLE")


async def test_debug_mode_logs_what_was_asked_and_how_it_ended(serve, world, capfd):
    configure_logging(service="gateway", process="test", level="INFO")
    try:
        async with serve(MV_DEBUG_MODE="true") as api:
            await api.post(URL, json={**BODY, "camera_angle": "from below"}, headers={"X-API-Key": "secret-of-mine"})
    finally:
        configure_logging(service="gateway", process="test", level="ERROR")
    shown = capfd.readouterr().err
    lines = [json.loads(line) for line in shown.splitlines() if "mv.debug" in line]
    assert [line["event"] for line in lines] == ["mv.debug.request", "mv.debug.outcome"]
    assert lines[0]["arguments"]["camera_angle"] == "from below"
    assert "backend" in lines[0]["left_out"]
    assert (lines[1]["outcome"], lines[1]["seconds"] >= 0) == ("answered", True)
    assert "secret-of-mine" not in shown
