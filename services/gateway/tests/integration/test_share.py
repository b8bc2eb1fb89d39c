"""Share links: whoever has one sees the film, until it is closed."""

from adreel.render.v1 import render_pb2


async def _finished(api, world, order) -> str:
    job_id = (await api.post("/api/v3/jobs", json=order)).json()["data"]["id"]
    world.jobs.jobs[job_id].has_video = True
    world.render.add(job_id, render_pb2.MEDIA_KIND_VIDEO)
    return job_id


async def test_a_link_is_a_page_to_a_browser_and_the_film_to_a_player(serve, api, world, order):
    order["adBasics"]["product"] = "<b>Watch</b>"
    job_id = await _finished(api, world, order)
    made = await api.post(f"/api/v3/jobs/{job_id}/share", json={"expiresInSeconds": 60})
    assert made.status_code == 201
    link = made.json()["data"]
    assert link["url"] == f"/api/v3/share/{link['token']}"
    async with serve(ADREEL_AUTH="keys") as closed:
        page = await closed.get(link["url"], headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        assert "<video" in page.text
        assert "<b>Watch" not in page.text
        film = await closed.get(link["url"], headers={"Range": "bytes=0-9"})
        assert film.status_code == 206
        assert film.headers["content-type"] == "video/mp4"
        assert (await closed.head(link["url"])).status_code == 200
    assert [entry["token"] for entry in (await api.get(f"/api/v3/jobs/{job_id}/share")).json()["data"]] == [
        link["token"]
    ]


async def test_a_revoked_or_expired_link_is_gone(api, world, order):
    job_id = await _finished(api, world, order)
    links = [(await api.post(f"/api/v3/jobs/{job_id}/share")).json()["data"] for _ in range(2)]
    revoked = await api.delete(f"/api/v3/jobs/{job_id}/share/{links[0]['token']}")
    assert revoked.json()["data"] == {"id": links[0]["token"], "deleted": True}
    await world.sql("UPDATE share_links SET expires_at = now() - interval '1 s' WHERE token = $1", links[1]["token"])
    for link in links:
        gone = await api.get(link["url"])
        assert gone.status_code == 410
        assert gone.json()["error"]["code"] == "SHARE_GONE"
        assert (await api.get(link["url"], headers={"Accept": "text/html"})).status_code == 410
    assert (await api.get("/api/v3/share/nothing")).status_code == 404
    assert (await api.delete(f"/api/v3/jobs/{job_id}/share/nothing")).status_code == 404
    assert (await api.get(f"/api/v3/jobs/{job_id}/share")).json()["data"] == []


async def test_there_is_no_link_to_a_film_that_is_not_there(api, order):
    job_id = (await api.post("/api/v3/jobs", json=order)).json()["data"]["id"]
    refused = await api.post(f"/api/v3/jobs/{job_id}/share")
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "VIDEO_NOT_READY"
