"""`Idempotency-Key`: one answer per key, whoever asks, however often, whatever dies."""

import asyncio
import uuid

from adreel_gateway.adapters.postgres.idempotency_keys import CHANNEL


async def test_the_same_key_and_body_give_the_first_answer_again(api, world, order):
    first = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k1"})
    again = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k1"})
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.status_code == first.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert len(world.jobs.create_calls) == 1


async def test_another_body_or_route_under_the_same_key_is_422(api, world, order):
    await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k1"})
    order["adBasics"]["product"] = "Another"
    other = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert other.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    elsewhere = await api.post("/api/v3/clients", json={"name": "x"}, headers={"Idempotency-Key": "k1"})
    assert elsewhere.status_code == 422
    assert len(world.jobs.create_calls) == 1


async def test_requests_at_the_same_time_on_several_gateways_make_one_job(serve, world, order):
    headers = {"Idempotency-Key": "race"}
    async with serve() as one, serve() as two:
        answers = await asyncio.gather(
            *(api.post("/api/v3/jobs", json=order, headers=headers) for api in (one, two) for _ in range(5))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 9
    assert len(world.jobs.create_calls) == 1


async def test_another_body_is_refused_while_the_first_still_runs(api, world, order):
    world.jobs.hold = asyncio.Event()
    first = asyncio.create_task(api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"}))
    while not world.jobs.create_calls:
        await asyncio.sleep(0.01)
    other = await api.post(
        "/api/v3/jobs", json=order | {"webhookUrl": "https://x.example"}, headers={"Idempotency-Key": "k"}
    )
    assert other.status_code == 422
    world.jobs.hold.set()
    assert (await first).status_code == 201


async def test_a_key_whose_owner_died_is_taken_over_and_makes_no_second_job(api, world, order):
    first = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    # As a gateway leaves it that was killed after the job was made and before the answer was kept.
    await world.sql(
        "UPDATE idempotency_keys SET state = 'running', status = NULL, token = $1, "
        "lease_until = now() - interval '1 s' WHERE key = 'k'",
        uuid.uuid4(),
    )
    again = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    assert len(world.jobs.jobs) == 1


async def test_a_waiter_goes_on_when_the_owner_gives_up(api, world, order):
    await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    await world.sql(
        "UPDATE idempotency_keys SET state = 'running', status = NULL, token = $1, "
        "lease_until = now() + interval '60 s' WHERE key = 'k'",
        uuid.uuid4(),
    )
    waiting = asyncio.create_task(api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await world.sql(
        "WITH gone AS (DELETE FROM idempotency_keys RETURNING id) SELECT pg_notify($1, id::text) FROM gone", CHANNEL
    )
    assert (await waiting).status_code == 201


async def test_a_failure_on_our_side_is_not_kept(api, world, order):
    await world.servers["jobs"]._server.stop(grace=0)
    failed = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    assert failed.status_code == 503
    assert failed.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert "retry-after" in failed.headers
    assert await world.sql("SELECT count(*) FROM idempotency_keys") == 0


async def test_a_refused_request_is_kept_as_it_was_answered(api, world):
    first = await api.post("/api/v3/clients", json={}, headers={"Idempotency-Key": "k"})
    again = await api.post("/api/v3/clients", json={}, headers={"Idempotency-Key": "k"})
    assert first.status_code == again.status_code == 422
    assert again.headers["idempotent-replayed"] == "true"


async def test_an_expired_key_is_free_again(api, world, order):
    first = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    await world.sql("UPDATE idempotency_keys SET expires_at = now() - interval '1 s'")
    again = await api.post("/api/v3/jobs", json=order, headers={"Idempotency-Key": "k"})
    assert again.json()["data"]["id"] != first.json()["data"]["id"]


async def test_a_repeated_upload_with_a_new_boundary_is_the_same_request(api, world):
    headers = {"Idempotency-Key": "k"}
    files = {"file": ("a.jpg", b"x" * 200_000)}
    first = await api.post("/api/v3/assets", files=files, data={"name": "n"}, headers=headers)
    again = await api.post("/api/v3/assets", files=files, data={"name": "n"}, headers=headers)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert len(world.assets.uploads) == 1
    other = await api.post(
        "/api/v3/assets", files={"file": ("a.jpg", b"y" * 200_000)}, data={"name": "n"}, headers=headers
    )
    assert other.status_code == 422


async def test_a_key_that_is_none_is_422(api):
    for key in ("", "x" * 256, "a\tb", "\u00e9".encode()):
        response = await api.post("/api/v3/clients", json={"name": "n"}, headers={"Idempotency-Key": key})
        assert response.status_code == 422, key
