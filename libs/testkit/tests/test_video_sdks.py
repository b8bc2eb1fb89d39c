"""The providers' own SDKs against the video stand-in: its wire is theirs, not merely what our clients make of it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adreel_testkit.standins.video_app import VideoStandin
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.standins.video_media import make_picture
from google import genai
from google.genai import errors, types

if sys.version_info >= (3, 14):
    pytest.skip("Replicate's SDK does not import on Python 3.14 and later", allow_module_level=True)
import replicate


@pytest.fixture
async def standin() -> AsyncIterator[VideoStandin]:
    async with VideoStandin(work_seconds=0.2) as standin:
        standin.state.clip_limit_seconds = 0.25
        yield standin


@pytest.fixture
def client(standin: VideoStandin, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REPLICATE_POLL_INTERVAL", "0.1")
    # This SDK appends the version to its base itself.
    return replicate.Client(api_token="any", base_url=standin.url)


@pytest.fixture
async def gemini(standin: VideoStandin) -> AsyncIterator[genai.Client]:
    options = types.HttpOptions(base_url=standin.url, api_version="v1beta")
    client = genai.Client(api_key="any", http_options=options)
    yield client
    await client.aio.aclose()


async def test_replicate_creates_waits_lists_and_cancels(standin, client) -> None:
    order = {"prompt": "A lamp.", "duration": 4}
    made = await client.models.predictions.async_create(model="google/veo-3.1", input=order)
    assert made.status == "starting"
    await made.async_wait()
    assert (made.status, made.error) == ("succeeded", None)
    assert str(made.output).startswith(f"{standin.url}/outputs/{made.id}")

    standin.state.work_seconds = 30
    other = await client.models.predictions.async_create(model="google/veo-3.1", input=order)
    await other.async_cancel()
    assert other.status == "canceled"
    listed = await client.predictions.async_list()
    assert [one.id for one in listed.results] == [other.id, made.id]
    assert (await client.webhooks.default.async_secret()).key == standin.state.webhook_secret


async def test_replicate_takes_files_and_runs_picture_models(standin, client, tmp_path: Path) -> None:
    path = tmp_path / "hero.png"
    path.write_bytes(make_picture())
    file = await client.files.async_create(path)
    assert (file.name, file.content_type, file.size) == ("hero.png", "image/png", path.stat().st_size)
    assert (await client.files.async_get(file.id)).checksums == file.checksums
    await client.async_run("google/imagen-4", input={"prompt": "A knight."}, use_file_output=False)
    assert [one.model for one in standin.creations] == ["google/imagen-4"]


async def test_replicate_is_told_what_is_wrong(standin, client) -> None:
    with pytest.raises(replicate.exceptions.ReplicateError, match="must be one of 4, 6, 8"):
        await client.models.predictions.async_create(model="google/veo-3.1", input={"prompt": "x", "duration": 5})
    standin.order(Fault("outcome", outcome="safety"))
    blocked = await client.models.predictions.async_create(model="google/veo-3.1", input={"prompt": "x"})
    await blocked.async_wait()
    assert blocked.status == "failed"
    assert "sensitive" in blocked.error


async def test_gemini_makes_clips_in_the_background_and_hands_them_out(standin, gemini, tmp_path: Path) -> None:
    made = await gemini.aio.interactions.create(
        model="gemini-omni-1.2-flash", input="A lamp.", background=True, store=True, stream=False,
        response_format={"type": "video", "duration": "4s", "resolution": "720p", "delivery": "uri"},
    )  # fmt: skip
    assert made.status == "in_progress"
    async with asyncio.timeout(20):
        while (found := await gemini.aio.interactions.get(made.id)).status == "in_progress":
            await asyncio.sleep(0.1)
    assert found.status == "completed"
    path = tmp_path / "clip.mp4"
    await gemini.aio.files.download(file=types.Video(uri=found.output_video.uri), destination=str(path))
    assert path.read_bytes() == standin.state.film(standin.creations[0])


async def test_gemini_makes_pictures_and_refuses_as_it_does(standin, gemini) -> None:
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = await gemini.aio.models.generate_content(
        model="gemini-3.1-flash-image", contents="A knight.", config=config
    )
    assert answer.candidates[0].content.parts[0].inline_data.data.startswith(b"\x89PNG")
    standin.order(Fault("status", status=429, retry_after_seconds=1))
    with pytest.raises(errors.ClientError) as caught:
        await gemini.aio.models.generate_content(model="gemini-3.1-flash-image", contents="A knight.", config=config)
    assert caught.value.code == 429
    assert len(standin.creations) == 1
