"""Who may come in, how often, and what a bound key sees."""

import argparse

import pytest
from adreel_gateway.adapters.postgres.api_keys import ApiKeys
from adreel_gateway.entrypoints.keys_command import parse_keys_command, run_keys
from adreel_kit.db import Database


@pytest.fixture
async def keys(world):
    database = Database(world.database_url, max_size=2)
    await database.start(wait_seconds=5)
    yield ApiKeys(database)
    await database.aclose()


async def test_a_closed_gateway_wants_a_key(serve, keys):
    _, secret = await keys.create(name="ci", scopes=["*"])
    async with serve(ADREEL_AUTH="keys") as api:
        nobody = await api.get("/api/v3/jobs")
        assert nobody.status_code == 401
        assert nobody.json()["error"]["code"] == "UNAUTHENTICATED"
        assert nobody.headers["www-authenticate"] == "Bearer"
        assert (await api.get("/api/v3/jobs", headers={"X-API-Key": "adk_wrong"})).status_code == 401
        assert (await api.get("/api/v3/jobs", headers={"X-API-Key": secret})).status_code == 200
        assert (await api.get("/api/v3/jobs", headers={"Authorization": f"Bearer {secret}"})).status_code == 200
        assert (await api.get("/healthz")).status_code == 200
        assert (await api.get("/openapi.json")).status_code == 200


async def test_a_revoked_or_expired_key_opens_nothing(serve, keys, world):
    key, secret = await keys.create(name="ci", scopes=["*"])
    async with serve(ADREEL_AUTH="keys") as api:
        assert (await api.get("/api/v3/jobs", headers={"X-API-Key": secret})).status_code == 200
        await keys.revoke(key.prefix)
        assert (await api.get("/api/v3/jobs", headers={"X-API-Key": secret})).status_code == 401
        _, other = await keys.create(name="old", scopes=["*"])
        await world.sql("UPDATE api_keys SET expires_at = now() - interval '1 s'")
        assert (await api.get("/api/v3/jobs", headers={"X-API-Key": other})).status_code == 401


async def test_the_secret_is_not_in_the_database(keys, world):
    _, secret = await keys.create(name="ci", scopes=["*"])
    dump = await world.sql("SELECT string_agg(k::text, ' ') FROM api_keys k")
    assert secret not in dump
    assert secret[12:] not in dump


async def test_a_key_opens_what_its_scopes_name(serve, keys):
    _, secret = await keys.create(name="reader", scopes=["jobs:read"])
    async with serve(ADREEL_AUTH="keys") as api:
        api.headers["X-API-Key"] = secret
        assert (await api.get("/api/v3/jobs")).status_code == 200
        refused = await api.post("/api/v3/clients", json={"name": "x"})
        assert refused.status_code == 403
        assert refused.json()["error"]["details"] == {"scope": "clients:write"}


async def test_a_bound_key_sees_its_client_alone(serve, keys, world, order):
    async with serve() as api:
        mine = (await api.post("/api/v3/clients", json={"name": "mine"})).json()["data"]["id"]
        other = (await api.post("/api/v3/clients", json={"name": "other"})).json()["data"]["id"]
        order["context"]["clientId"] = other
        foreign = (await api.post("/api/v3/jobs", json=order)).json()["data"]["id"]
        world.scenes.write(foreign)
    asset = world.assets.add(client_id=other)
    _, secret = await keys.create(name="bound", scopes=["*"], client_id=mine)
    async with serve(ADREEL_AUTH="keys") as api:
        api.headers["X-API-Key"] = secret
        assert [client["id"] for client in (await api.get("/api/v3/clients")).json()["data"]] == [mine]
        for path in (
            f"/clients/{other}",
            f"/clients/{other}/stats",
            f"/jobs/{foreign}",
            f"/jobs/{foreign}/scenes",
            f"/jobs/{foreign}/scenes/1",
            f"/jobs/{foreign}/scenes/1/revisions",
            f"/jobs/{foreign}/scenes/1/takes",
            f"/jobs/{foreign}/video",
            f"/jobs/{foreign}/preview",
            f"/jobs/{foreign}/events",
            f"/jobs/{foreign}/actions",
            f"/jobs/{foreign}/share",
            f"/assets/{asset.id}",
            f"/assets/{asset.id}/data",
            f"/assets/{asset.id}/thumbnail",
        ):
            assert (await api.get(f"/api/v3{path}")).status_code == 404, path
        for method, path, body in (
            ("PUT", f"/jobs/{foreign}/scenes/1", {"script": "x"}),
            ("POST", f"/jobs/{foreign}/scenes", {"description": "x"}),
            ("PUT", f"/jobs/{foreign}/scenes/order", {"sceneNumbers": [1]}),
            ("DELETE", f"/jobs/{foreign}/scenes/1", None),
            ("POST", f"/jobs/{foreign}/actions", {"action": "cancel"}),
            ("POST", f"/jobs/{foreign}/share", {}),
            ("POST", "/assets/from-url", {"name": "x", "type": "image", "url": "https://x.example", "clientId": other}),
            ("DELETE", f"/assets/{asset.id}", None),
        ):
            assert (await api.request(method, f"/api/v3{path}", json=body)).status_code == 404, path
        made = await api.post("/api/v3/assets", json={"url": "https://x.example/a.jpg"})
        assert made.json()["data"]["clientId"] == mine


async def test_keys_of_idempotency_are_apart_for_each_api_key(serve, keys):
    secrets = [(await keys.create(name=name, scopes=["*"]))[1] for name in ("a", "b")]
    async with serve(ADREEL_AUTH="keys") as api:
        answers = [
            await api.post(
                "/api/v3/clients", json={"name": "x"}, headers={"X-API-Key": secret, "Idempotency-Key": "same"}
            )
            for secret in secrets
        ]
    assert answers[0].json()["data"]["id"] != answers[1].json()["data"]["id"]


async def test_too_many_requests_are_told_when_to_come_back(serve):
    async with serve(ADREEL_RATE_LIMIT_PER_MINUTE="3") as one, serve(ADREEL_RATE_LIMIT_PER_MINUTE="3") as two:
        answers = [await api.get("/api/v3/clients") for api in (one, two, one, two, one, two, one, two)]
    statuses = [answer.status_code for answer in answers]
    # A minute may end in between, after which it begins anew.
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses
    refused = answers[statuses.index(429)]
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"
    assert answers[0].headers["ratelimit-limit"] == "3"


async def test_the_keys_command_makes_lists_and_revokes(keys, capsys):
    assert await run_keys(keys, parse_keys_command(["create", "--name", "ci", "--scope", "jobs:read"])) == 0
    secret = capsys.readouterr().out.strip()
    found = await keys.find(secret)
    assert found is not None
    assert found.scopes == ("jobs:read",)
    assert await run_keys(keys, parse_keys_command(["list"])) == 0
    assert "ci" in capsys.readouterr().out
    assert await run_keys(keys, parse_keys_command(["revoke", found.id])) == 0
    assert await run_keys(keys, argparse.Namespace(command="revoke", key="nothing")) == 1
    assert await keys.find(secret) is None
    with pytest.raises(SystemExit):
        parse_keys_command(["create", "--name", "x", "--scope", "jobs:explode"])
