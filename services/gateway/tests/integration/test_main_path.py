"""The path of an ad through the gateway: client, job, review, film."""

import asyncio

import httpx
import pytest
from adreel.jobs.v1 import jobs_pb2
from adreel.render.v1 import render_pb2


async def test_a_job_is_answered_with_its_scenes_and_assets_once_it_is_in_review(api, world, order):
    answered = asyncio.create_task(api.post("/api/v3/jobs", json=order))
    while not world.jobs.jobs:
        await asyncio.sleep(0.01)
    world.scenes.write(next(iter(world.jobs.jobs)))
    response = await answered
    body = response.json()
    assert response.status_code == 201
    assert body["success"] is True
    assert body["error"] is None
    assert body["meta"]["version"] == "v3"
    assert body["meta"]["timestamp"].endswith("Z")
    job = body["data"]
    assert response.headers["location"] == f"/api/v3/jobs/{job['id']}"
    assert job["status"] == "storyboard_review"
    assert [scene["sceneNumber"] for scene in job["scenes"]] == [1, 2, 3]
    assert job["scenes"][0]["metadata"] == {"shots": 2, "zoom": 1.5}
    assert job["assets"][0]["role"] == "hero"
    assert job["assets"][0]["url"] == f"/api/v3/assets/{job['assets'][0]['id']}/data"
    assert job["cost"] == {"currency": "USD", "estimated": "3.02", "actual": "0.00", "lines": []}
    assert job["context"] == {"clientId": "123", "campaignId": None, "userId": None}
    assert job["clientId"] != "123"
    assert job["previewUrl"] == f"/api/v3/jobs/{job['id']}/preview"
    assert job["videoUrl"] is None
    assert set(job) == {
        "id", "status", "phase", "clientId", "campaignId", "userId", "context", "adBasics", "creative", "video",
        "progress", "storyboard", "scenes", "assets", "availableActions", "cost", "previewUrl", "videoUrl",
        "posterUrl", "captionsUrl", "durationSeconds", "error", "timeline", "createdAt", "updatedAt",
    }  # fmt: skip


async def test_a_job_that_takes_longer_is_answered_as_it_stands(serve, world, order):
    world.jobs.settle_after = None
    async with serve(JOB_CREATE_WAIT_SECONDS="0.3") as api:
        response = await api.post("/api/v3/jobs", json=order)
    assert response.status_code == 202
    assert response.json()["data"]["status"] == "pending"
    assert response.headers["location"] == f"/api/v3/jobs/{response.json()['data']['id']}"


async def test_a_client_that_prefers_not_to_wait_is_answered_at_once(api, world, order):
    world.jobs.settle_after = None
    response = await api.post("/api/v3/jobs", json=order, headers={"Prefer": "respond-async"}, timeout=3)
    assert response.status_code == 202
    assert response.headers["preference-applied"] == "respond-async"


async def test_a_client_that_hangs_up_loses_nothing(api, world, order):
    world.jobs.settle_after = 0.5
    with pytest.raises(httpx.TimeoutException):
        await api.post("/api/v3/jobs", json=order, timeout=0.2)
    await asyncio.sleep(0.6)
    (job,) = (await api.get("/api/v3/jobs")).json()["data"]
    assert job["status"] == "storyboard_review"


async def test_a_failed_job_is_made_all_the_same(api, world, order):
    world.jobs.settle_after = None
    answered = asyncio.create_task(api.post("/api/v3/jobs", json=order))
    while not world.jobs.jobs:
        await asyncio.sleep(0.01)
    (job,) = world.jobs.jobs.values()
    job.error.code = "ASSETS_UNAVAILABLE"
    job.error.message = "None of the assets could be had."
    await world.jobs.change(job.id, jobs_pb2.JOB_STATUS_FAILED, kind=jobs_pb2.CHANGE_KIND_END)
    response = await answered
    assert response.status_code == 201
    assert response.json()["data"]["status"] == "failed"
    assert response.json()["data"]["error"]["code"] == "ASSETS_UNAVAILABLE"


async def test_a_backend_without_its_key_is_refused_before_anything_is_made(api, world, order):
    order["video"]["backend"] = "replicate"
    response = await api.post("/api/v3/jobs", json=order)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "MISSING_API_KEY"
    assert not world.jobs.create_calls


async def _reviewed(api, world, order) -> str:
    response = await api.post("/api/v3/jobs", json=order)
    job_id = response.json()["data"]["id"]
    world.scenes.write(job_id)
    return job_id


async def test_a_regenerating_action_answers_when_the_scene_is_rewritten(api, world, order):
    job_id = await _reviewed(api, world, order)
    body = {"action": "regenerate", "sceneNumber": 2, "feedback": "Closer", "constraints": {"shotType": "close-up"}}
    response = await api.post(f"/api/v3/jobs/{job_id}/actions", json=body)
    assert response.status_code == 200
    assert response.json()["data"]["phase"] is None
    assert world.jobs.actions[0].action == "regenerate_scene"
    assert world.jobs.actions[0].constraints.shot_type == "close-up"


async def test_a_rewrite_that_takes_longer_is_202(serve, world, order):
    async with serve(JOB_CREATE_WAIT_SECONDS="0.3") as api:
        job_id = await _reviewed(api, world, order)
        world.jobs.settle_after = None
        body = {"action": "regenerate_scene", "sceneNumber": 2}
        response = await api.post(f"/api/v3/jobs/{job_id}/actions", json=body)
    assert response.status_code == 202
    assert response.json()["data"]["phase"] == "rewriting_scene"


async def test_an_action_that_is_not_open_names_the_open_ones(api, world, order):
    job_id = await _reviewed(api, world, order)
    world.jobs.jobs[job_id].status = jobs_pb2.JOB_STATUS_RENDERING
    response = await api.post(f"/api/v3/jobs/{job_id}/actions", json={"action": "approve_storyboard"})
    assert response.status_code == 409
    error = response.json()["error"]
    assert error == {"code": "ACTION_NOT_ALLOWED", "message": "This is not open now.", "details": {"open": ["cancel"]}}


async def test_a_scene_is_edited_under_its_etag(api, world, order):
    job_id = await _reviewed(api, world, order)
    url = f"/api/v3/jobs/{job_id}/scenes/2"
    read = await api.get(url)
    assert read.headers["etag"] == '"1"'
    edited = await api.put(url, json={"script": "New words"}, headers={"If-Match": '"1"'})
    assert edited.status_code == 200
    assert edited.headers["etag"] == '"2"'
    assert edited.json()["data"]["script"] == "New words"
    assert edited.json()["data"]["description"] == "Scene 2"
    stale = await api.put(url, json={"script": "Lost"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.json()["error"]["code"] == "PRECONDITION_FAILED"
    assert world.scenes.updates[-1].patch.script == "New words"


async def test_an_edit_made_between_look_and_change_is_still_412(api, world, order):
    job_id = await _reviewed(api, world, order)
    world.scenes._scene(job_id, 1)
    await api.put(f"/api/v3/jobs/{job_id}/scenes/1", json={"script": "a"}, headers={"If-Match": "*"})
    assert world.scenes.updates[-1].expected_revision == 0
    await api.put(f"/api/v3/jobs/{job_id}/scenes/1", json={"script": "b"}, headers={"If-Match": '"2"'})
    assert world.scenes.updates[-1].expected_revision == 2


async def test_scenes_are_added_removed_and_put_in_order(api, world, order):
    job_id = await _reviewed(api, world, order)
    base = f"/api/v3/jobs/{job_id}/scenes"
    added = await api.post(base, json={"description": "One more"})
    assert added.status_code == 201
    assert len(added.json()["data"]) == 4
    removed = await api.delete(f"{base}/4")
    assert len(removed.json()["data"]) == 3
    turned = await api.put(f"{base}/order", json={"sceneNumbers": [3, 2, 1]})
    assert [scene["description"] for scene in turned.json()["data"]] == ["Scene 3", "Scene 2", "Scene 1"]
    assert (await api.put(f"{base}/order", json={"sceneNumbers": [1, 1]})).status_code == 422
    revisions = await api.get(f"{base}/1/revisions")
    assert revisions.json()["data"][0]["cause"] == "write"
    assert (await api.post(f"{base}/1/revisions/1/restore")).status_code == 200
    assert (await api.get(f"{base}/9")).json()["error"]["details"] == {"sceneNumber": 9}


async def test_every_list_takes_a_page(api, world, order):
    job_id = await _reviewed(api, world, order)
    url = f"/api/v3/jobs/{job_id}/scenes"
    first = (await api.get(url, params={"limit": 2})).json()
    assert [scene["sceneNumber"] for scene in first["data"]] == [1, 2]
    assert first["meta"]["pagination"] == {"limit": 2, "offset": 0, "total": 3, "nextCursor": "2"}
    last = (await api.get(url, params={"limit": 2, "cursor": "2"})).json()
    assert [scene["sceneNumber"] for scene in last["data"]] == [3]
    assert last["meta"]["pagination"]["nextCursor"] is None
    for part in ("scenes", "scenes/1/revisions", "scenes/1/takes", "actions", "share"):
        refused = await api.get(f"/api/v3/jobs/{job_id}/{part}", params={"cursor": "x"})
        assert refused.status_code == 422, part
        assert refused.json()["error"]["details"]["fields"][0]["field"] == "cursor"


async def test_the_film_is_served_with_ranges_once_there_is_one(api, world, order):
    job_id = await _reviewed(api, world, order)
    url = f"/api/v3/jobs/{job_id}/video"
    early = await api.get(url)
    assert early.status_code == 409
    assert early.json()["error"]["code"] == "VIDEO_NOT_READY"
    assert int(early.headers["retry-after"]) > 0
    world.jobs.jobs[job_id].has_video = True
    world.render.add(job_id, render_pb2.MEDIA_KIND_VIDEO)
    whole = await api.get(url)
    assert whole.status_code == 200
    assert len(whole.content) == 1_048_576
    assert whole.headers["content-type"] == "video/mp4"
    part = await api.get(url, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == "bytes 100-199/1048576"
    head = await api.head(url)
    assert head.status_code == 200
    assert head.headers["content-length"] == "1048576"
    assert (await api.get(url, headers={"If-None-Match": whole.headers["etag"]})).status_code == 304
    beyond = await api.get(url, headers={"Range": "bytes=2000000-"})
    assert beyond.status_code == 416
    assert beyond.json()["error"]["code"] == "RANGE_NOT_SATISFIABLE"
    named = await api.get(url, params={"download": "1"})
    assert named.headers["content-disposition"] == 'attachment; filename="Smart Watch.mp4"'
    shown = (await api.get(f"/api/v3/jobs/{job_id}")).json()["data"]
    assert shown["videoUrl"] == url


async def test_the_preview_says_when_it_is_still_drawn(api, world, order):
    job_id = await _reviewed(api, world, order)
    early = await api.get(f"/api/v3/jobs/{job_id}/preview")
    assert early.status_code == 409
    assert early.json()["error"]["code"] == "PREVIEW_NOT_READY"
    world.render.add(job_id, render_pb2.MEDIA_KIND_PREVIEW)
    assert (await api.get(f"/api/v3/jobs/{job_id}/preview")).status_code == 200


async def test_takes_are_listed_and_selected(api, world, order):
    job_id = await _reviewed(api, world, order)
    (take,) = (await api.get(f"/api/v3/jobs/{job_id}/scenes/1/takes")).json()["data"]
    assert take["selected"] is True
    chosen = await api.post(f"/api/v3/jobs/{job_id}/scenes/1/takes/{take['id']}/select")
    assert chosen.status_code == 200
    assert (await api.post(f"/api/v3/jobs/{job_id}/scenes/1/takes/none/select")).status_code == 404


async def test_a_dry_run_makes_nothing_and_says_all_it_found(api, world, order):
    order["creative"]["assets"] += [{"url": "http://10.0.0.1/x.jpg", "type": "image"}, {"assetId": order_id()}]
    order["video"]["backend"] = "replicate"
    response = await api.post("/api/v3/jobs/dry-run", json=order)
    assert response.status_code == 200
    data = response.json()["data"]
    assert data["expectedScenes"] == 4
    assert data["cost"]["estimated"] == "3.0015"
    assert {(problem["code"], problem["field"]) for problem in data["problems"]} == {
        ("ASSET_URL_FORBIDDEN", "creative.assets.1.url"),
        ("ASSET_NOT_FOUND", "creative.assets.2.assetId"),
        ("MISSING_API_KEY", "video.backend"),
    }
    assert not world.jobs.create_calls
    order["video"]["fps"] = 60
    assert (await api.post("/api/v3/jobs/dry-run", json=order)).status_code == 422


def order_id() -> str:
    return "00000000-0000-7000-8000-000000000001"


async def test_a_list_of_jobs_leaves_out_what_is_long(api, world, order):
    await _reviewed(api, world, order)
    body = (await api.get("/api/v3/jobs", params={"clientId": "123", "status": "storyboard_review"})).json()
    assert len(body["data"]) == 1
    assert not {"scenes", "assets", "timeline"} & set(body["data"][0])
    assert body["meta"]["pagination"] == {"limit": 50, "offset": 0, "total": 1, "nextCursor": None}
    assert (await api.get("/api/v3/jobs", params={"clientId": "nobody"})).json()["data"] == []
    assert (await api.get("/api/v3/jobs", params={"status": "nonsense"})).status_code == 422
