"""Clients and campaigns through the gateway, and the figures of both."""


async def test_a_client_lives_from_its_making_to_its_end(api):
    full = {
        "name": "Ridgeline",
        "description": "Outdoor",
        "homepage": "https://ridgeline.example",
        "brandGuidelines": {"colors": ["#fff"], "fonts": ["Inter"], "tone": "warm", "logoAssetId": None},
        "metadata": {"tier": 1, "tags": ["a", None, {"x": 1.5}]},
    }
    made = await api.post("/api/v3/clients", json=full)
    assert made.status_code == 201
    client = made.json()["data"]
    assert {key: client[key] for key in full} == full
    assert client["createdAt"].endswith("Z")
    url = f"/api/v3/clients/{client['id']}"
    replaced = (await api.put(url, json={"name": "Ridge", "id": "ignored"})).json()["data"]
    assert replaced["id"] == client["id"]
    assert (replaced["description"], replaced["brandGuidelines"], replaced["metadata"]) == (None, None, {})
    assert (await api.get(url)).json()["data"] == replaced
    found = await api.get("/api/v3/clients", params={"q": "ridg"})
    assert [entry["id"] for entry in found.json()["data"]] == [client["id"]]
    deleted = await api.delete(url)
    assert deleted.json()["data"] == {"id": client["id"], "deleted": True}
    assert (await api.get(url)).status_code == 404


async def test_a_client_with_campaigns_goes_only_by_force(api):
    client_id = (await api.post("/api/v3/clients", json={"name": "x"})).json()["data"]["id"]
    await api.post("/api/v3/campaigns", json={"clientId": client_id, "name": "c"})
    refused = await api.delete(f"/api/v3/clients/{client_id}")
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"campaigns": 1}
    assert (await api.delete(f"/api/v3/clients/{client_id}", params={"force": "true"})).status_code == 200


async def test_a_client_is_found_by_the_string_it_was_first_named_by(api, order):
    job = (await api.post("/api/v3/jobs", json=order)).json()["data"]
    client = (await api.get("/api/v3/clients/123")).json()["data"]
    assert client["id"] == job["clientId"]
    assert client["externalId"] == "123"
    made = await api.post("/api/v3/campaigns", json={"clientId": "123", "name": "c"})
    assert made.json()["data"]["clientId"] == client["id"]
    asset = await api.post("/api/v3/assets", json={"url": "https://x.example/a.jpg", "clientId": "123"})
    assert asset.json()["data"]["clientId"] == client["id"]
    assert len((await api.get("/api/v3/assets", params={"clientId": "123"})).json()["data"]) == 1
    stats = (await api.get("/api/v3/clients/123/stats")).json()["data"]
    assert stats["clientId"] == client["id"]


async def test_figures_come_from_those_who_keep_them(api):
    client_id = (await api.post("/api/v3/clients", json={"name": "x"})).json()["data"]["id"]
    stats = (await api.get(f"/api/v3/clients/{client_id}/stats")).json()["data"]
    assert stats["campaigns"] == 2
    assert stats["jobs"]["byStatus"]["completed"] == 3
    assert stats["jobs"]["byStatus"]["failed"] == 0
    assert stats["jobs"]["total"] == 3
    assert stats["assets"] == {
        "total": 4,
        "sizeBytes": 1000,
        "byType": {
            "image": {"count": 4, "sizeBytes": 1000},
            "video": {"count": 0, "sizeBytes": 0},
            "audio": {"count": 0, "sizeBytes": 0},
            "document": {"count": 0, "sizeBytes": 0},
        },
    }
    assert stats["secondsRendered"] == 61.5
    assert stats["spend"] == {"currency": "USD", "estimated": "3.02", "actual": "0.000125"}
    campaign = (await api.post("/api/v3/campaigns", json={"clientId": client_id, "name": "c"})).json()["data"]
    of_campaign = (await api.get(f"/api/v3/campaigns/{campaign['id']}/stats")).json()["data"]
    assert of_campaign["campaigns"] is None
    assert of_campaign["spend"]["actual"] == "0.00"


async def test_a_campaign_is_replaced_and_stays_with_its_client(api):
    client_id = (await api.post("/api/v3/clients", json={"name": "x"})).json()["data"]["id"]
    body = {"clientId": client_id, "name": "c", "goal": "g", "status": "paused", "metadata": {"a": 1}}
    campaign = (await api.post("/api/v3/campaigns", json=body)).json()["data"]
    assert campaign["status"] == "paused"
    url = f"/api/v3/campaigns/{campaign['id']}"
    replaced = (await api.put(url, json={"name": "d"})).json()["data"]
    assert (replaced["clientId"], replaced["status"], replaced["goal"]) == (client_id, "active", None)
    assert (await api.post("/api/v3/campaigns", json={"clientId": "nobody", "name": "c"})).status_code == 404
    assert (await api.delete(url)).json()["data"]["deleted"] is True


async def test_a_list_is_read_page_by_page(api):
    for number in range(5):
        await api.post("/api/v3/clients", json={"name": f"c{number}"})
    names, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        body = (await api.get("/api/v3/clients", params=params)).json()
        names += [client["name"] for client in body["data"]]
        assert body["meta"]["pagination"]["total"] == 5
        cursor = body["meta"]["pagination"]["nextCursor"]
        if cursor is None:
            break
    assert names == ["c0", "c1", "c2", "c3", "c4"]


async def test_the_gateway_says_what_it_waits_for(serve, world):
    await world.servers["render"]._server.stop(grace=0)
    async with serve() as api:
        waiting = await api.get("/readyz")
        assert waiting.status_code == 503
        assert "render" in waiting.json()["waitingFor"]
        assert (await api.get("/healthz")).status_code == 200
        assert "http_requests_total" in (await api.get("/metrics")).text
