"""From a brief to a film: create, review, rewrite, approve, complete; on the embedded stack and on real servers."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from adreel_embedded.demo.film_check import check_film
from adreel_embedded.stack import Stack
from adreel_render.engine.spec import Canvas
from adreel_testkit.suite.client import Job, SuiteClient, is_completed, is_in_review, is_rendering_past
from adreel_testkit.suite.stacks import stored_objects
from PIL import Image

USED = ("mountain-trail", "forest-stream", "summit-sunset")
SURELY_SEEN, SURELY_NOT_SEEN = 40, 20  # agreeing features; two different photographs gave at most 12


async def test_a_brief_becomes_a_film_of_its_photographs(
    suite: Stack, api: SuiteClient, order, recognised: Callable[[Path], dict[str, int]], tmp_path: Path
) -> None:
    job = await api.create_job(order(*USED, seconds=8))
    assert job["status"] == "storyboard_review", job["error"]
    assert [asset["status"] for asset in job["assets"]] == ["ready"] * 3
    _check_storyboard(job, 8)

    rewritten = await api.act(job["id"], "regenerate_scene", sceneNumber=2, feedback="Calmer, and show the stream")
    rewritten = await api.until(job["id"], is_in_review)
    assert rewritten["storyboard"]["version"] > job["storyboard"]["version"]
    _check_only_scene_changed(job, rewritten, 2)
    _check_storyboard(rewritten, 8)

    stale = await api.http.post(
        f"/jobs/{job['id']}/actions",
        json={"action": "approve_storyboard", "storyboardVersion": job["storyboard"]["version"]},
    )
    assert stale.status_code == 409
    await api.act(job["id"], "approve_storyboard", storyboardVersion=rewritten["storyboard"]["version"])
    done = await api.until(job["id"], is_completed)

    assert done["progress"]["percent"] == 100
    assert done["cost"]["actual"] == "0.00"
    assert [step["to"] for step in done["timeline"]] == [
        "storyboard_review", "in_progress", "rendering", "completed",
    ]  # fmt: skip
    film = tmp_path / "film.mp4"
    film.write_bytes((await api.http.get(f"/jobs/{job['id']}/video")).content)
    check_film(film, Canvas.of("16:9", "720p", 24), 8)
    sightings = recognised(film)
    # The last scene is the end card, which may show its photograph as a blurred ground alone.
    names = {asset["id"]: asset["name"].removesuffix(".jpg") for asset in done["assets"]}
    shown = {names[asset] for scene in done["scenes"][:-1] for asset in scene["assets"]}
    assert len(shown) >= 2
    assert all(sightings[name] >= SURELY_SEEN for name in shown), sightings
    assert all(count < SURELY_NOT_SEEN for name, count in sightings.items() if name not in USED), sightings
    await _check_companions(api, done)
    await _check_delivery(api, done, film.read_bytes())
    if suite.blobs is not None:
        assert stored_objects(suite.blobs) >= 6  # three photographs, film, poster, captions


async def test_a_job_cancelled_while_it_renders_stays_cancelled(suite: Stack, api: SuiteClient, order) -> None:
    job = await api.create_job(order("autumn-ridge", "evening-meadow", seconds=20))
    await api.act(job["id"], "approve_storyboard")
    await api.until(job["id"], is_rendering_past(1))
    await api.act(job["id"], "cancel", reason="The client changed its mind")
    cancelled = await api.until(job["id"], lambda found: found["status"] == "cancelled")
    assert cancelled["videoUrl"] is None
    assert (await api.http.get(f"/jobs/{job['id']}/video")).status_code == 409
    refused = await api.http.post(f"/jobs/{job['id']}/actions", json={"action": "approve_storyboard"})
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "ACTION_NOT_ALLOWED"
    # The next job is not held up by what was cancelled.
    following = await api.create_job(order("autumn-ridge", seconds=5))
    await api.act(following["id"], "approve_storyboard")
    await api.until(following["id"], is_completed)
    assert (await api.job(job["id"]))["status"] == "cancelled"


def _check_storyboard(job: Job, seconds: float) -> None:
    scenes, assets = job["scenes"], {asset["id"] for asset in job["assets"]}
    assert 3 <= len(scenes) <= 7
    assert [scene["sceneNumber"] for scene in scenes] == list(range(1, len(scenes) + 1))
    assert sum(scene["duration"] for scene in scenes) == pytest.approx(seconds, abs=0.1)
    assert {asset for scene in scenes for asset in scene["assets"]} == assets
    assert "Book your week" in scenes[-1]["script"]


def _check_only_scene_changed(before: Job, after: Job, number: int) -> None:
    for old, new in zip(before["scenes"], after["scenes"], strict=True):
        words = (old["script"], old["description"]) == (new["script"], new["description"])
        assert words == (old["sceneNumber"] != number), old["sceneNumber"]
    changed = after["scenes"][number - 1]
    assert "stream" in f"{changed['description']} {changed['script']}".lower()


async def _check_companions(api: SuiteClient, job: Job) -> None:
    poster = await api.http.get(f"/jobs/{job['id']}/poster.jpg")
    assert poster.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(poster.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1280, 720))
    captions = (await api.http.get(f"/jobs/{job['id']}/captions.vtt")).text
    assert captions.startswith("WEBVTT")
    spoken = _words(" ".join(line for line in captions.splitlines() if "-->" not in line))
    for scene in job["scenes"]:
        assert set(_words(scene["script"])) <= set(spoken), scene["script"]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


async def _check_delivery(api: SuiteClient, job: Job, film: bytes) -> None:
    path = f"/jobs/{job['id']}/video"
    head = await api.http.head(path)
    assert head.headers["content-length"] == str(len(film))
    assert head.headers["content-type"] == "video/mp4"
    part = await api.http.get(path, headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, film[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(film)}"
    last = await api.http.get(path, headers={"Range": "bytes=-50"})
    assert last.content == film[-50:]
    beyond = await api.http.get(path, headers={"Range": f"bytes={len(film)}-"})
    assert beyond.status_code == 416
    known = await api.http.get(path, headers={"If-None-Match": head.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
