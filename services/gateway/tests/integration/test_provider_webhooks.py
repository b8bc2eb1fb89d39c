"""Webhooks of paid providers: open to anyone without a key, passed on byte for byte, judged by render."""

import pytest
from adreel_kit.errors import AppError, ErrorKind

PATH = "/api/v3/provider-webhooks/replicate"
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,abc", "x-secret": "ours",
           "content-type": "application/json"}  # fmt: skip


async def test_what_came_is_passed_on_as_it_came(serve, world):
    body = b'{"id": "abc",  "status": "succeeded", "text": "\xc3\xa9"}\n'
    async with serve(ADREEL_AUTH="keys") as api:
        answer = await api.post(f"{PATH}?attempt=an-id", content=body, headers=HEADERS)
    assert (answer.status_code, answer.json()["data"]) == (200, {"received": True})
    (told,) = world.render.webhooks
    assert (told.provider, told.body, told.attempt) == ("replicate", body, "an-id")
    assert set(told.headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}


async def test_what_render_refuses_is_refused(serve, world):
    class Refused(AppError):
        kind = ErrorKind.DENIED
        code = "WEBHOOK_REFUSED"
        http_status = 401

    world.render.webhook_refusal = Refused("not signed")
    async with serve(ADREEL_AUTH="keys") as api:
        answer = await api.post(PATH, content=b"{}", headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "WEBHOOK_REFUSED")


@pytest.mark.parametrize(("method", "path"), [("GET", PATH), ("POST", "/api/v3/provider-webhooks/acme")])
async def test_nothing_else_is_open_there(serve, method, path):
    async with serve(ADREEL_AUTH="keys") as api:
        answer = await api.request(method, path)
    assert answer.status_code in (401, 404, 405, 422)
