"""Webhooks: ordered by events, signed, repeated until taken, replayable, never sent inside."""

import asyncio
import base64
import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import adreel.events
import pytest
from adreel_gateway.bootstrap import build_parts, build_runtime
from adreel_gateway.settings import GatewaySettings
from adreel_gateway.usecases import deliver_webhook
from adreel_kit.bus import WireMessage
from adreel_kit.envelope import Envelope
from adreel_kit.ids import new_id
from adreel_kit.settings import load_settings

EXAMPLES = Path(adreel.events.__file__).parents[2] / "events" / "examples" / "job.status_changed.v1"


class Receiver:
    """A receiver on this machine that answers with the statuses it is given, then 204."""

    def __init__(self):
        self.statuses = []
        self.requests = []
        self.came = asyncio.Event()

    async def __call__(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 204
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.came.set()


@pytest.fixture
async def receiver():
    handler = Receiver()
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    handler.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield handler
    server.close()


@asynccontextmanager
async def working(world, allowed: str):
    """The consumers and the worker of a gateway."""
    settings = load_settings(
        GatewaySettings,
        {
            "DATABASE_URL": world.database_url,
            "ADREEL_BUS_DATABASE_URL": world.database_url,
            "ADREEL_HTTP_PORT": "1",
            "ASSET_ALLOWED_HOSTS": allowed,
            **world.targets,
        },
    )
    runtime = build_runtime(settings)
    await runtime.database.start(wait_seconds=5)
    await runtime.listener.start()
    parts = build_parts(settings, runtime)
    worker = asyncio.create_task(parts.worker.run())
    try:
        yield runtime
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await runtime.listener.aclose()
        await runtime.database.aclose()


def event(url: str | None, *, status: str = "completed", before: str | None = "rendering", **data) -> WireMessage:
    message_id = new_id()
    body = {
        "job_id": str(new_id()),
        "client_id": str(new_id()),
        "version": 7,
        "from_status": before,
        "to_status": status,
        "cause": "test",
        "webhook_url": url,
    }
    envelope = Envelope(
        id=message_id,
        type="job.status_changed.v1",
        source="jobs",
        subject=body["job_id"],
        time=datetime(2026, 1, 2, tzinfo=UTC),
        correlation_id="c",
        data=body | data,
    )
    return WireMessage(message_id=str(message_id), dest="job.status_changed.v1", body=envelope.to_json())


async def _state(world, wanted: str) -> None:
    for _ in range(400):
        if await world.sql("SELECT state FROM webhook_deliveries") == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await world.sql("SELECT row(state, attempts, last_error)::text FROM webhook_deliveries"))


async def test_a_finished_job_is_told_once_and_signed(world, receiver, serve):
    message = event(f"http://{receiver.host}/hook")
    async with working(world, receiver.host) as runtime:
        await runtime.bus.deliver(message)
        await runtime.bus.deliver(message)
        await _state(world, "delivered")
    ((headers, body),) = receiver.requests
    told = json.loads(body)
    assert told["type"] == "job.completed"
    assert told["timestamp"] == "2026-01-02T00:00:00Z"
    assert told["data"]["videoUrl"] == f"/api/v3/jobs/{told['data']['jobId']}/video"
    assert headers["content-type"] == "application/json"
    secret = bytes(await world.sql("SELECT secret FROM webhook_secrets"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    # Header values were lower-cased by the receiver above.
    assert headers["webhook-signature"] == f"v1,{expected}".lower()
    async with serve() as api:
        (delivery,) = (await api.get("/api/v3/webhooks/deliveries")).json()["data"]
        assert delivery["id"] == headers["webhook-id"]
        assert (delivery["event"], delivery["state"], delivery["attempts"]) == ("job.completed", "delivered", 1)
        assert delivery["lastStatus"] == 204
        other = await api.get("/api/v3/webhooks/deliveries", params={"jobId": str(new_id())})
        assert other.json()["data"] == []


async def test_a_refusal_is_tried_again_under_the_same_id(world, receiver, monkeypatch):
    monkeypatch.setattr(deliver_webhook, "_DELAYS_SECONDS", (0,))
    receiver.statuses = [500, 302]
    async with working(world, receiver.host) as runtime:
        await runtime.bus.deliver(event(f"http://{receiver.host}/hook", status="failed"))
        await _state(world, "delivered")
    assert len(receiver.requests) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len({body for _, body in receiver.requests}) == 1


async def test_a_receiver_that_is_gone_is_left_alone_until_a_replay(world, receiver, serve):
    receiver.statuses = [410]
    async with working(world, receiver.host) as runtime, serve() as api:
        await runtime.bus.deliver(event(f"http://{receiver.host}/hook", status="cancelled"))
        await _state(world, "failed")
        (delivery,) = (await api.get("/api/v3/webhooks/deliveries", params={"state": "failed"})).json()["data"]
        assert delivery["lastError"]["code"] == "WEBHOOK_GONE"
        replayed = await api.post(f"/api/v3/webhooks/deliveries/{delivery['id']}/replay")
        assert replayed.json()["data"]["state"] == "pending"
        await _state(world, "delivered")
        assert (await api.post(f"/api/v3/webhooks/deliveries/{new_id()}/replay")).status_code == 404
    assert len(receiver.requests) == 2


async def test_an_address_inside_is_never_called(world, receiver):
    async with working(world, "") as runtime:
        await runtime.bus.deliver(event(f"http://{receiver.host}/hook"))
        await _state(world, "failed")
    assert receiver.requests == []
    assert "URL_FORBIDDEN" in await world.sql("SELECT last_error::text FROM webhook_deliveries")


@pytest.mark.parametrize(
    ("status", "before", "told"),
    [
        ("storyboard_review", "pending", 1),
        ("storyboard_review", "completed", 0),
        ("rendering", "in_progress", 0),
        ("cancelled", "pending", 1),
    ],
)
async def test_what_is_told_and_what_is_not(world, status, before, told):
    async with working(world, "") as runtime:
        await runtime.bus.deliver(event("http://10.0.0.1/x", status=status, before=before))
        await runtime.bus.deliver(event(None, status="completed"))
        assert await world.sql("SELECT count(*) FROM webhook_deliveries") == told


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.json")))
async def test_every_example_of_the_catalogue_is_understood(world, example):
    async with working(world, "") as runtime:
        assert runtime.bus.subscribed_types == {"job.status_changed.v1"}
        body = (EXAMPLES / example).read_text()
        await runtime.bus.deliver(WireMessage(message_id=str(new_id()), dest="job.status_changed.v1", body=body))
        assert await world.sql("SELECT count(*) FROM dead_letter") == 0


async def test_a_secret_is_kept_until_it_is_renewed(api):
    client_id = (await api.post("/api/v3/clients", json={"name": "x"})).json()["data"]["id"]
    first = (await api.get("/api/v3/webhooks/secret", params={"clientId": client_id})).json()["data"]
    again = (await api.get("/api/v3/webhooks/secret", params={"clientId": client_id})).json()["data"]
    assert first == again
    assert first["secret"].startswith("whsec_")
    renewed = (await api.post("/api/v3/webhooks/secret", json={"clientId": client_id})).json()["data"]
    assert renewed["secret"] != first["secret"]
