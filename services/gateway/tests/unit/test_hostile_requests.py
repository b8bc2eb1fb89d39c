"""No input makes a 5xx: what cannot be right is refused at the door, in the envelope, with what to change."""

import json
from typing import Any

import pytest

JSON = {"Content-Type": "application/json"}
DEEP = b'{"name": "x", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 41


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"\xff\xfe{}", 422),
        (b'\xef\xbb\xbf{"name": "x"}', 422),
        (b'{"name": "a\\u0000b"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (b'{"\\ud800": 1, "name": "x"}', 422),
        (b'{"name": "x", "metadata": {"n": 1e999}}', 422),
        (b'{"name": "x", "metadata": {"n": NaN}}', 422),
        (b'{"name": "x", "metadata": {"n": -Infinity}}', 422),
        (b'{"name": "x", "metadata": {"n": ' + b"9" * 5000 + b"}}", 422),
        (b'{"name": "x", "metadata": {"n": 9007199254740993}}', 422),
        (DEEP, 422),
        (b"[" * 100_000, 422),
        (b'{"name": ' + b"[" * 60_000 + b"]" * 60_000 + b"}", 422),
        (b'{"name": ""}', 422),
        (b'{"name": "   "}', 422),
        (b'{"name": 7}', 422),
        (b'{"name": "x", "metadata": []}', 422),
        (b'{"name": "x", "homepage": "javascript:alert(1)"}', 422),
        (b'{"name": "x", "brandGuidelines": {"logoAssetId": "none"}}', 422),
        (b'{"name": "' + b"x" * 300 + b'"}', 422),
        (b'{"name": "' + b"x" * 1_100_000 + b'"}', 413),
    ],
)
async def test_a_body_that_cannot_be_is_refused(door: Any, body: bytes, status: int) -> None:
    response = await door.post("/api/v3/clients", content=body, headers=JSON)
    assert response.status_code == status
    envelope = response.json()
    assert envelope["success"] is False
    assert envelope["data"] is None
    assert envelope["meta"]["requestId"] == response.headers["x-request-id"]
    assert envelope["error"]["message"]
    if status == 422:
        assert envelope["error"]["code"] == "VALIDATION_ERROR"
        assert envelope["error"]["details"]["fields"][0]["field"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_what_a_page_may_send_across_origins_is_not_read(door: Any, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = await door.post("/api/v3/clients", content=b'{"name": "x"}', headers=headers)
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/jobs?limit=0",
        "/api/v3/jobs?limit=201",
        "/api/v3/jobs?limit=x",
        "/api/v3/jobs?limit=99999999999999999999999",
        "/api/v3/jobs?offset=-1",
        "/api/v3/jobs?status=ready",
        "/api/v3/jobs?campaignId=7",
        "/api/v3/assets?type=hologram",
        "/api/v3/assets?status=none",
        "/api/v3/clients?q=%00",
        "/api/v3/campaigns?status=gone",
        "/api/v3/jobs/00000000-0000-7000-8000-000000000001/scenes/0",
        "/api/v3/jobs/00000000-0000-7000-8000-000000000001/scenes/99999999999999999999",
        "/api/v3/jobs/00000000-0000-7000-8000-000000000001/scenes/x",
    ],
)
async def test_a_query_that_cannot_be_is_422(door: Any, path: str) -> None:
    response = await door.get(path)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/nothing",
        "/api/v3",
        "/api/v3/jobs/not-a-uuid",
        "/api/v3/jobs/%00",
        "/api/v3/clients/a%00b",
        "/api/v3/jobs/%ff%fe",
        "/api/v3/assets/1/data",
        "/api/v3/campaigns/..%2f..%2fetc",
        "/api/v2/jobs",
    ],
)
async def test_what_is_not_there_is_404_in_the_envelope(door: Any, path: str) -> None:
    response = await door.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"
    assert response.json()["meta"]["version"] == "v3"


async def test_a_method_that_no_route_takes_is_405_in_the_envelope(door: Any) -> None:
    response = await door.patch("/api/v3/jobs", json={})
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in response.headers["allow"]


async def test_a_neighbour_that_is_away_is_503_with_a_hint(door: Any) -> None:
    response = await door.get("/api/v3/jobs")
    assert response.status_code == 503
    assert response.json()["error"] == {
        "code": "SERVICE_UNAVAILABLE",
        "message": "The jobs service cannot be reached right now.",
        "details": {"service": "jobs"},
    }
    assert response.headers["retry-after"] == "2"


async def test_a_bug_is_500_and_shows_nothing(app: Any, door: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(app.state, "services", None)
    response = await door.get("/api/v3/jobs")
    assert response.status_code == 500
    error = response.json()["error"]
    assert error == {"code": "INTERNAL_ERROR", "message": "Something went wrong on our side.", "details": {}}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-1", True), ("a" * 128, True), ("a" * 129, False), ("a b", False), ("<script>", False)],
)
async def test_a_request_id_is_taken_over_where_it_is_one(door: Any, sent: str, kept: bool) -> None:
    response = await door.get("/api/v3/nothing", headers={"X-Request-Id": sent})
    assert (response.headers["x-request-id"] == sent) is kept
    assert response.json()["meta"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"context": {}}, "context.clientId"),
        ({"adBasics": {"product": "x"}}, "adBasics.targetAudience"),
        ({"creative": None}, "creative"),
        ({"creative": {"direction": {}}}, "creative.direction.style"),
        ({"video": {"durationSeconds": 4}}, "video.durationSeconds"),
        ({"video": {"durationSeconds": 121}}, "video.durationSeconds"),
        ({"video": {"aspectRatio": "4:3"}}, "video.aspectRatio"),
        ({"video": {"resolution": "4k"}}, "video.resolution"),
        ({"video": {"fps": 60}}, "video.fps"),
        ({"video": {"backend": "magic"}}, "video.backend"),
        ({"webhookUrl": "ftp://x"}, "webhookUrl"),
    ],
)
async def test_an_order_says_which_field_is_wrong_and_what_is_taken(
    door: Any, order: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    response = await door.post("/api/v3/jobs", json=order | change)
    assert response.status_code == 422
    fields = response.json()["error"]["details"]["fields"]
    assert field in [entry["field"] for entry in fields]
    if field == "video.aspectRatio":
        assert "'16:9', '9:16' or '1:1'" in fields[0]["message"]
    if field == "video.fps":
        assert "24, 25, 30" in fields[0]["message"]


@pytest.mark.parametrize("asset", [{}, {"url": "https://x.example/a", "assetId": "0" * 32}, {"assetId": "7"}])
async def test_an_asset_is_named_by_url_or_by_id(door: Any, order: dict[str, Any], asset: dict[str, Any]) -> None:
    order["creative"]["assets"] = [asset]
    response = await door.post("/api/v3/jobs", json=order)
    assert response.status_code == 422
    assert response.json()["error"]["details"]["fields"][0]["field"].startswith("creative.assets.0")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"action": "explode"}, "approve_storyboard"),
        ({}, "action"),
        ({"action": "reject_storyboard"}, "feedback"),
        ({"action": "reject_storyboard", "feedback": "  "}, "feedback"),
        ({"action": "regenerate_scene"}, "sceneNumber"),
        ({"action": "regenerate", "sceneNumber": 0}, "sceneNumber"),
        ({"action": "approve_storyboard", "storyboardVersion": "one"}, "storyboardVersion"),
    ],
)
async def test_an_action_that_cannot_be_says_why(door: Any, body: dict[str, Any], said: str) -> None:
    response = await door.post("/api/v3/jobs/00000000-0000-7000-8000-000000000001/actions", json=body)
    assert response.status_code == 422
    assert said in json.dumps(response.json()["error"])


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8080"])
async def test_an_open_gateway_answers_to_its_own_machine_only(door: Any, host: str) -> None:
    assert (await door.get("/api/v3/jobs", headers={"Host": host})).status_code == 403
    assert (await door.get("/api/v3/jobs", headers={"Origin": f"https://{host}"})).status_code == 403
